"""The invariants of a plan, one function each, judged from the plan's own steps: I1 to I9 and I14 to I19; its later life is in `life.py`.

Each function yields a sentence for everything that is wrong, and nothing for a plan that is right. They are written from the design, not
from the engine: doses that exist come from a coin-change table of their own (`reading`), limits are held against D(t) as the design words
them.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import product as every
from math import ceil, lcm

from fhir_taper import exact_json
from fhir_taper.plans.medicines.codes import DrugClass, Form, Release, Slot
from fhir_taper.plans.medicines.products import Product
from fhir_taper.plans.tables.limit_tables import DEFAULT_ROW, ProtocolRow
from fhir_taper.plans.tables.rows import Basis, Limit
from fhir_taper.plans.tapers.finding import Severity
from fhir_taper.plans.tapers.parameters import number_from
from fhir_taper.plans.tapers.plan import PlanProduct, StepKind
from fhir_taper.plans.tapers.plan_document import from_document, to_document
from fhir_taper.plans.tapers.propose import propose
from tests.invariants.reading import (
    Subject,
    Taken,
    doses_that_exist,
    exact,
    may_be_split,
    most_at_once,
    most_of_a_companion,
    rows_of,
    with_one_more,
)

Problems = Iterator[str]
_DAY = timedelta(days=1)
_MICRO = Fraction(1, 10**6)
_BOUND = (StepKind.LIMITED, StepKind.UNIT_LIMITED)


def i01_daily_dose_never_rises(of: Subject) -> Problems:
    """The day's dose never rises, but for the incoming agent inside a crossing; a time of day rises only where it must, as said."""
    crossing = set(of.crossing)
    for index, (before, step) in enumerate(of.pairs, 1):
        for name, mg in step.mg.items():
            comes_in = index in crossing and name == of.agent
            if mg > before.mg.get(name, Fraction(0)) and not comes_in:
                yield f"step {index}: {name} rises from {before.mg.get(name)} to {mg} mg a day"
        if of.crossing and index <= of.crossing[-1] and before.mg.get(of.plan.ingredient, 0) <= step.mg.get(of.plan.ingredient, 0):
            yield f"step {index}: {of.plan.ingredient} does not fall at this stage"
    yield from _times_rise(of)


def i01_no_intake_is_larger_than_the_largest_of_today(of: Subject) -> Problems:
    """No time of any step holds more than the largest intake of today: what is taken, else what the orders allow at one time."""
    for release in Release:
        most = most_at_once(of.request, of.request.ingredient, release)
        for index, step in enumerate(of.steps) if most is not None else ():
            mg = [mg for (name, kind, _), mg in step.released.items() if (name, kind) == (of.request.ingredient, release)]
            if max(mg, default=Fraction(0)) > (most or 0):
                yield f"step {index}: {max(mg)} mg at one time, where {most} mg is the most of today"


def _times_rise(of: Subject) -> Problems:
    is_said = any(finding.code == "slot-rise" for finding in of.plan.findings)
    for index, (before, step) in enumerate(of.pairs, 1):
        rising = [key for key, mg in step.at.items() if mg > before.at.get(key, Fraction(0))]
        rising = [(name, slot) for name, slot in rising if not (index in of.crossing and name == of.agent)]
        if rising and not is_said:
            yield f"step {index}: {rising[0][1]} rises and no finding says so"
        for name in dict.fromkeys(name for name, _ in rising):
            with_less_of_a_companion = any(product.companions for product in of.request.products)
            if len(before.at) > 4 or with_less_of_a_companion:
                continue
            if _fits_under(of, name, before, step):
                yield f"step {index}: a time of day rises although {step.mg[name]} mg can be divided without"
                continue
            for rise, least in (_rise_and_least(of, name, release, before, step) for release in Release):
                if rise > least:
                    yield f"step {index}: the times of day rise by {rise} mg in all, and {least} mg would do"


def _rise_and_least(of: Subject, ingredient: str, release: Release, before: Taken, step: Taken) -> tuple[Fraction, Fraction]:
    """By how much the times of day rise in all, and the least that any division of the same dose would raise them by: by looking at all."""
    caps = {slot: mg for (name, kind, slot), mg in before.released.items() if (name, kind) == (ingredient, release)}
    now = {slot: mg for (name, kind, slot), mg in step.released.items() if (name, kind) == (ingredient, release)}
    rise = sum((max(Fraction(0), mg - caps.get(slot, Fraction(0))) for slot, mg in now.items()), Fraction(0))
    products = tuple(product for product in of.plan.products if (product.ingredient, product.release) == (ingredient, release))
    if not rise or not products:
        return rise, rise
    dose = sum(now.values(), Fraction(0))
    most = most_at_once(of.request, ingredient, release)
    one_time = doses_that_exist(products, 1, of.plan.limits.max_pieces, dose if most is None else min(dose, most))
    amounts = [index * one_time.quantum for index, pieces in enumerate(one_time.pieces) if pieces is not None]
    least = {Fraction(0): Fraction(0)}  # a sum of the times so far: the least that they rise by for it
    for slot in dict.fromkeys((*caps, *now)):
        following: dict[Fraction, Fraction] = {}
        for (total, so_far), mg in every(least.items(), amounts):
            by = so_far + max(Fraction(0), mg - caps.get(slot, Fraction(0)))
            if total + mg <= dose and by < following.get(total + mg, by + 1):
                following[total + mg] = by
        least = following
    return rise, least.get(dose, rise)  # that a dose is made at all is another invariant


def _fits_under(of: Subject, ingredient: str, before: Taken, step: Taken) -> bool:
    """True where the step's dose, each release by itself, can be divided so that no time of day takes more than before."""
    return all(_release_fits_under(of, ingredient, release, before, step) for release in Release)


def _release_fits_under(of: Subject, ingredient: str, release: Release, before: Taken, step: Taken) -> bool:
    caps = [mg for (name, kind, _), mg in before.released.items() if (name, kind) == (ingredient, release)]
    dose = sum((mg for (name, kind, _), mg in step.released.items() if (name, kind) == (ingredient, release)), Fraction(0))
    products = tuple(product for product in of.plan.products if (product.ingredient, product.release) == (ingredient, release))
    if not dose or not products:
        return not dose
    one_time = doses_that_exist(products, 1, of.plan.limits.max_pieces, Fraction(ceil(max(caps, default=Fraction(0)))))
    sums = 1  # bit n: n quanta can be made at the times so far
    for cap in caps:
        possible = [amount for amount, pieces in enumerate(one_time.pieces) if pieces is not None and amount * one_time.quantum <= cap]
        sums = with_one_more(sums, rows_of(possible, products, one_time.quantum))
    return bool(sums >> int(dose / one_time.quantum) & 1)


def i02_steps_follow_each_other_from_the_baseline(of: Subject) -> Problems:
    """Contiguous whole days from the baseline on the asked start; no gap, no overlap; only the last step is open."""
    steps = of.plan.steps
    if steps[0].start != of.request.start or steps[0].kind is not StepKind.BASELINE:
        yield f"step 0 is {steps[0].kind} on {steps[0].start}"
    if of.steps[0].mg.get(of.plan.ingredient) != exact(of.request.baseline.mg) or of.steps[0].every != 1:
        yield f"step 0 is {of.steps[0].mg}, the baseline {of.request.baseline.mg} mg"
    for number, step in enumerate(steps):
        after = steps[number + 1] if number + 1 < len(steps) else None
        if step.number != number:
            yield f"step {number} is numbered {step.number}"
        if (after is None) is not (step.end is None):
            yield f"step {number} ends {step.end}"
        if after and step.end and (step.end + _DAY != after.start or step.end < step.start):
            yield f"step {number} covers {step.start} to {step.end}, the next starts on {after.start}"
        if after and (step.doses, step.every_days) == (after.doses, after.every_days):
            yield f"steps {number} and {number + 1} are the same dose and not merged"


def i03_every_dose_is_made_by_its_units(of: Subject) -> Problems:
    """Every unit is of a product of the plan, in parts that may be taken, at most so many pieces at a time."""
    yield from _products(of)
    yield from _companions(of)
    products = {product.rxcui: product for product in of.plan.products}
    most = {of.agent: of.plan.limits.max_pieces, of.plan.ingredient: max(of.plan.limits.max_pieces, _pieces_today(of))}
    for number, step in enumerate(of.plan.steps):
        pieces: dict[tuple[str, Slot], int] = {}
        for dose in step.doses:
            for unit in dose.units:
                made_of = products.get(unit.rxcui)
                if made_of is None or made_of.mg != unit.strength_mg or made_of.ingredient != dose.ingredient:
                    yield f"step {number}: {unit.rxcui} {unit.strength_mg} mg is no product of {dose.ingredient} in this plan"
                    continue
                smallest = exact(made_of.smallest_ml) if made_of.smallest_ml is not None else Fraction(1, made_of.parts)
                for slot, count in unit.slots:
                    if count <= 0 or exact(count) % smallest:
                        yield f"step {number}: {count} of {made_of.name} cannot be taken"
                    parts = 1 if made_of.smallest_ml is not None else _pieces(exact(count))
                    pieces[dose.ingredient, slot] = pieces.get((dose.ingredient, slot), 0) + parts
        if any(count > most[name] for (name, _), count in pieces.items()):
            yield f"step {number}: {pieces} pieces, at most {most} at one time"


def _products(of: Subject) -> Problems:
    """The plan's products are those that were asked for (of the agent that comes in: those of the tables), and cut no smaller."""
    incoming = of.tables.medicines.products_of(of.agent) if of.crossing else ()
    asked: dict[str, Product] = {product.rxcui: product for product in (*incoming, *of.request.products)}
    for product in of.plan.products:
        known = asked.get(product.rxcui)
        if known is None or _what_it_is(known) != _what_it_is(product):
            yield f"{product.name} was not asked for"
        elif product.parts > (known.parts if may_be_split(product) else 1):
            yield f"{product.name} is cut into {product.parts}"


def _what_it_is(product: Product | PlanProduct) -> tuple[object, ...]:
    return product.mg, product.form, product.release, product.ingredient, product.smallest_ml, product.wear_h


def _pieces_today(of: Subject) -> int:
    """Most pieces that the patient takes at one time today: in a crossing the row has the number of the incoming agent alone."""
    by_slot: dict[Slot | None, Fraction] = {}
    for entry in (of.request.taken or of.request.intakes) if of.crossing else ():
        by_slot[entry.slot] = by_slot.get(entry.slot, Fraction(0)) + exact(entry.units)
    return max(map(_pieces, by_slot.values()), default=0)


def _pieces(count: Fraction) -> int:
    """Fewest whole, half and quarter units that make a count."""
    rest = count - count // 1
    return int(count // 1) + (rest in (Fraction(1, 4), Fraction(1, 2))) + 2 * (rest == Fraction(3, 4))


def _companions(of: Subject) -> Problems:
    """No companion ingredient above its own daily limit, or above what today's tablets bring where the plan may use them."""
    known: dict[str, Product] = {product.rxcui: product for product in of.request.products if product.companions}
    for number, step in enumerate(of.plan.steps if known else ()):
        totals: dict[str, Fraction] = {}
        for unit in (unit for dose in step.doses for unit in dose.units if unit.rxcui in known):
            for companion in known[unit.rxcui].companions:
                totals[companion.ingredient] = totals.get(companion.ingredient, Fraction(0)) + exact(companion.mg) * exact(unit.per_day)
        for name, mg in totals.items():
            most = most_of_a_companion(of.request, of.tables, name)
            if most is not None and mg > most:
                yield f"step {number}: {mg} mg {name} a day, at most {most} mg"


def i04_limits_hold_at_every_step_start(of: Subject) -> Problems:
    """Every hard limit of the resolved row holds where a reduction starts; beyond it only one notch, long after the last."""
    for index, (day, dose) in enumerate(of.reductions):
        step = next((step for step in of.steps if step.day == day), None)
        if day <= 0 or step is None or step.kind is StepKind.SUBSTITUTION:
            continue
        broken = [f"{limit.part} {limit.fraction}" for limit in of.plan.limits.hard if breaks(of, limit, day, dose)]
        if _is_first_cut(of, index) and breaks_first_cut(of, day, dose):
            broken.append("the first cut's cap")
        if broken and step.kind is not StepKind.UNIT_LIMITED:
            yield f"day {day}: {of.dose_on(day - 1)} to {dose} mg is beyond {broken}"
        if step.kind is StepKind.UNIT_LIMITED:
            yield from _unit_rule(of, day, dose, is_beyond=bool(broken))


def breaks(of: Subject, limit: Limit, day: int, dose: Fraction) -> bool:
    """True where a dose on a day is beyond D(t − days) − D(t) ≤ fraction × basis, if the limit holds for the dose that is cut."""
    then, before = of.dose_on(day - limit.days), of.dose_on(day - 1)
    if before <= exact(limit.above) * of.original or (limit.up_to is not None and before > exact(limit.up_to) * of.original):
        return False
    return then - dose > exact(limit.fraction) * (of.original if limit.basis is Basis.ORIGINAL else then)


def breaks_first_cut(of: Subject, day: int, dose: Fraction) -> bool:
    """True where a first reduction is beyond the tier's cap."""
    cap = of.plan.limits.first_cut
    return cap is not None and of.dose_on(day - 1) - dose > exact(cap.fraction) * of.original


def _is_first_cut(of: Subject, index: int) -> bool:
    """True for the first reduction of a plan that is no stage of a crossing; whether a plan before this one had made it, its past says."""
    if of.request.past is not None and of.request.past.has_cut:
        return False
    stages = {of.steps[stage].day for stage in of.crossing}
    return not any(day > 0 and day not in stages for day, _ in of.reductions[:index])


def _unit_rule(of: Subject, day: int, dose: Fraction, *, is_beyond: bool) -> Problems:
    before, unit = of.dose_on(day - 1), of.plan.limits.unit
    if not is_beyond:
        yield f"day {day}: labelled unit-limited, and no limit is exceeded"
    if unit is None or before - dose > exact(unit.unit_max_mg):
        yield f"day {day}: a cut of {before - dose} mg, and the unit rule allows {unit and unit.unit_max_mg}"
    if of.existing.below(before) != dose:
        yield f"day {day}: {before} to {dose} mg is not one notch: {of.existing.below(before)} mg lies between"
    window = max(limit.days for limit in of.plan.limits.hard)
    near = [other for other, _ in of.reductions if 0 < day - other < window]
    if near:
        yield f"day {day}: a unit-limited cut {day - near[-1]} days after another reduction (window {window})"


def i04_the_row_is_the_one_that_the_design_resolves(of: Subject) -> Problems:
    """The plan carries the row that the design resolves: class × use, or a protocol's own where it is run unedited."""
    limits, tables, asked = of.plan.limits, of.tables, of.request
    protocol = tables.limits.protocols[asked.protocol] if asked.protocol else None
    default = tables.limits.default_row(asked.drug_class, asked.use)
    published = protocol is not None and protocol.limits != DEFAULT_ROW and not _is_edited(of, protocol)
    row = tables.limits.rows[protocol.limits] if published and protocol else default
    if row is None or (limits.row, limits.limits, limits.max_days) != (row.row, row.limits, row.max_days):
        yield f"limits of row {limits.row}, not of {row and row.row}"
    cap = tables.safety.meaning(asked.tier or "standard").first_cut_percent
    if (limits.first_cut is None) is not published or (limits.first_cut and limits.first_cut.fraction * 100 != cap):
        yield f"first cut {limits.first_cut and limits.first_cut.fraction} where the tier says {cap} %"
    rule = tables.limits.unit_rules.get(of.agent)
    most = asked.unit_override[2] if asked.unit_override else rule and rule.unit_max_mg
    if (limits.unit and limits.unit.unit_max_mg) != most:
        yield f"unit rule {limits.unit}, not {most} mg"


def _is_edited(of: Subject, protocol: ProtocolRow) -> bool:
    own = dict(protocol.params)
    return any(name not in own or number_from(name, value) != number_from(name, own[name]) for name, value in of.request.params)


def i04_steps_last_as_long_as_the_medicine_needs(of: Subject) -> Problems:
    """Methadone steps last a week or more; steps of patches are whole wear times."""
    shortest = 7 if of.agent == "methadone" else 1
    mine = (product for product in of.plan.products if product.ingredient == of.agent)
    wear = lcm(*(ceil(Fraction(product.wear_h, 24)) for product in mine if product.form is Form.PATCH and product.wear_h))
    for index, (before, step) in enumerate(of.pairs):
        length = step.day - before.day
        if (length < shortest or length % wear) and (not of.crossing or index >= of.crossing[-1]):
            yield f"step {index} lasts {length} days (at least {shortest}, multiples of {wear})"


def i04_what_is_beyond_a_bound_is_said(of: Subject) -> Problems:
    """What goes beyond a bound is said, to be acknowledged: unit-limited cuts, and cuts beyond what is advised."""
    codes = {finding.code for finding in of.plan.findings if finding.severity is Severity.ACKNOWLEDGE}
    if any(step.kind is StepKind.UNIT_LIMITED for step in of.steps) and "unit-limited" not in codes:
        yield "a unit-limited cut is not to be acknowledged"
    days = {step.day for step in of.steps if step.kind is not StepKind.SUBSTITUTION}
    cuts = [(day, dose) for day, dose in of.reductions if day > 0 and day in days]
    for limit in of.plan.limits.advised:
        code = "tail-excess" if limit.part == "tail" else "pace-advised"
        said_already = {step.day for step in of.steps if step.kind is StepKind.UNIT_LIMITED and limit.part != "tail"}
        if any(breaks(of, limit, day, dose) for day, dose in cuts if day not in said_already) and code not in codes:
            yield f"cuts are beyond the advised {limit.fraction} in {limit.days} days and nothing says so"


def i05_first_cut_is_within_its_cap(of: Subject) -> Problems:
    """The first reduction, after snapping, is within the tier's cap of the baseline, or it is unit-limited and exactly one notch."""
    first = next((pair for index, pair in enumerate(of.pairs, 1) if index not in of.crossing), None)
    if first is None or of.plan.limits.first_cut is None or (of.request.past is not None and of.request.past.has_cut):
        return
    before, step = (one.mg.get(of.agent, Fraction(0)) for one in first)
    cut, cap = before - step, exact(of.plan.limits.first_cut.fraction) * of.original
    is_one_notch = first[1].kind is StepKind.UNIT_LIMITED and of.existing.below(before) == step
    if cut > cap and not is_one_notch:
        yield f"the first cut is {cut} mg of {before} mg, the cap {cap} mg"


def i06_last_step_is_the_target(of: Subject) -> Problems:
    """The last step equals the target exactly, and everything else is gone."""
    asked = of.request
    protocol = of.tables.limits.protocols[asked.protocol] if asked.protocol else None
    target = exact(asked.target_mg)
    if protocol is not None and protocol.target_pct is not None and not target:
        target = exact(asked.baseline.mg) * exact(protocol.target_pct) / 100
    last = of.steps[-1]
    if last.mg.get(of.agent, Fraction(0)) != target or last.total != target or exact(of.plan.target_mg) != target:
        yield f"the last step is {last.mg}, the target {target} mg"
    if any(step.total == 0 for step in of.steps[:-1]) or (target == 0 and of.plan.steps[-1].doses and last.at):
        yield "nothing is taken before the end, or something after it"


def i07_duration_is_within_the_row(of: Subject) -> Problems:
    """From the first day to the last step in at most the row's days."""
    if of.steps[-1].day > of.plan.limits.max_days:
        yield f"{of.steps[-1].day} days, at most {of.plan.limits.max_days}"


def i08_same_input_same_plan_and_documents_lose_nothing(of: Subject) -> Problems:
    """The same request gives the same plan, and a plan comes back from its JSON bytes unchanged."""
    if propose(of.request, of.tables) != of.plan:
        yield "asked again, the plan is another"
    if from_document(exact_json.decode(exact_json.encode(to_document(of.plan)))) != of.plan:
        yield "the plan does not come back from its document"


def i14_crossing_gives_90_to_100_percent(of: Subject) -> Problems:
    """Two to four stages; of benzodiazepines at every stage 90 to 100 % of the baseline's equivalent, both agents together."""
    if not of.crossing:
        return
    if of.crossing != tuple(range(1, len(of.crossing) + 1)) or not 2 <= len(of.crossing) <= 4:
        yield f"stages are steps {of.crossing}"
    if of.plan.drug_class is not DrugClass.BENZODIAZEPINE:
        return
    if not 7 <= of.steps[of.crossing[-1]].day <= 14:
        yield f"the crossing takes {of.steps[of.crossing[-1]].day} days"
    for index in of.crossing:
        mg = of.steps[index].mg
        share = (mg.get(of.plan.ingredient, Fraction(0)) * of.ratio + mg[of.agent]) / (exact(of.plan.baseline.mg) * of.ratio)
        if not Fraction(9, 10) <= share <= 1:
            yield f"stage {index} gives {float(share):.4f} of the baseline equivalent"


def i15_intervals_are_extended_only_where_they_may_be(of: Subject) -> Problems:
    """Days without a dose occur in interval extension alone: never of patches, of benzodiazepines with one long half-life, of one unit."""
    extended = [step for step in of.steps if step.every > 1]
    if of.plan.strategy != "interval-extension":
        if extended:
            yield "a day without a dose in a plan that is no interval extension"
        return
    if of.plan.drug_class is DrugClass.BENZODIAZEPINE:
        found = of.tables.medicines.ingredient_named(of.plan.ingredient)
        low, high = (found.half_life_h if found else None) or (Decimal(0), Decimal(1))
        if low != high or low < Decimal("57.8"):
            yield f"the half-life of {of.plan.ingredient} is {low} to {high} h"
    if any(product.form is Form.PATCH for product in of.plan.products):
        yield "patches are taken less often"
    units = {mg for step in extended for mg in step.at.values()}
    if len(units) > 1 or any(after.every < before.every for before, after in of.pairs if after.total):
        yield f"units {units} over intervals {[step.every for step in of.steps]}"


def i17_doses_lie_at_their_ideals(of: Subject) -> Problems:
    """Each dose is the nearest that exists to its ideal, ties up; or above it where a limit binds: the lowest that the day allows."""
    first = of.crossing[-1] + 1 if of.crossing else 1
    for index, step in enumerate(of.steps[first:], first):
        dose = step.mg.get(of.agent, Fraction(0))
        low, high = of.existing.at_most(step.ideal), of.existing.at_least(step.ideal)
        nearest = low if high is None or (low is not None and step.ideal - low < high - step.ideal) else high
        if dose not in of.existing or nearest is None:
            yield f"step {index}: {dose} mg does not exist"
        elif step.kind in _BOUND:
            yield from _limited(of, index, step, dose, nearest)
        elif dose != nearest:
            yield f"step {index}: {dose} mg for an ideal of {step.ideal} mg, and {nearest} mg is nearer"
    if any(after.ideal > before.ideal for before, after in of.pairs[first:]):
        yield "the ideal rises"


def _limited(of: Subject, index: int, step: Taken, dose: Fraction, nearest: Fraction) -> Problems:
    """Where a limit binds, the dose is above the nearest one, and the next lower one is beyond a limit."""
    if step.kind is StepKind.LIMITED and dose <= nearest:
        yield f"step {index}: labelled limited at {dose} mg, and the ideal asks for {nearest} mg"
    if dose < nearest:
        yield f"step {index}: {dose} mg is below the {nearest} mg that the ideal asks for"
    lower = of.existing.below(dose)
    is_first = _is_first_cut(of, [day for day, _ in of.reductions].index(step.day))
    if step.kind is StepKind.LIMITED and lower is not None and lower >= nearest:
        is_barred = any(breaks(of, limit, step.day, lower) for limit in of.plan.limits.hard)
        if not is_barred and not (is_first and breaks_first_cut(of, step.day, lower)):
            yield f"step {index}: limited to {dose} mg, and {lower} mg would have been allowed"


def i17_ideals_follow_their_curve(of: Subject) -> Problems:
    """Ideals of a linear or proportional plan are points of the curve that its parameters state."""
    params, after = dict(of.plan.params), of.steps[1:]
    if of.plan.strategy not in ("linear", "proportional") or not after:
        return
    target, share = exact(of.plan.target_mg), number_from("percent", params["percent"]) / 100
    curve: list[Fraction] = []
    ideal = of.steps[0].ideal
    floor = number_from("floor_mg", params["floor_mg"]) if of.plan.strategy == "proportional" else Fraction(0)
    while ideal > target and len(curve) < 5000:
        lower = ideal - share * of.original if of.plan.strategy == "linear" else ideal * (1 - share)
        if of.plan.strategy == "proportional" and lower < floor:
            lower = floor if ideal > floor else target
        ideal = max(lower, target)
        curve.append(ideal)
    place = 0
    for index, step in enumerate(after, 1):
        while place < len(curve) and abs(curve[place] - step.ideal) > _MICRO * (place + 2):
            place += 1
        if place == len(curve):
            yield f"step {index}: {step.ideal} mg is no point of the curve"
            return


def i18_a_plan_is_a_plan(of: Subject) -> Problems:
    """A plan has something to do, and is a draft that nobody has approved."""
    if len(of.plan.steps) < 2 or of.plan.state != "draft" or of.plan.version != 1:
        yield f"{len(of.plan.steps)} steps, {of.plan.state}, version {of.plan.version}"


def i19_all_numbers_are_exact(of: Subject) -> Problems:
    """Decimal, Fraction and int alone: never float."""
    plan = of.plan
    numbers: list[object] = [plan.baseline.mg, plan.target_mg, *(limit.fraction for limit in plan.limits.limits)]
    numbers += [end for factor in plan.equivalents for end in (factor.low, factor.high)]
    for step in plan.steps:
        numbers += [step.ideal_mg, step.every_days, *(step.mg_per_day(dose.ingredient) for dose in step.doses)]
        units = [unit for dose in step.doses for unit in dose.units]
        numbers += [number for unit in units for number in (unit.strength_mg, *(count for _, count in unit.slots))]
    wrong = [number for number in numbers if not isinstance(number, Decimal | Fraction | int)]
    if wrong or exact(plan.steps[-1].ideal_mg) * 10**6 % 1:
        yield f"not exact: {wrong}"


CHECKS: dict[str, Callable[[Subject], Problems]] = {
    name: check for name, check in list(globals().items()) if name[:1] == "i" and name[1:3].isdigit()
}
"""Every invariant by its name, in the order of the design."""
