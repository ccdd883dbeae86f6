"""What a patient takes: chart to regimen, facts and totals. One function per use; the clinical work is in `mappers` and `plans`."""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from fhir_taper.exact_json import encode
from fhir_taper.mappers.chart import Chart
from fhir_taper.mappers.mapped import Mapped
from fhir_taper.mappers.read.allergy_list import AllergyList, read_allergies
from fhir_taper.mappers.read.facts import read_facts
from fhir_taper.mappers.read.inside import CONTAINED_ORDER
from fhir_taper.mappers.read.patient import Person, read_patient
from fhir_taper.mappers.read.regimen import read_items
from fhir_taper.mappers.read.taper_forms import TaperForm, read_taper_forms
from fhir_taper.mappers.write.labels import Label, labels_of
from fhir_taper.plans.medicines.codes import TAPERED_CLASSES, DrugClass
from fhir_taper.plans.medicines.duplicates import flag_duplicates
from fhir_taper.plans.medicines.equivalence import diazepam_equivalent, mme
from fhir_taper.plans.medicines.plausibility import refuse_implausible
from fhir_taper.plans.medicines.products import Ingredient, Product, ProductCatalogue
from fhir_taper.plans.medicines.regimen import Issue, ItemState, Regimen
from fhir_taper.plans.medicines.regimen_document import regimen_to_document
from fhir_taper.plans.medicines.totals import Total
from fhir_taper.plans.tables import Tables, load
from fhir_taper.plans.tables.chart_tables import load_chart_tables
from fhir_taper.plans.tapers.chart_facts import ChartFacts
from fhir_taper.plans.tapers.dose_totals import ConfirmedIntake, chart_case, confirmed_totals, totals_of
from fhir_taper.plans.tapers.finding import Finding, Severity
from fhir_taper.plans.tapers.plan import Baseline, TaperPlan
from fhir_taper.plans.tapers.safety import findings_in
from fhir_taper.plans.tapers.signs.case import ChartCase, DoseTotals
from fhir_taper.workflow.read_chart import read_chart

Made = TypeVar("Made")
_MUST_BE_KNOWN = TAPERED_CLASSES | {DrugClass.UNKNOWN}


@dataclass(frozen=True, slots=True)
class Reading:
    """One chart on one day, read: what is taken, what it equals, and what else the chart says. Everything after this is pure."""

    regimen: Regimen
    facts: ChartFacts
    mme: Total
    diazepam: Total
    tables: Tables
    catalogue: ProductCatalogue
    labels: tuple[Label, ...]
    own_plans: tuple[Mapped[TaperPlan], ...] = ()
    ordered_tapers: tuple[TaperForm, ...] = ()
    person: Person = field(default_factory=lambda: Person(""))
    allergies: AllergyList = field(default_factory=AllergyList)
    _made: dict[Hashable, Any] = field(default_factory=dict, init=False, repr=False, compare=False)

    @property
    def totals(self) -> DoseTotals:
        """The maximum totals by the chosen tables, at the cautious end: what findings and the risk tier go by."""
        return totals_of(self.mme, self.diazepam)

    def totals_with(self, baseline: Baseline, ingredient: Ingredient, product: Product | None) -> DoseTotals:
        """The same where a person confirmed a baseline: what is taken counts where it is more than the orders allow."""
        if not baseline.confirmed_by:
            return self.totals
        intake = ConfirmedIntake(ingredient.name, ingredient.drug_class, baseline.mg, product)
        both = self.mme, self.diazepam
        return confirmed_totals(self.totals, both, intake, self.tables.medicines, is_complete=self.regimen.complete)

    def case_on(self, day: date, totals: DoseTotals | None = None) -> ChartCase:
        """The patient on a day, or on that of the chart where it is a later one, as findings look at it; `totals` None: those of the chart.

        Made once for all candidates.
        """
        key = max(day, self.regimen.as_of), totals or self.totals
        return self.once(key, lambda reading: chart_case(reading.regimen, reading.facts, reading.tables.medicines, *key))

    def once(self, key: Hashable, make: "Callable[[Reading], Made]") -> Made:
        """What is made of the reading alone, and is the same for all candidates: made the first time and remembered after that."""
        if key not in self._made:
            self._made[key] = make(self)
        made: Made = self._made[key]
        return made


def before_a_taper(reading: Reading) -> tuple[Finding, ...]:
    """What must be resolved before any taper of what is taken, whichever it will be: Stops, then what is to be acknowledged."""
    found = findings_in(reading.case_on(reading.regimen.as_of), None, reading.tables.safety)
    return tuple(one for one in found if one.severity is not Severity.INFORMATION)


def regimen(chart: Chart, as_of: date, catalogue: ProductCatalogue | None = None) -> Regimen:
    """The regimen of a decoded chart on a day. `catalogue` None: the built-in products."""
    items = read_items(chart, catalogue or load().medicines, as_of)
    set_aside = {entry.reference for entry in chart.set_aside}  # the chart says these already
    said = tuple(issue for issue in items.issues if issue.source not in set_aside)
    return Regimen(
        chart.patient,
        as_of,
        flag_duplicates(refuse_implausible(items.value, load_chart_tables().most_units)),
        chart.complete and not any(issue.code == CONTAINED_ORDER for issue in said),
        chart.issues + said,
    )


def read(chart: Chart, as_of: date, mme_table: str, benzo_table: str | None, catalogue: ProductCatalogue | None = None) -> Reading:
    """Regimen, facts and totals. Raises WrongUsage for a table that does not exist."""
    tables = load()
    products = catalogue or tables.medicines
    taken = regimen(chart, as_of, products)
    facts = read_facts(chart, products, tables.medicines.concepts, as_of)
    nothing_set_aside = not any(issue.severity == "error" for issue in facts.issues)
    own_plans, unreadable = _own_plans(chart)
    running, ordered = _running(own_plans, read_taper_forms(chart, products, as_of).value, as_of)
    issues = running + taken.issues + facts.issues + unreadable
    taken = replace(taken, issues=issues, complete=taken.complete and nothing_set_aside)
    totals = mme(taken, tables.medicines, mme_table), diazepam_equivalent(taken, tables.medicines, benzo_table)
    allergies = read_allergies(chart, tables.medicines.concepts)
    return Reading(
        taken, facts.value, *totals, tables, products, labels_in(chart), own_plans, ordered, read_patient(chart).value, allergies
    )


def labels_in(chart: Chart) -> tuple[Label, ...]:
    """What is derived from a chart is labelled at least so."""
    return labels_of(entry.resource for entries in chart.by_type.values() for entry in entries)


def _own_plans(chart: Chart) -> tuple[tuple[Mapped[TaperPlan], ...], tuple[Issue, ...]]:
    """Tapers of ours in a chart, and what is wrong with those that cannot be read. Most charts have none, and need no reader of them."""
    if not chart.of("CarePlan"):
        return (), ()
    from fhir_taper.mappers.read.care_plan import read_care_plans, unreadable_care_plans

    return read_care_plans(chart), unreadable_care_plans(chart)


def _running(
    own_plans: tuple[Mapped[TaperPlan], ...], forms: tuple[TaperForm, ...], as_of: date
) -> tuple[tuple[Issue, ...], tuple[TaperForm, ...]]:
    """What is said of tapers that run on the day, ours and those that orders alone hold, and the latter. Most charts have none, and need no
    words for them."""
    if not own_plans and not forms:
        return (), ()
    from fhir_taper.workflow.running import ordered_issues, ordered_tapers, running_tapers

    ordered = ordered_tapers(forms, own_plans, as_of)
    return running_tapers(own_plans, as_of) + ordered_issues(ordered), ordered


@contextmanager
def chart_reading(path: str, as_of: date, mme_table: str, benzo_table: str | None, terminology: Path | None) -> Iterator[Reading]:
    """A file, folder or standard input, read; the site's terminology stays open until the block ends."""
    chart = read_chart(path)
    if terminology is None:
        yield read(chart, as_of, mme_table, benzo_table)
        return
    from fhir_taper.store.terminology import SiteCatalogue  # a database only where one was named

    catalogue = SiteCatalogue(terminology, load().medicines)
    try:
        yield read(chart, as_of, mme_table, benzo_table, catalogue)
    finally:
        catalogue.close()


def is_answered(taken: Regimen) -> bool:
    """False where an opioid, benzodiazepine or z-drug item, or one that could be any of these, is not computable."""
    return not any(item.state is ItemState.NOT_COMPUTABLE and item.drug_class in _MUST_BE_KNOWN for item in taken.items)


def regimen_output(reading: Reading, form: str) -> bytes:
    """The answer of `fhir-taper regimen` as a table for people, or as JSON (schema 1)."""
    if form == "json":
        return encode(regimen_to_document(reading.regimen, reading.mme, reading.diazepam), indent=2) + b"\n"
    from fhir_taper.render.terminal_regimen import regimen_text

    return regimen_text(reading.regimen, reading.mme, reading.diazepam).encode()
