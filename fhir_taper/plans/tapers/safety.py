"""Findings: what a person must know before a plan is approved, judged from the rows of tables/findings.toml.

Pure: the same regimen, facts and tables give the same findings. Holds no number and no clinical sentence. Findings that only a schedule
can cause (a unit-limited step, a pace beyond the advised one) come from `propose`; these come from the chart and the plan's outline.
"""

from datetime import date
from functools import lru_cache

from fhir_taper.plans.medicines.regimen import Regimen
from fhir_taper.plans.tables import Tables
from fhir_taper.plans.tables.safety_tables import FINDINGS, FindingRule, SafetyTables
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.dose_totals import chart_case
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.plans.tapers.signs import is_of_chart, look
from fhir_taper.plans.tapers.signs.case import Case, ChartCase, DoseTotals, Seen, is_current


def findings(
    plan: TaperPlan | None,
    regimen: Regimen,
    facts: ChartFacts,
    tables: Tables,
    as_of: date,
    *,
    totals: DoseTotals | None = None,
    ingredient: str = "",
) -> tuple[Finding, ...]:
    """All findings, in the order of the table: Stops first.

    What is tapered is the plan's ingredient, else `ingredient`, else every taper candidate of the regimen. `totals` are the maximum
    equivalents, None to make them here (`dose_totals`: cdc-2022, and the cautious end over all benzodiazepine tables). Two rows with one
    code are two findings: each names its rule.
    """
    return findings_in(chart_case(regimen, facts, tables.medicines, as_of, totals), plan, tables.safety, ingredient=ingredient)


def findings_in(chart: ChartCase, plan: TaperPlan | None, tables: SafetyTables, *, ingredient: str = "") -> tuple[Finding, ...]:
    """The same where several plans are held against one chart: what its signs saw once is not looked for again."""
    return judge(case_of(chart, plan, ingredient), tables)


def judge(case: Case, tables: SafetyTables) -> tuple[Finding, ...]:
    """The findings of one case, in the order of the table."""
    applicable = [rule for rule in tables.finding_rules if not rule.classes or rule.classes & case.classes]
    found = [(rule, seen) for rule in applicable if (seen := _seen_by(rule, case)) is not None]
    return tuple(_finding(rule, seen, _drug(case)) for rule, seen in found)


def blocks_approval(found: tuple[Finding, ...]) -> bool:
    """True where any finding is a Stop: the plan stays a draft."""
    return any(finding.severity is Severity.STOP for finding in found)


def case_of(chart: ChartCase, plan: TaperPlan | None, ingredient: str = "") -> Case:
    """The case that findings look at."""
    subject = _subject(plan, chart.regimen, ingredient)
    classes = frozenset(item.drug_class for item in chart.regimen.items if item.ingredient in subject)
    if plan is None:
        return Case(chart, subject, classes)
    confirmed = plan.baseline.mg if plan.baseline.confirmed_by else None
    return Case(chart, subject, classes | {plan.drug_class}, plan, plan.use, confirmed_mg=confirmed)


def _subject(plan: TaperPlan | None, regimen: Regimen, ingredient: str) -> frozenset[str]:
    if plan is not None:
        return frozenset({plan.ingredient})
    if ingredient:
        return frozenset({ingredient})
    return frozenset(item.ingredient for item in regimen.items if item.taper_candidate and is_current(item))


def _seen_by(rule: FindingRule, case: Case) -> tuple[Seen, ...] | None:
    """What makes a rule fire, None where it does not. Most rules ask the chart alone, and say the same of every candidate."""
    return case.chart.fires_once(rule, lambda: _fires(rule, case)) if _asks_chart_alone(rule) else _fires(rule, case)


@lru_cache(maxsize=256)
def _asks_chart_alone(rule: FindingRule) -> bool:
    return all(is_of_chart(condition) for condition in (*rule.when, *rule.any_of, *rule.unless))


def _fires(rule: FindingRule, case: Case) -> tuple[Seen, ...] | None:
    needed: list[Seen] = []
    for condition in rule.when:
        seen = look(case, condition)
        if seen is None:
            return None
        needed.append(seen)
    if any(look(case, condition) is not None for condition in rule.unless):
        return None
    either = [seen for condition in rule.any_of if (seen := look(case, condition)) is not None]
    return None if rule.any_of and not either else (*needed, *either)


def _finding(rule: FindingRule, seen: tuple[Seen, ...], drug: str) -> Finding:
    says = "; ".join(dict.fromkeys(one.says for one in seen if one.says))
    message = rule.message.replace("{seen}", says).replace("{drug}", drug)
    return Finding(
        severity=rule.severity,
        code=rule.code,
        message=message[:1].upper() + message[1:],
        source=str(rule.source),
        value=says,
        rule=f"{FINDINGS}[{rule.id}]",
        clears=rule.clears.replace("{drug}", drug),
        evidence=tuple(dict.fromkeys(reference for one in seen for reference in one.evidence)),
    )


def _drug(case: Case) -> str:
    if case.plan is not None:
        return case.plan.drug
    return ", ".join(sorted(case.subject)) or "the medicine"
