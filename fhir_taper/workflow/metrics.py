"""What is counted and timed while the program runs, for Prometheus. Labels are routes, methods, statuses and tenants: never a patient.

Each process has a registry of its own. Nothing here decides anything.
"""

from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_METHODS: Final = frozenset({"GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH"})
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Metrics:
    """The figures of one process. `registry` is what a metrics port serves."""

    def __init__(self) -> None:
        self.registry = made = CollectorRegistry()
        self._requests = Counter("fhir_taper_requests", "Requests that were answered.", ("route", "method", "status"), registry=made)
        self._request_seconds = Histogram("fhir_taper_request_seconds", "Time to answer.", ("route",), buckets=_SECONDS, registry=made)
        self._ehr = Counter("fhir_taper_ehr_requests", "Requests to an EHR, by tenant.", ("tenant", "method", "status"), registry=made)
        self._ehr_seconds = Histogram("fhir_taper_ehr_seconds", "Time an EHR took.", ("tenant",), buckets=_SECONDS, registry=made)
        self._turned_away = Counter("fhir_taper_turned_away", "Requests refused before they were read.", ("why",), registry=made)
        self._upkeep = Counter("fhir_taper_upkeep", "Rounds of upkeep.", ("task", "outcome"), registry=made)
        self._unresolved = Gauge("fhir_taper_unresolved_writes", "Writes of which nobody knows whether they were done.", registry=made)

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request of ours was answered. `route` is the pattern of its path, never the path."""
        self._requests.labels(route, _method(method), str(status)).inc()
        self._request_seconds.labels(route).observe(seconds)

    def asked_ehr(self, tenant: str, method: str, status: int, seconds: float) -> None:
        """An EHR was asked; status 0 where no whole answer came."""
        self._ehr.labels(tenant, _method(method), str(status) if status else "none").inc()
        self._ehr_seconds.labels(tenant).observe(seconds)

    def turned_away(self, why: str) -> None:
        """A request was refused by a limit."""
        self._turned_away.labels(why).inc()

    def kept_up(self, task: str, outcome: str) -> None:
        """A round of upkeep ended."""
        self._upkeep.labels(task, outcome).inc()

    def unresolved(self, writes: int) -> None:
        """How many writes wait for an answer, or a person."""
        self._unresolved.set(writes)


def _method(method: str) -> str:
    """One of the methods there are: a label of a stranger's choosing would grow without end."""
    return method if method in _METHODS else "other"
