"""The figures of a process on a port of their own, apart from the app's: on loopback unless the configuration says otherwise."""

from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import start_http_server

from fhir_taper.errors import SettingsError
from fhir_taper.workflow.services import Services


@contextmanager
def metrics_served(services: Services) -> Iterator[int]:
    """Serve them for the length of a block; the port, 0 where none are served. Raises SettingsError where the port cannot be had."""
    host, port = services.settings.metrics_host, services.settings.metrics_port
    if not port:
        yield 0
        return
    try:
        server, thread = start_http_server(port, host, services.metrics.registry)
    except OSError as error:
        raise SettingsError(f"metrics_port {port} of {host} cannot be used: {error.strerror}") from error
    try:
        yield port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
