"""What a site changes about the rules: it may make any of them tighter, and looser only those that say so. Red flags stay on.

Every change names who made it and why; what may not be changed is refused with the reason, before anything is assessed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.monitoring.rule import Rule
from fhir_taper.plans.monitoring.rules import RuleTables
from fhir_taper.plans.monitoring.span import Span
from fhir_taper.plans.monitoring.staffed import StaffedHours, longest_unstaffed, staffed_hours
from fhir_taper.plans.monitoring.thresholds import Threshold, Tighter, thresholds, with_number


@dataclass(frozen=True, slots=True)
class Change:
    """One number of one rule changed, or (address "") the rule switched off."""

    rule: str
    by: str
    on: date
    reason: str
    address: str = ""
    number: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """`version` is the site's own name of it, `staffed` when somebody is there ("Mon-Fri 08:00-17:00"; "" is by the clock)."""

    version: str = "default"
    changes: tuple[Change, ...] = ()
    staffed: str = ""

    @property
    def hours(self) -> StaffedHours:
        """The staffed hours. Raises WrongUsage for a text that is none."""
        return staffed_hours(self.staffed)


DEFAULT_POLICY: Final = Policy()
_LONGEST: Final = Span(3650, "d")
_MOST: Final = 10**6
"""Beyond these a number of a policy is a typing error."""
_KEYS: Final = frozenset({"version", "staffed_hours", "changes"})
_CHANGE_KEYS: Final = frozenset({"rule", "address", "number", "off", "by", "on", "reason"})


def rules_under(policy: Policy, tables: RuleTables) -> tuple[Rule, ...]:
    """The rules as the site has them. Raises WrongUsage naming the first change that is not allowed, or staffed hours that are too few."""
    _check_staffed(policy, tables.longest_unstaffed)
    rules = {rule.id: rule for rule in tables.rules}
    for change in policy.changes:
        rule = rules.get(change.rule)
        if rule is None:
            raise WrongUsage(f"policy: {change.rule!r} is no rule, or is switched off already")
        if not change.by.strip() or not change.reason.strip():
            raise WrongUsage(f"policy: the change of {rule.id} does not say who made it and why")
        if not change.address:
            _check_may_be_off(rule)
            del rules[rule.id]
        else:
            rules[rule.id] = _changed(rule, change)
    return tuple(rules.values())


def policy_of(document: Mapping[str, Any]) -> Policy:
    """The policy in a document: version, staffed_hours and changes (rule, address and number, or off = true; by, on, reason).

    Raises WrongUsage naming the key that is not known, or the value that cannot be meant.
    """
    unknown = set(document) - _KEYS
    if unknown:
        raise WrongUsage(f"policy: {', '.join(sorted(unknown))} is not known")
    listed = document.get("changes", [])
    if not isinstance(listed, list) or not all(isinstance(one, Mapping) for one in listed):
        raise WrongUsage("policy: changes is no list of changes")
    version, staffed = document.get("version", "unnamed"), document.get("staffed_hours", "")
    if not isinstance(version, str) or not isinstance(staffed, str):
        raise WrongUsage("policy: version and staffed_hours are texts")
    staffed_hours(staffed)
    return Policy(version, tuple(_change(place, one) for place, one in enumerate(listed)), staffed)


def _change(place: int, row: Mapping[str, Any]) -> Change:
    where = f"policy: changes[{place}]"
    unknown = set(row) - _CHANGE_KEYS
    if unknown:
        raise WrongUsage(f"{where}: {', '.join(sorted(unknown))} is not known")
    is_off = row.get("off") is True
    if is_off == ("address" in row) or ("address" in row) != ("number" in row):
        raise WrongUsage(f"{where}: either off = true, or an address with its number")
    number = row.get("number")
    if number is not None and (isinstance(number, bool) or not isinstance(number, (int, Decimal)) or not Decimal(number).is_finite()):
        raise WrongUsage(f"{where}: number {number!r} is not a sensible number")
    texts = {name: row.get(name) for name in ("rule", "by", "reason")}
    if not all(isinstance(text, str) and text.strip() for text in texts.values()):
        raise WrongUsage(f"{where}: rule, by and reason are texts, and none is empty")
    address = str(row.get("address", ""))
    return Change(str(texts["rule"]), str(texts["by"]), _day(where, row.get("on")), str(texts["reason"]), address, _decimal(number))


def _decimal(number: Any) -> Decimal | None:
    return None if number is None else Decimal(number)


def _day(where: str, value: Any) -> date:
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        raise WrongUsage(f"{where}: on {value!r} is not a date") from None


def _check_staffed(policy: Policy, longest: Span) -> None:
    """Raise WrongUsage for hours that leave nobody there for longer than this: what is due would lie days ahead."""
    gap = longest_unstaffed(policy.hours)
    if gap > longest.delta:
        hours, minutes = divmod(gap // timedelta(minutes=1), 60)
        away = f"{hours} hours" + (f" and {minutes} minute{'s' if minutes > 1 else ''}" if minutes else "")
        raise WrongUsage(f"policy: nobody is there for {away} in a row; at most {longest}")


def _check_may_be_off(rule: Rule) -> None:
    if rule.red_flag or not rule.loosenable:
        raise WrongUsage(f"policy: {rule.id} is {'a red flag and' if rule.red_flag else ''} not to be switched off".replace("  ", " "))


def _changed(rule: Rule, change: Change) -> Rule:
    found = next((one for one in thresholds(rule) if one.address == change.address), None)
    if found is None or change.number is None:
        known = ", ".join(one.address for one in thresholds(rule))
        raise WrongUsage(f"policy: {rule.id} has no number at {change.address!r} (it has {known})")
    _check_sensible(rule, found, change.number)
    if not rule.loosenable and not _is_tighter(found, change.number):
        raise WrongUsage(f"policy: {rule.id} may be made tighter only: {found.says} is {found.number} {found.unit}".rstrip())
    changed = with_number(rule, change.address, change.number)
    return replace(changed, version=rule.version)


def _check_sensible(rule: Rule, found: Threshold, number: Decimal) -> None:
    """Raise WrongUsage for a span that is not whole, or longer than anything that is watched, and for a count of nothing."""
    where = f"policy: {rule.id} {found.address}"
    if number < 0 <= found.number:
        raise WrongUsage(f"{where}: {number} is below nothing")
    if found.unit and number != int(number):
        raise WrongUsage(f"{where}: {number} {found.unit} is no whole number")
    if found.unit and Span(min(int(number), _MOST), found.unit).delta > _LONGEST.delta:
        raise WrongUsage(f"{where}: {number} {found.unit} is longer than {_LONGEST}")
    if found.address.endswith((".readings", ".times")) and (number < 1 or number != int(number)):
        raise WrongUsage(f"{where}: {number} is no count")
    if abs(number) > _MOST:
        raise WrongUsage(f"{where}: {number} is not a sensible number")


def _is_tighter(threshold: Threshold, number: Decimal) -> bool:
    if threshold.tighter is Tighter.NEITHER:
        return False
    return number <= threshold.number if threshold.tighter is Tighter.DOWN else number >= threshold.number


def changes_of(policy: Policy, rule: str) -> tuple[Change, ...]:
    """What the site changed about a rule."""
    return tuple(one for one in policy.changes if one.rule == rule)
