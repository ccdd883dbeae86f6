"""Substitution: cross over to another agent in stages, then taper that agent by another strategy.

Benzodiazepines: at every stage both agents together are 90 to 100 % of the baseline equivalent by the chosen table (a range in it
blocks), and both grids must make it. Opioids: the clinician enters the equianalgesic dose with its source, and the new dose; the reduction
between the two must be 25 to 50 %, to methadone 75 to 90 %. Never from MME (domain §3). Bounds come from tables/strategies.toml.

After the crossing, limits are judged in mg of the new agent: of a benzodiazepine the baseline equivalent is the original and the crossing
counts; of an opioid the new dose is the original.
"""

from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from math import ceil

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot, Use
from fhir_taper.plans.medicines.dose import plain
from fhir_taper.plans.medicines.products import Ingredient, Product
from fhir_taper.plans.medicines.regimen import Intake
from fhir_taper.plans.tapers.course import Course, Drafted, DraftStep, lengthened
from fhir_taper.plans.tapers.infeasible import Infeasible, WayOut
from fhir_taper.plans.tapers.making import as_decimal
from fhir_taper.plans.tapers.pace import History
from fhir_taper.plans.tapers.plan import Dose, StepKind
from fhir_taper.plans.tapers.preparing import Bench, bench, prepare, usable
from fhir_taper.plans.tapers.strategies.crossing import Crossing, Stage, stages
from fhir_taper.plans.tapers.strategies.curves import CURVES

OWN_PARAMETERS = ("to", "stages", "days", "then")
ROTATION_PARAMETERS = ("equianalgesic_mg", "equianalgesic_source", "new_mg")
PARAMETERS = tuple(dict.fromkeys((*OWN_PARAMETERS, *ROTATION_PARAMETERS, *(name for _, names in CURVES.values() for name in names))))
DEFAULT_THEN = "proportional"
_HUNDRED = 100


def draft(course: Course) -> Drafted | Infeasible:
    """Stages of the crossing, then the steps of the new agent."""
    if course.request.drug_class is DrugClass.Z_DRUG:
        ways = (WayOut.OTHER_STRATEGY,)
        return Infeasible("substitution-not-for-class", "z-drugs are not crossed over to another agent by this program", None, None, ways)
    then = course.params.text("then", DEFAULT_THEN)
    if then not in CURVES:
        raise WrongUsage(f"then: {then!r} is not one of {', '.join(CURVES)}")
    rotation = ROTATION_PARAMETERS if course.request.drug_class is DrugClass.OPIOID else ()
    course.params.refuse_unknown((*OWN_PARAMETERS, *rotation, *CURVES[then][1]), f"substitution, then {then},")
    crossing = _crossing(course)
    if isinstance(crossing, Infeasible):
        return crossing
    incoming = _incoming(course, crossing)
    if isinstance(incoming, Infeasible):
        return incoming
    made = _stages(course, incoming, crossing)
    if isinstance(made, Infeasible):
        return made
    new = _course_after(course, incoming, crossing, made)
    if isinstance(new, Infeasible):
        return new
    rest = CURVES[then][0](new)
    return rest if isinstance(rest, Infeasible) else _joined(course, new, made, rest)


def _crossing(course: Course) -> Crossing | Infeasible:
    medicines = course.tables.medicines
    word = course.params.text("to")
    to = medicines.ingredient_named(word) or medicines.ingredient(word)
    if to is None or to.drug_class is not course.request.drug_class or to.name == course.ingredient:
        raise WrongUsage(f"to: {word!r} is not another {course.request.drug_class} that is known here")
    if course.request.drug_class is DrugClass.OPIOID:
        return _rotation(course, to)
    setting = course.tables.limits.setting("substitution-benzodiazepine")
    least, most = setting.number("total_percent_min"), setting.number("total_percent_max")
    mg = [_equivalent_mg(course, name) for name in (course.ingredient, to.name)]
    for found in mg:
        if isinstance(found, Infeasible):
            return found
    old_mg, new_mg = (Fraction(found) for found in mg if not isinstance(found, Infeasible))
    full = Fraction(course.baseline, course.per_mg) * new_mg / old_mg
    course.notes["crossing"] = f"{plain(as_decimal(full))} mg {to.name} a day stand for the baseline, by {course.request.benzo_table}"
    return Crossing(to, full, Fraction(least) / _HUNDRED, Fraction(most) / _HUNDRED)


def _equivalent_mg(course: Course, ingredient: str) -> Fraction | Infeasible:
    """mg equal to the table's reference dose. Raises WrongUsage where no table was chosen."""
    table = course.request.benzo_table
    if table is None:
        raise WrongUsage("benzo_table: a substitution needs a chosen equivalence table")
    row = next((row for row in course.tables.medicines.benzo_table(table) if row.ingredient == ingredient), None)
    ways = (WayOut.OTHER_STRATEGY,)
    if row is None:
        return Infeasible("no-equivalent", f"table {table} has no equivalent of {ingredient}", None, None, ways)
    if row.mg_low != row.mg_high:
        says = f"table {table} has a range for {ingredient}, {plain(row.mg_low)} to {plain(row.mg_high)} mg: choose a table with one number"
        return Infeasible("equivalence-range", says, None, None, ways)
    return Fraction(row.mg_low)


def _rotation(course: Course, to: Ingredient) -> Crossing | Infeasible:
    """A clinician's rotation: the reduction between the entered equianalgesic dose and the entered new dose must be within its bounds."""
    params = course.params
    equianalgesic, source, new_mg = params.mg("equianalgesic_mg"), params.text("equianalgesic_source"), params.mg("new_mg")
    setting = course.tables.limits.setting("rotation-methadone" if to.name == "methadone" else "rotation-opioid")
    least, most = setting.number("reduction_percent_min"), setting.number("reduction_percent_max")
    reduction = (1 - new_mg / equianalgesic) * _HUNDRED
    if not least <= reduction <= most:
        shown = plain(as_decimal(reduction))
        says = f"the new dose is {shown} % below the equianalgesic dose; to {to.name} it must be {plain(least)} to {plain(most)} % below"
        return Infeasible("rotation-reduction-out-of-bounds", says, as_decimal(new_mg), None, (WayOut.ENTERED_CONVERSION,))
    entered = f"{plain(as_decimal(equianalgesic))} mg {to.name} a day was entered as equianalgesic ({source})"
    course.notes["crossing"] = f"{entered}; the new dose is {plain(as_decimal(reduction))} % below it"
    total = course.tables.limits.setting("rotation-opioid")
    bounds = [Fraction(total.number(name)) / _HUNDRED for name in ("total_percent_min", "total_percent_max")]
    return Crossing(to, new_mg, bounds[0], bounds[1], new_mg)


def _incoming(course: Course, crossing: Crossing) -> Bench | Infeasible:
    """The bench of the new agent: the products that were given for it, else the plain tablets of the table, at the patient's times."""
    request, name = course.request, crossing.to.name
    products = usable(request.products, name)
    if not products:
        products = tuple(product for product in course.tables.medicines.products_of(name) if _is_plain_tablet(product))
    slots = tuple(Intake(slot, Decimal(0)) for slot in Slot if slot in course.maker.slots)
    asked = replace(request, ingredient=name, products=products, intakes=slots, taken=(), at_most=(), past=None)
    return bench(asked, course.tables, name, as_decimal(crossing.full_mg), course.row, even=False)


def _stages(course: Course, incoming: Bench, crossing: Crossing) -> tuple[Stage, ...] | Infeasible:
    """The stages, each within the crossing's bounds and made by both grids."""
    setting = course.tables.limits.setting(f"{'rotation' if crossing.final_mg is not None else 'substitution'}-{course.request.drug_class}")
    count = course.params.whole("stages", setting.whole("stages"), setting.whole("stages_min"), setting.whole("stages_max"))
    days = course.params.whole("days", setting.whole("days"), setting.whole("days_min"), setting.whole("days_max"))
    starts: list[int] = []
    for number in range(1, count + 1):
        even = days * number // count - days * (number - 1) // count
        starts.append((starts[-1] if starts else 0) + course.lengthened(lengthened(incoming.row, even)))
    made = stages(crossing, course.maker.doses, course.baseline, incoming.maker.doses, tuple(starts))
    if not isinstance(made, int):
        return made
    at = plain(course.mg(course.baseline))
    says = f"stage {made} of {count} from {at} mg {course.ingredient} to {crossing.to.name} cannot be made within its bounds"
    return Infeasible("crossing-stage-not-made", says, course.mg(course.baseline))


def _course_after(course: Course, incoming: Bench, crossing: Crossing, made: tuple[Stage, ...]) -> Course | Infeasible:
    """The new agent's course from the last stage on; of a benzodiazepine, with the crossing as its history, in mg of the new agent."""
    last, per_mg = made[-1], incoming.maker.measure.per_mg
    baseline = replace(course.request.baseline, mg=as_decimal(Fraction(last.new, per_mg)))
    target = course.request.target_mg
    if target >= baseline.mg:
        raise WrongUsage(f"target: {plain(target)} mg is not below the {plain(baseline.mg)} mg {incoming.ingredient} after the crossing")
    asked = replace(course.request, ingredient=incoming.ingredient, baseline=baseline, past=None)
    new = prepare(asked, course.tables, incoming, course.params, target)
    if isinstance(new, Infeasible):
        return new
    new.day, new.taken_mg, new.taken, new.notes = last.day, None, (), dict(course.notes)
    if crossing.final_mg is None:
        full = crossing.full_mg * per_mg
        new.original = int(full)
        new.history = History([-last.day - 1], [ceil(full)])
        for stage in made:
            new.history.take(stage.day - last.day, ceil(full * stage.old / course.baseline) + stage.new)
        new.history.has_cut = False
    return new


def _joined(course: Course, new: Course, made: tuple[Stage, ...], rest: Drafted) -> Drafted:
    """Baseline, stages with both agents, and the new agent's steps. The incoming agent rises here, and only here."""
    own = course.first(course.baseline)
    steps = [DraftStep(0, StepKind.BASELINE, (Dose(course.ingredient, own.units),), course.mg(course.baseline))]
    rises: list[int] = []
    old_state = own.state
    for stage in made[:-1]:
        old, coming = course.maker.next(stage.old, old_state), new.maker.next(stage.new, None)
        old_state = old.state
        if old.rises:
            rises.append(len(steps))
        doses = (Dose(course.ingredient, old.units), Dose(new.ingredient, coming.units))
        steps.append(DraftStep(stage.day, StepKind.SUBSTITUTION, doses, new.mg(stage.new)))
    later = len(steps)
    first = rest.steps[0]
    steps.append(first._replace(kind=StepKind.SUBSTITUTION, doses=(Dose(course.ingredient), *first.doses)))
    all_rises = (*rises, *(index + later for index in rest.rises))
    return replace(
        rest,
        steps=(*steps, *rest.steps[1:]),
        products=(*course.maker.products, *rest.products),
        rises=all_rises,
    )


def _is_plain_tablet(product: Product) -> bool:
    plain_tablet = product.form is Form.TABLET and product.release is Release.IMMEDIATE
    return plain_tablet and product.use is Use.ORDINARY and not product.brand and not product.companions
