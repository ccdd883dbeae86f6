"""What an EHR's CapabilityStatement says, asked at most once an hour, and what of it may be relied on when something is looked for."""

from datetime import timedelta
from typing import Final

from fhir_taper.errors import EhrAnswered
from fhir_taper.records import Tenant
from fhir_taper.smart.capabilities import Capabilities
from fhir_taper.smart.client import FhirClient
from fhir_taper.smart.scopes import Granted
from fhir_taper.workflow.services import Services
from fhir_taper.writeback.negotiate import searchable
from fhir_taper.writeback.overlay import load_overlay

_STATEMENT_FOR: Final = timedelta(hours=1)
# 200 with something else: one router searches for a type of the name "metadata", and finds none.
_NOT_THERE: Final = frozenset({200, 404, 405, 501})


def statement_of(services: Services, tenant: Tenant, client: FhirClient) -> Capabilities | None:
    """The EHR's statement, at most an hour old; None where it has none. Raises EhrError."""
    key, now = ("capabilities", tenant.id), services.clock()
    kept: Capabilities | None = services.said_by_ehr.get(key, now)
    if kept is None:
        try:
            kept = Capabilities.of(client.capability_statement())
        except EhrAnswered as refusal:
            if refusal.status not in _NOT_THERE:
                raise
            return None
        services.said_by_ehr.put(key, kept, now + _STATEMENT_FOR)
    return kept


def found_by_identifier(services: Services, tenant: Tenant, client: FhirClient, granted: Granted) -> frozenset[str]:
    """Types of which "not found by our identifier" means "not there". Raises EhrError.

    `granted` is what the access may do, a person's or the program's own: a search that it may not make, or only of a part of the type,
    proves nothing.
    """
    kinds = searchable(statement_of(services, tenant, client), load_overlay(tenant.vendor))
    return frozenset(kind for kind in kinds if granted.covers(kind, "s"))
