"""Hypothesis strategies for values of the core: any TaperPlan that the types allow, with texts as odd as people write.

Steps are contiguous whole days from a baseline step 0, units are never zero, the last step may be open. Doses need not fall: what a
mapper or a document must carry is every value, not every taper.
"""

from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from functools import cache
from typing import Any, TypeVar

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, SourceState
from fhir_taper.plans.medicines.dose import Exact
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.contingency_rows import AdvicePart
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow, Part, TableEdition, UnitRule
from fhir_taper.plans.tapers.finding import Acknowledgement, Finding, Severity
from fhir_taper.plans.tapers.plan import (
    Advice,
    Agreement,
    Baseline,
    Contingency,
    Dose,
    EquivalentFactor,
    GateState,
    Milestone,
    PharmacistReview,
    Phase,
    PlanGoal,
    PlanProduct,
    PlanState,
    ReviewGate,
    RevisionNote,
    Step,
    StepKind,
    TaperPlan,
    Tier,
    TierFactor,
    Units,
)

T = TypeVar("T")

ODD_TEXTS = (
    "5\u00a0mg · ½ tablet",
    "<script>alert('x')</script> & \"quoted\"",
    "back\\slash \\u0041 \\0",
    " padded ",
    "two\nlines\tand a tab\r\n",
    "\x00\x0b\x1f\u2028\u0085\ufeff",
    "日本語 — Übelkeit 🌙",
    "]]> &amp; &#0;",
    "\\",
)


PLAIN_TEXTS = ("shared decision", "Dr Amara Osei", "10", "ring the clinic on weekdays", "a", "0.50")
PEOPLE = ("Dr Amara Osei", "Practitioner/dr1", "PractitionerRole/r-2", "Pharmacist J. Roe", *ODD_TEXTS)


@cache
def texts() -> SearchStrategy[str]:
    """Free text of any characters that UTF-8 can carry, often empty, mostly from a list (drawing letters takes long)."""
    return st.one_of(
        st.sampled_from(("", *ODD_TEXTS)), st.sampled_from(("", *PLAIN_TEXTS)), st.text(st.characters(codec="utf-8"), max_size=8)
    )


@cache
def names() -> SearchStrategy[str]:
    """Names of people and things, never empty."""
    return st.one_of(st.sampled_from(PEOPLE), st.sampled_from(PLAIN_TEXTS), st.text(st.characters(codec="utf-8"), min_size=1, max_size=8))


@cache
def days(first: date = date(2020, 1, 1), last: date = date(2035, 12, 31)) -> SearchStrategy[date]:
    """Calendar days."""
    return st.dates(first, last)


@cache
def amounts(most: int = 2000, places: int = 6) -> SearchStrategy[Decimal]:
    """Positive or zero decimals with their digits ("0.50"), at most 6 places as plans keep them."""
    return st.builds(
        lambda units, scale: Decimal(units).scaleb(-scale),
        st.integers(0, most * 10),
        st.integers(0, places),
    )


@cache
def exact_amounts() -> SearchStrategy[Exact]:
    """Decimals, and fractions that do not terminate."""
    thirds = st.builds(Fraction, st.integers(1, 200), st.sampled_from((3, 7, 9, 30)))
    return st.one_of(amounts(), thirds.filter(lambda value: value.denominator in {3, 7, 9, 30}))


@cache
def sources() -> SearchStrategy[Source]:
    """Sources of a row."""
    return st.builds(Source, names(), names(), st.sampled_from(("2025", "as read", "MMWR 2022")), st.sampled_from(SourceState))


@cache
def limits() -> SearchStrategy[Limit]:
    """Limits of any part of an envelope."""
    fractions = st.sampled_from(tuple(map(Decimal, ("0.05", "0.10", "0.25", "1"))))
    return st.builds(
        Limit,
        bound=st.sampled_from(Bound),
        days=st.integers(1, 84),
        fraction=fractions,
        basis=st.sampled_from(Basis),
        source=sources(),
        part=st.sampled_from(Part),
        above=st.just(Decimal(0)) | fractions,
        up_to=st.none() | fractions,
    )


@cache
def limits_rows() -> SearchStrategy[LimitsRow]:
    """Resolved safety envelopes."""
    return st.builds(
        LimitsRow,
        row=names(),
        drug_class=st.sampled_from(DrugClass),
        use=st.sampled_from(("<1m", "1m-1y", ">=1y", "any", "published")),
        limits=_tuples(limits()),
        max_days=st.integers(28, 1100),
        min_step_days=st.integers(1, 7),
        step_multiple_days=st.integers(1, 7),
        max_pieces=st.integers(0, 6),
        first_cut=st.none() | limits(),
        unit=st.none() | st.builds(UnitRule, st.just("diazepam"), amounts(10), sources()),
    )


@st.composite
def products(draw: DrawFn, ingredient: str, code: int) -> PlanProduct:
    """One product of an ingredient: a solid, a liquid or a patch."""
    form = draw(st.sampled_from(Form))
    solid = form is Form.TABLET
    return PlanProduct(
        rxcui=str(100_000 + code),
        name=draw(names()),
        ingredient=ingredient,
        form=form,
        release=Release.IMMEDIATE if solid else draw(st.sampled_from(Release)),
        mg=draw(st.sampled_from(tuple(map(Decimal, ("0.125", "0.50", "1", "2", "5", "7.5", "10", "80", "0.3"))))),
        parts=draw(st.sampled_from((1, 2, 4))) if solid else 1,
        smallest_ml=Decimal("0.05") if form in {Form.SOLUTION, Form.SUSPENSION} else None,
        wear_h=draw(st.sampled_from((72, 96, 168))) if form is Form.PATCH else None,
    )


@st.composite
def units(draw: DrawFn, product: PlanProduct) -> Units:
    """Units of a product that can be taken: whole parts, measurable volumes, patches worn."""
    least = product.smallest_ml or Decimal(1) / product.parts
    if product.form is Form.PATCH:
        return Units(product.rxcui, product.mg, ((Slot.MORNING, Decimal(draw(st.integers(1, 3)))),))
    slots = draw(st.lists(st.sampled_from(Slot), min_size=1, max_size=4, unique=True))
    taken = tuple((slot, least * draw(st.integers(1, 12))) for slot in Slot if slot in slots)
    return Units(product.rxcui, product.mg, taken)


@st.composite
def doses(draw: DrawFn, ingredient: str, available: tuple[PlanProduct, ...]) -> Dose:
    """A dose of one ingredient from a subset of its products; none is a dose of zero."""
    chosen = draw(st.lists(st.sampled_from(available), max_size=len(available), unique=True)) if available else []
    return Dose(ingredient, tuple(draw(units(product)) for product in chosen))


@st.composite
def steps(draw: DrawFn, available: dict[str, tuple[PlanProduct, ...]], start: date) -> tuple[Step, ...]:
    """Contiguous steps from the baseline; the last is open, or (a plan that was cut short) has an end."""
    count, found, day = draw(st.integers(1, 5)), [], start
    for number in range(count):
        length, is_last = draw(st.integers(1, 90)), number == count - 1
        kind = StepKind.BASELINE if number == 0 else draw(st.sampled_from(tuple(StepKind)[1:]))
        is_stop = kind is StepKind.STOP
        end = None if is_last and draw(st.booleans()) else day + timedelta(length - 1)
        found.append(
            Step(
                number=number,
                start=day,
                end=end,
                kind=kind,
                doses=tuple(Dose(name) if is_stop else draw(doses(name, stock)) for name, stock in available.items()),
                ideal_mg=draw(amounts()),
                every_days=draw(st.sampled_from((1, 1, 1, 2, 3))),
                note=draw(texts()),
            )
        )
        day += timedelta(length)
    return tuple(found)


@cache
def revisions() -> SearchStrategy[RevisionNote]:
    """What some version changed."""
    kinds = st.sampled_from(("approve", "hold", "resume", "slow", "step-back", "stop-at"))
    return st.builds(
        RevisionNote, kind=kinds, version=st.integers(1, 40), on=days(), by=names(), reason=names(), says=names(), days=st.integers(0, 90)
    )


@cache
def gates(last: int) -> SearchStrategy[tuple[ReviewGate, ...]]:
    """Review gates before some of the steps 1 to `last`, in order."""
    if last == 0:
        return st.just(())
    gate = st.builds(ReviewGate, st.integers(1, last), days(), st.sampled_from(GateState), texts(), st.none() | days(), texts())
    unique = st.lists(gate, max_size=3, unique_by=lambda one: one.step)
    return unique.map(lambda found: tuple(sorted(found, key=lambda one: one.step)))


@cache
def findings() -> SearchStrategy[Finding]:
    """Findings of any severity."""
    return st.builds(Finding, st.sampled_from(Severity), names(), names(), names(), texts(), texts(), texts(), _tuples(texts()))


@cache
def references() -> SearchStrategy[str]:
    """What a plan may rest on: resources with and without version, places in a file, people's words."""
    return st.one_of(
        st.sampled_from(
            ("MedicationRequest/m1/_history/3", "Condition/c1", "urn:uuid:0f4b", "chart.ndjson:12", "https://ehr.example.org/fhir/X/1")
        ),
        texts(),
    )


@cache
def _free_fields() -> SearchStrategy[dict[str, Any]]:
    """The fields of a plan that no other field depends on."""
    factors = st.builds(
        EquivalentFactor, names(), names(), exact_amounts(), exact_amounts(), st.sampled_from(("mme", "diazepam_mg")), names()
    )
    strategies = ("linear", "proportional", "hyperbolic", "stepped", "substitution", "interval-extension")
    return st.fixed_dictionaries(
        {
            "id": st.one_of(st.uuids().map(str), names()),
            "version": st.integers(1, 40),
            "patient": st.one_of(st.sampled_from(("p1", "a_b", "example.1-2")), texts()),
            "zone": st.sampled_from(("UTC", "America/New_York", "Pacific/Kiritimati")),
            "drug": names(),
            "drug_class": st.sampled_from(DrugClass),
            "reason": texts(),
            "goal": st.sampled_from(PlanGoal),
            "strategy": st.sampled_from(strategies),
            "params": _tuples(st.tuples(names(), texts())),
            "use": st.sampled_from(("<1m", "1m-1y", ">=1y")),
            "baseline": st.builds(Baseline, amounts(), texts(), st.none() | days(), texts()),
            "target_mg": amounts(),
            "limits": limits_rows(),
            "tables": _tuples(st.builds(TableEdition, names(), names(), st.sampled_from(("ab" * 32, "0" * 64)))),
            "created": days(),
            "program_version": names(),
            "key": texts(),
            "protocol": st.none() | st.sampled_from(("cks-slow", "waco-b", "va 2014/β%")) | texts(),
            "equivalents": _tuples(factors),
            "tier": st.none() | st.sampled_from(Tier),
            "tier_factors": _tuples(st.builds(TierFactor, names(), st.sampled_from(Tier), names(), names())),
            "contingency": st.builds(
                Contingency,
                texts(),
                texts(),
                _tuples(texts()),
                st.just("") | names(),
                st.none() | days(),
                _tuples(st.builds(Advice, names(), st.sampled_from(AdvicePart), names(), names(), sources())),
            ),
            "minimum_function": texts(),
            "agreement": st.none() | st.builds(Agreement, names(), names(), days()),
            "state": st.sampled_from(PlanState),
            "phase": st.sampled_from(Phase),
            "author": st.just("") | names(),
            "pharmacist_review": st.none() | st.builds(PharmacistReview, names(), days(), names()),
            "findings": _tuples(findings()),
            "acknowledgements": _tuples(st.builds(Acknowledgement, names(), texts(), names(), names(), days(), names())),
            "revisions": _tuples(revisions()),
            "replaces": st.none() | st.uuids().map(str) | names(),
            "sources": _tuples(references()),
        }
    )


@cache
def _milestones(last: int) -> SearchStrategy[tuple[Milestone, ...]]:
    return _tuples(st.builds(Milestone, names(), st.integers(0, last), days()))


@st.composite
def plans(draw: DrawFn) -> TaperPlan:
    """Any plan: every field is drawn, every kind, state and severity occurs."""
    ingredient = draw(st.sampled_from(("diazepam", "oxycodone", "fentanyl", "zolpidem")))
    others = draw(st.lists(st.sampled_from(("lorazepam", "alprazolam")), max_size=1))
    available = {
        name: tuple(draw(products(name, 10 * order + index)) for index in range(draw(st.integers(1, 3))))
        for order, name in enumerate((ingredient, *others))
    }
    schedule = draw(steps(available, draw(days(last=date(2030, 1, 1)))))
    last = len(schedule) - 1
    return TaperPlan(
        **draw(_free_fields()),
        ingredient=ingredient,
        products=tuple(product for stock in available.values() for product in stock),
        steps=schedule,
        gates=draw(gates(last)),
        milestones=draw(_milestones(last)),
    )


@cache
def _tuples(items: SearchStrategy[T]) -> SearchStrategy[tuple[T, ...]]:
    return st.lists(items, max_size=2).map(tuple)
