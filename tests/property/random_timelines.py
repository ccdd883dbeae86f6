"""Random timelines for Hypothesis: any signals, any values that a chart may hold, at any instants around the plan's year."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Final

from hypothesis import strategies as st

from fhir_taper.plans.medicines.codes import DrugClass
from fhir_taper.plans.monitoring.acceptance import accept
from fhir_taper.plans.monitoring.reading import DAY, INSTANT, Raw
from fhir_taper.plans.monitoring.timeline import (
    CheckInSchedule,
    DoseStretch,
    Ordered,
    Permit,
    Record,
    Supplied,
    Timeline,
    Unread,
    timeline_of,
)
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, load_signals
from fhir_taper.plans.tapers.plan import TaperPlan
from tests.plans.tapers.made_plans import START
from tests.property.generated_patients import year_of_tapering

OFFSETS: Final = tuple(timezone(timedelta(hours=hours)) for hours in (-12, -5, 0, 1, 14))
_SIGNALS: Final = tuple(load_signals().signals.values())
_LAST: Final = 400


def plans() -> st.SearchStrategy[TaperPlan]:
    """One of the two plans of a year."""
    return st.sampled_from([year_of_tapering(), year_of_tapering(DrugClass.OPIOID)])


@st.composite
def raws(draw: st.DrawFn, signals: tuple[Signal, ...] = _SIGNALS) -> Raw:
    """One value: mostly plausible, now and then in another unit, beyond its range, or known to the day only."""
    signal = draw(st.sampled_from(signals))
    zone = draw(st.sampled_from(OFFSETS))
    begin = datetime(START.year, START.month, START.day, tzinfo=zone) + timedelta(
        minutes=draw(st.integers(-60 * DAY // timedelta(minutes=1), _LAST * 1440))
    )
    is_day = draw(st.booleans())
    start = begin.replace(hour=0, minute=0) if is_day else begin
    end = start + DAY - INSTANT if is_day else start
    number = None
    if signal.kind is SignalKind.NUMBER and signal.low is not None and signal.high is not None:
        whole = draw(st.integers(int(signal.low) - 2, min(int(signal.high) + 2, int(signal.low) + 400)))
        number = Decimal(whole)
    answer = draw(st.sampled_from(signal.answers)) if signal.answers else ""
    source = f"Observation/{draw(st.integers(1, 10**6))}"
    variant = signal.needs_variant if draw(st.booleans()) else ""
    return Raw(signal.id, start, end, source, number, signal.unit, answer, variant=variant, is_remote=draw(st.booleans()))


@st.composite
def parts(draw: st.DrawFn) -> dict[str, object]:
    """What a timeline holds beside its readings."""
    plan = year_of_tapering()
    day = st.integers(-30, _LAST).map(lambda number: START + number * DAY)
    orders = tuple(
        Ordered(name, kind, start, start + draw(st.integers(1, 60)) * DAY, f"MedicationRequest/{name}-{start}", name, Decimal(mg))
        for name, kind, start, mg in draw(
            st.lists(
                st.tuples(
                    st.sampled_from(["diazepam", "oxycodone", "clonidine", "gabapentin"]),
                    st.sampled_from(DrugClass),
                    day,
                    st.integers(1, 60),
                ),
                max_size=4,
            )
        )
    )
    supplies = tuple(
        Supplied("diazepam", on, days, f"MedicationDispense/{on}")
        for on, days in draw(st.lists(st.tuples(day, st.integers(1, 40)), max_size=4))
    )
    doses = (DoseStretch(plan.ingredient, START, START + _LAST * DAY, Decimal(draw(st.integers(0, 12))), ("MedicationRequest/1",)),)
    unread = draw(st.lists(st.sampled_from(Record), max_size=3, unique=True))
    permits = draw(st.lists(st.sampled_from(["vital-signs", "sleep", "activity"]), unique=True))
    return {
        "orders": orders,
        "supplies": supplies,
        "doses": doses if draw(st.booleans()) else (),
        "unread": tuple(Unread(kind, "403") for kind in unread),
        "read": frozenset(draw(st.lists(st.sampled_from(Record), unique=True))),
        "permits": tuple(Permit(kind, datetime(2025, 1, 1, tzinfo=UTC), None, f"Consent/{kind}") for kind in permits),
        "birth_date": draw(st.sampled_from([None, date(1940, 2, 29), date(1990, 12, 31)])),
        "sex": draw(st.sampled_from(["", "female", "male"])),
        "check_ins": draw(st.sampled_from([None, CheckInSchedule(START, 7, 7)])),
    }


def instants() -> st.SearchStrategy[datetime]:
    """An instant of the plan's year in one of the offsets, leap days and the ends of days among them."""
    minutes = st.integers(0, _LAST * 1440)
    return st.builds(
        lambda zone, minute: datetime(START.year, START.month, START.day, tzinfo=zone) + timedelta(minutes=minute),
        st.sampled_from(OFFSETS),
        minutes,
    )


def timeline(listed: list[Raw], rest: dict[str, object]) -> Timeline:
    """The timeline of raw values and the rest."""
    readings, aside = accept(listed, load_signals())
    return timeline_of("p1", readings, aside, **rest)
