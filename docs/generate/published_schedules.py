"""Writes docs/published-schedules.md: every published schedule (tests/spec/published_schedules.toml) beside what the engine makes of it.

It renders; it knows no dose. Expected and made are printed side by side, and whether they are the same.
"""

import sys
from collections.abc import Iterable, Iterator
from decimal import Decimal
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from fhir_taper.plans.medicines.dose import canonical, plain, shown  # noqa: E402 - after the path
from fhir_taper.plans.tables import Tables, load  # noqa: E402
from fhir_taper.plans.tables.limit_tables import ProtocolRow  # noqa: E402
from fhir_taper.plans.tapers.infeasible import Infeasible  # noqa: E402
from fhir_taper.plans.tapers.plan import TaperPlan  # noqa: E402
from tests.spec.published import Schedule, days_of, schedules, slots_of  # noqa: E402

PAGE = ROOT / "docs" / "published-schedules.md"
HEAD = """# Published schedules, and what our protocols make of them

Every published schedule that states doses is made again by its protocol, under the protocol's own limits row, to the dose, to the day and,
where the source prints them, to the times of day. {same} of {all} are the same. The expected side is written down by hand
(`tests/spec/published_schedules.toml`); the other side is the engine's (`tests/spec/test_published_schedules.py` holds the two together).
Doses are mg a day; *days* is how long each step but the last lasts. Nothing here is a recommendation: protocols are presets that a
clinician chooses, and rows in state `default` or `knowledge` await sign-off.
"""


def main() -> None:
    """Write the page."""
    tables = load()
    made = [(schedule, schedule.made(tables)) for schedule in schedules()]
    same = sum(_is_same(schedule, plan) for schedule, plan in made)
    parts = [HEAD.format(same=same, all=len(made)), *_summary(made, tables)]
    for schedule, plan in made:
        parts += _section(schedule, plan, tables.limits.protocols[schedule.protocol])
    parts += _without_doses(tables.limits.protocols.values(), {schedule.protocol for schedule, _ in made})
    PAGE.write_text("".join(parts), encoding="utf-8")


def _summary(made: list[tuple[Schedule, TaperPlan | Infeasible]], tables: Tables) -> Iterator[str]:
    yield "\n| schedule | protocol | source | state | steps | weeks | same? |\n|---|---|---|---|---|---|---|\n"
    for schedule, plan in made:
        row = tables.limits.protocols[schedule.protocol]
        weeks = plain(canonical(shown(Decimal(sum(schedule.days)) / 7).quantize(Decimal("0.1"))))
        same = "same" if _is_same(schedule, plan) else "**different**"
        yield f"| {schedule.id} | {row.id} | {schedule.row['source']} | {row.source.state} | {len(schedule.days)} | {weeks} | {same} |\n"


def _section(schedule: Schedule, plan: TaperPlan | Infeasible, row: ProtocolRow) -> Iterator[str]:
    yield f"\n## {schedule.id}\n\n{row.title}. Source: {schedule.row['source']}. {schedule.row.get('note', '').capitalize()}.\n\n"
    yield f"- expected doses: {_list(schedule.doses)}\n- expected days: {_list(schedule.days)}\n"
    if isinstance(plan, Infeasible):
        yield f"- ours: none, {plan.reason}: {plan.message}\n"
        return
    yield f"- our doses: {_list(_doses(plan))}\n- our days: {_list(days_of(plan))}\n"
    if schedule.slots:
        times = ", ".join(schedule.times)
        yield f"- expected at {times}: {_steps(schedule.slots)}\n"
        yield f"- ours at {times}: {_steps(_slots(schedule, plan))}\n"
    products = "; ".join(f"{product.name} (parts: {product.parts})" for product in plan.products)
    yield f"- limits row: {plan.limits.row}; products: {products}\n"


def _without_doses(rows: Iterable[ProtocolRow], shown_rows: set[str]) -> Iterator[str]:
    yield "\n## Protocols whose source states no doses\n\n| protocol | title | limits row | source | state |\n|---|---|---|---|---|\n"
    for row in rows:
        if row.id not in shown_rows:
            yield f"| {row.id} | {row.title} | {row.limits} | {row.source.name} | {row.source.state} |\n"


def _is_same(schedule: Schedule, plan: TaperPlan | Infeasible) -> bool:
    if isinstance(plan, Infeasible):
        return False
    slots = _slots(schedule, plan)[: len(schedule.slots)]
    return _doses(plan) == schedule.doses and days_of(plan) == schedule.days and slots == schedule.slots


def _doses(plan: TaperPlan) -> tuple[Decimal, ...]:
    return tuple(canonical(shown(step.mg_per_day(plan.ingredient))) for step in plan.steps)


def _slots(schedule: Schedule, plan: TaperPlan) -> tuple[tuple[Decimal, ...], ...]:
    return tuple(slots_of(step, plan.ingredient, schedule.times) for step in plan.steps)


def _list(amounts: tuple[Decimal, ...] | tuple[int, ...]) -> str:
    return ", ".join(plain(canonical(Decimal(amount))) for amount in amounts)


def _steps(slots: tuple[tuple[Decimal, ...], ...]) -> str:
    return ", ".join("-".join(plain(canonical(part)) for part in step) for step in slots)


if __name__ == "__main__":
    main()
