"""What a site changes about the rules of escalation: read once, and refused before anybody is served where it is not allowed."""

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from fhir_taper.errors import BadInput, SettingsError, WrongUsage
from fhir_taper.plans.monitoring.policy import DEFAULT_POLICY, Policy, rules_under
from fhir_taper.plans.monitoring.rules import load_rules
from fhir_taper.plans.monitoring.staffed import staffed_hours
from fhir_taper.records import Tenant
from fhir_taper.workflow.assess import read_policy


def site_policy(tenant: Tenant) -> Policy:
    """The rules as a tenant has them, due in its staffed hours. Raises SettingsError naming the tenant and what is not allowed."""
    try:
        return _policy(tenant.escalation_policy, tenant.staffed_hours)
    except (BadInput, WrongUsage) as error:
        raise SettingsError(f"tenant {tenant.id}, escalation: {error}") from error


@lru_cache(maxsize=64)
def _policy(path: str | None, staffed: str) -> Policy:
    policy = DEFAULT_POLICY if path is None else read_policy(Path(path))
    policy = policy if policy.staffed else replace(policy, staffed=staffed)
    rules_under(policy, load_rules())
    staffed_hours(policy.staffed)  # a text that is none is refused here, and not when something is due
    return policy
