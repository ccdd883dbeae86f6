"""A small lorazepam plan, written out by hand: five steps, one of them a hold, halves and two strengths."""

from dataclasses import replace
from datetime import date
from decimal import Decimal

from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, SourceState
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.rows import Basis, Bound, Limit, LimitsRow
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import Baseline, Dose, EquivalentFactor, PlanGoal, PlanProduct, Step, StepKind, TaperPlan, Units

SOURCE = Source("a guideline", "1st", "2025", SourceState.READ)
HALF_MG = PlanProduct("197900", "lorazepam 0.5 MG Oral Tablet", "lorazepam", Form.TABLET, Release.IMMEDIATE, Decimal("0.5"), 2)
ONE_MG = PlanProduct("197901", "lorazepam 1 MG Oral Tablet", "lorazepam", Form.TABLET, Release.IMMEDIATE, Decimal(1), 2)


def _units(product: PlanProduct, **slots: str) -> Units:
    return Units(product.rxcui, product.mg, tuple((slot, Decimal(slots[slot.value])) for slot in Slot if slot.value in slots))


def _step(number: int, start: str, end: str | None, kind: StepKind, ideal: str, *units: Units) -> Step:
    last = date.fromisoformat(end) if end else None
    return Step(number, date.fromisoformat(start), last, kind, (Dose("lorazepam", units),), Decimal(ideal))


def sample_plan(**changes: object) -> TaperPlan:
    """The plan; `changes` replace fields."""
    fields: dict[str, object] = {
        "id": "5f0c6f6e-8f0b-5c1e-9d0a-2a6f7d0f9b11",
        "version": 1,
        "patient": "p1",
        "zone": "UTC",
        "drug": "lorazepam",
        "ingredient": "lorazepam",
        "drug_class": DrugClass.BENZODIAZEPINE,
        "reason": "falls & sedation <by day>",
        "goal": PlanGoal.DISCONTINUE,
        "strategy": "linear",
        "params": (("percent", "25"), ("interval_days", "14")),
        "use": ">=1y",
        "baseline": Baseline(Decimal(2)),
        "target_mg": Decimal(0),
        "products": (HALF_MG, ONE_MG),
        "limits": LimitsRow(
            "benzodiazepine",
            DrugClass.BENZODIAZEPINE,
            "any",
            (Limit(Bound.HARD, 14, Decimal("0.25"), Basis.WINDOW, SOURCE),),
            1095,
        ),
        "steps": (
            _step(0, "2026-01-05", "2026-01-18", StepKind.BASELINE, "2", _units(ONE_MG, morning="1", night="1")),
            _step(1, "2026-01-19", "2026-02-01", StepKind.REDUCTION, "1.5", _units(HALF_MG, morning="1"), _units(ONE_MG, night="1")),
            _step(2, "2026-02-02", "2026-02-22", StepKind.HOLD, "1.5", _units(HALF_MG, morning="1"), _units(ONE_MG, night="1")),
            _step(3, "2026-02-23", "2026-03-08", StepKind.UNIT_LIMITED, "1", _units(HALF_MG, night="0.5")),
            _step(4, "2026-03-09", None, StepKind.STOP, "0"),
        ),
        "tables": (),
        "created": date(2026, 1, 5),
        "program_version": "0.1.0",
        "equivalents": (EquivalentFactor("lorazepam", "ashton-2002, va-dod-2021", Decimal(5), Decimal(10), "diazepam_mg", "two tables"),),
        "findings": (
            Finding(Severity.INFORMATION, "zone-not-known", "The zone is not known.", "design"),
            Finding(Severity.STOP, "pregnancy", "Pregnancy is on record.", "ASAM 2025", clears="Refer to a specialist."),
        ),
    }
    return TaperPlan(**{**fields, **changes})  # type: ignore[arg-type]


def crossed_over() -> TaperPlan:
    """Cross over from lorazepam 2 mg to diazepam 20 mg a day, then stop."""
    plan = sample_plan()
    ten = PlanProduct("197589", "diazepam 10 MG Oral Tablet", "diazepam", Form.TABLET, Release.IMMEDIATE, Decimal(10), 2)
    diazepam = Dose("diazepam", (Units(ten.rxcui, ten.mg, ((Slot.NIGHT, Decimal(2)),)),))
    stage = replace(plan.steps[1], kind=StepKind.SUBSTITUTION, doses=(*plan.steps[1].doses, diazepam))
    after = replace(plan.steps[2], doses=(Dose("lorazepam"), diazepam), kind=StepKind.SUBSTITUTION)
    end = replace(plan.steps[4], doses=(Dose("diazepam"),))
    return replace(
        plan, products=(*plan.products, ten), steps=(plan.steps[0], stage, after, replace(plan.steps[3], doses=(diazepam,)), end)
    )


SIX_TIMES = tuple(slot.value for slot in Slot)


def er_and_ir() -> TaperPlan:
    """Oxycodone 15 mg extended and immediate release in one plan."""
    both = [
        PlanProduct(code, f"oxycodone hydrochloride 15 MG {name} Oral Tablet", "oxycodone", Form.TABLET, release, Decimal(15))
        for code, name, release in (("1049599", "Extended Release", Release.EXTENDED), ("1049618", "", Release.IMMEDIATE))
    ]
    taken = Dose("oxycodone", tuple(_units(product, morning="1", night="1") for product in both))
    return _given(taken, *both, drug="oxycodone", ingredient="oxycodone", drug_class=DrugClass.OPIOID, equivalents=())


def liquids() -> TaperPlan:
    """Two bottles of diazepam: 0.25 mL of the one is 0.25 mg, of the other 1.25 mg."""
    bottles = [
        PlanProduct(
            code, f"diazepam {mg} MG/ML Oral Solution", "diazepam", Form.SOLUTION, Release.IMMEDIATE, Decimal(mg), 1, Decimal("0.05")
        )
        for code, mg in (("309843", 1), ("309844", 5))
    ]
    taken = Dose("diazepam", tuple(_units(product, morning="0.25", night="4.75") for product in bottles))
    return _given(taken, *bottles, drug="diazepam", ingredient="diazepam")


def many_strengths() -> TaperPlan:
    """Two medicines with long names, four strengths each, at six times of a day: the widest page that there is."""
    products = [
        PlanProduct(f"{name}{mg}", f"{name} {mg} MG Oral Capsule", name, form, Release.IMMEDIATE, Decimal(mg), 4)
        for name in ("chlordiazepoxide", "flunitrazepam-like")
        for mg, form in (("12.5", Form.TABLET), ("37.5", Form.TABLET), ("62.5", Form.CAPSULE), ("112.5", Form.CAPSULE))
    ]
    doses = [
        Dose(name, tuple(_units(product, **dict.fromkeys(SIX_TIMES, "10.75")) for product in products if product.ingredient == name))
        for name in ("chlordiazepoxide", "flunitrazepam-like")
    ]
    plan = _given(doses[0], *products, drug="chlordiazepoxide", ingredient="chlordiazepoxide")
    return replace(plan, steps=tuple(replace(step, doses=tuple(doses)) if step.doses[0].units else step for step in plan.steps))


def every_third_night() -> TaperPlan:
    """One 5 mg tablet of zolpidem at night, then every 2nd, then every 3rd night."""
    five = PlanProduct("854876", "zolpidem tartrate 5 MG Oral Tablet", "zolpidem", Form.TABLET, Release.IMMEDIATE, Decimal(5))
    plan = _given(Dose("zolpidem", (_units(five, night="1"),)), five, drug="zolpidem", ingredient="zolpidem", equivalents=())
    steps = [
        replace(step, every_days=number + 1, kind=StepKind.INTERVAL if number else StepKind.BASELINE)
        for number, step in enumerate(plan.steps[:3])
    ]
    return replace(plan, steps=(*steps, replace(plan.steps[4], number=3)))


def _given(dose: Dose, *products: PlanProduct, **changes: object) -> TaperPlan:
    """The sample's days with another medicine: the same dose until the stop."""
    plan = sample_plan(products=products, **changes)
    return replace(
        plan, steps=tuple(replace(step, doses=(dose,) if step.doses[0].units else (Dose(dose.ingredient),)) for step in plan.steps)
    )


def patches(wear_h: int = 72, beside: tuple[Units, ...] = (), others: tuple[PlanProduct, ...] = ()) -> TaperPlan:
    """Two strengths of fentanyl patches, then one, then none; `beside` is taken besides the second step's patch, of the `others`."""
    weak, strong = (
        PlanProduct(
            code,
            f"{wear_h} HR fentanyl {rate} MG/HR Transdermal System",
            "fentanyl",
            Form.PATCH,
            Release.EXTENDED,
            Decimal(mg),
            wear_h=wear_h,
        )
        for code, rate, mg in (("577057", "0.012", "0.3"), ("245134", "0.025", "0.6"))
    )
    one, both = (_units(strong, morning="1"),), (_units(weak, morning="1"), _units(strong, morning="1"))
    steps = (
        replace(_step(0, "2026-01-05", "2026-02-03", StepKind.BASELINE, "0.9"), doses=(Dose("fentanyl", both),)),
        replace(
            _step(1, "2026-02-04", "2026-03-05", StepKind.REDUCTION, "0.6"),
            doses=(Dose("fentanyl", one), *((Dose("morphine", beside),) if beside else ())),
        ),
        replace(_step(2, "2026-03-06", None, StepKind.STOP, "0"), doses=(Dose("fentanyl"),)),
    )
    return sample_plan(
        drug="fentanyl",
        ingredient="fentanyl",
        drug_class=DrugClass.OPIOID,
        baseline=Baseline(Decimal("0.9")),
        products=(weak, strong, *others),
        steps=steps,
        equivalents=(),
        gates=(),
    )


MORPHINE = PlanProduct("892582", "morphine sulfate 15 MG Oral Tablet", "morphine", Form.TABLET, Release.IMMEDIATE, Decimal(15))


def patch_and_tablets() -> TaperPlan:
    """A patch beside morphine tablets in the morning and at night, as in a rotation."""
    return patches(beside=(_units(MORPHINE, morning="1", night="2"),), others=(MORPHINE,))
