"""The app as a server: what must hold is checked first; metrics and upkeep run beside it, and end with it.

SIGTERM and Ctrl-C let requests under way finish, half a minute at most; then upkeep ends after the task that runs.
"""

import signal
import socket
from pathlib import Path
from typing import Final

import uvicorn

from fhir_taper.errors import WrongUsage
from fhir_taper.logs import configure_logs, log
from fhir_taper.settings import load_settings
from fhir_taper.web.app import create_app
from fhir_taper.web.metrics_port import metrics_served
from fhir_taper.workflow.safe_start import refuse_incomplete, refuse_unsafe
from fhir_taper.workflow.services import open_services
from fhir_taper.workflow.upkeep import kept_up

_GRACE_SECONDS: Final = 30
_BACKLOG: Final = 2048


def run(config: Path | None, host: str, port: int) -> None:
    """Serve until stopped. Raises SettingsError, StoreError, WrongUsage (a port that cannot be had) before anything is served."""
    settings = load_settings(config)
    refuse_unsafe(settings)
    listener = _listening(host, port)
    services = open_services(settings)
    try:
        refuse_incomplete(services)
        configure_logs()
        # uvicorn sends itself the signal again when it is done: as an interrupt it ends this function, and not the process on the spot.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        with metrics_served(services) as metrics, kept_up(services):
            log("serving", {"port": listener.getsockname()[1], "metrics_port": metrics, "tenants": len(settings.tenants)})
            _serve(uvicorn.Config(
                create_app(services),
                log_config=None,
                access_log=False,  # addresses hold launch values and codes
                server_header=False,
                ws="none",
                proxy_headers=True,
                forwarded_allow_ips=list(settings.trusted_proxies),
                timeout_graceful_shutdown=_GRACE_SECONDS,
            ), listener)  # fmt: skip
        log("stopped")
    finally:
        listener.close()
        services.close()


def _serve(config: uvicorn.Config, listener: socket.socket) -> None:
    try:
        uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        return


def _listening(host: str, port: int) -> socket.socket:
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except (OSError, OverflowError) as error:
        raise WrongUsage(f"port {port} of {host} cannot be used: {getattr(error, 'strerror', None) or error}") from error
