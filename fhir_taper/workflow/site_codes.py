"""A site's own codes for what is watched: read once for all its charts, and refused before anybody is served where they are wrong."""

from functools import lru_cache

from fhir_taper.errors import BadInput, SettingsError
from fhir_taper.mappers.read.signals.meanings import SignalIndex, standard_index
from fhir_taper.plans.tables.signal_codes import site_meanings
from fhir_taper.records import Tenant


def site_index(tenant: Tenant) -> SignalIndex:
    """What codes mean at a tenant. Raises SettingsError naming the tenant and the key that cannot be used."""
    if not tenant.signal_codes:
        return standard_index()
    try:
        return _index(tuple(tenant.signal_codes.items()))
    except BadInput as error:
        raise SettingsError(f"tenant {tenant.id}, signal_codes: {error.message}") from error


@lru_cache(maxsize=64)
def _index(codes: tuple[tuple[str, str], ...]) -> SignalIndex:
    return SignalIndex(site_meanings(dict(codes)))
