"""What a site changes about the rules is read at the start, and refused there."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from fhir_taper.errors import SettingsError
from fhir_taper.records import Tenant
from fhir_taper.workflow.site_policy import site_policy

TENANT = Tenant("hospital", "https://ehr.example.org/fhir", "app", "UTC", staffed_hours="Mon-Fri 08:00-17:00")
CHANGE = '[[changes]]\nrule = "{rule}"\n{what}\nby = "Dr. A"\non = 2026-01-01\nreason = "local protocol"\n'


def with_policy(path: Path, text: str) -> Tenant:
    path.write_text(text)
    return replace(TENANT, escalation_policy=str(path))


def test_without_a_file_the_rules_are_ours_and_due_in_staffed_hours() -> None:
    policy = site_policy(TENANT)
    assert (policy.version, policy.changes, policy.staffed) == ("default", (), "Mon-Fri 08:00-17:00")


def test_a_site_makes_a_rule_tighter(tmp_path: Path) -> None:
    change = CHANGE.format(rule="B10", what='address = "clauses[0].when.of[0].value"\nnumber = 95')
    policy = site_policy(with_policy(tmp_path / "policy.toml", f'version = "s1"\n{change}'))
    assert (policy.version, policy.changes[0].number, policy.staffed) == ("s1", Decimal(95), "Mon-Fri 08:00-17:00")


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("off.toml", CHANGE.format(rule="B01", what="off = true"), "tenant hospital, escalation: policy: B01 is a red flag"),
        ("none.toml", CHANGE.format(rule="B99", what="off = true"), "'B99' is no rule"),
        ("broken.toml", "version = ", "cannot be read"),
        ("hours.toml", 'staffed_hours = "always"', "staffed hours 'always'"),
    ],
)
def test_what_is_not_allowed_is_refused_with_the_tenant(tmp_path: Path, name: str, text: str, says: str) -> None:
    with pytest.raises(SettingsError, match=says):
        site_policy(with_policy(tmp_path / name, text))


def test_staffed_hours_of_a_tenant_that_are_none_are_refused() -> None:
    with pytest.raises(SettingsError, match="tenant hospital, escalation: staffed hours 'nine to five'"):
        site_policy(replace(TENANT, staffed_hours="nine to five"))
