"""Words for the codes of a plan: parameters, findings, ways out. What is typed on a command line stays beside them.

A code without words here is shown with its hyphens as spaces: nothing is hidden because nobody has named it yet.
"""

from collections.abc import Iterable
from fractions import Fraction

from fhir_taper.plans.medicines.dose import as_exact, brief, one_decimal
from fhir_taper.plans.tables.limit_tables import BandRow
from fhir_taper.plans.tapers.infeasible import WayOut
from fhir_taper.plans.tapers.parameters import bands_from

_PARAMETERS = {
    "bands": "{}",
    "to": "to {}",
    "stages": "in {} stages",
    "days": "over {} days",
    "equianalgesic_mg": "equianalgesic dose {} mg",
    "equianalgesic_source": "by {}",
    "new_mg": "new dose {} mg",
    "then": "then {}",
    "percent": "{} %",
    "interval_days": "every {} days",
    "steps": "{} steps",
    "floor_mg": "smallest dose {} mg",
    "k_mg": "curve's shape {} mg",
    "max_days": "up to one dosing day in {}",
}
"""In the order in which they are said."""
_ASKED = {
    "percent": "how large a cut (percent)",
    "interval_days": "how many days between cuts (interval_days)",
    "bands": "bands of cuts (--param bands=…)",
    "benzo_table": "equivalence table (--benzo-table)",
    "to": "the new medicine (to)",
}
_BASIS = {"baseline": " % of the baseline", "current": " % of the current dose", "mg": " mg"}
_WAYS_OUT = {
    WayOut.HALF: "half tablets (--parts half)",
    WayOut.QUARTER: "quarter tablets (--parts quarter)",
    WayOut.LIQUID: "a liquid",
    WayOut.OTHER_STRENGTHS: "other strengths",
    WayOut.WITHOUT_COMPANION: "the same medicine without its companion ingredient",
    WayOut.SUBSTITUTION: "cross over to another medicine",
    WayOut.ENTERED_CONVERSION: "a conversion dose, entered with its source",
    WayOut.BUPRENORPHINE_PATHWAY: "the buprenorphine pathway",
    WayOut.MAINTENANCE: "a lower dose as the goal (--target)",
    WayOut.OVERRIDE: "a named clinician's override, with reason",
    WayOut.OTHER_STRATEGY: "another strategy",
    WayOut.LONGER_INTERVAL: "a longer interval",
    WayOut.SHORTER_INTERVAL: "a shorter interval",
    WayOut.OTHER_BASELINE: "a confirmed dose that these products make",
    WayOut.OTHER_TARGET: "a target that these products make",
    WayOut.STATE_WHAT_IS_TAKEN: "how much of each product is taken, and when (--taken)",
    WayOut.CONFIRM_BASELINE: "the average intake, and who confirmed it (--baseline, --baseline-by)",
    WayOut.NAME_PRODUCTS: "the products that may be used (--products)",
}
_FINDINGS = {
    "unit-limited": "cuts that cannot be smaller",
    "pace-advised": "faster than advised",
    "tail-excess": "large cuts at the end",
    "slot-rise": "one time of day takes more",
    "dose-raised": "the dose rises",
    "original-converted": "original dose in mg of another medicine",
    "naloxone-not-on-record": "no naloxone on record",
    "mme-from-50": "50 MME or more",
    "mme-from-90": "90 MME or more",
    "use-read-from-chart": "duration of use to confirm",
    "reason-required": "reason required",
    "life-threatening-reason": "only for a life-threatening reason",
    "er-below-interval": "extended release too often",
    "cyp-change": "interacting medicine",
    "opioid-treatment-not-pain": "treatment of opioid use disorder?",
    "drug-free-nights": "nights without it",
    "patch-interval": "patches changed otherwise than by the label",
}


def named(code: str) -> str:
    """A code as words."""
    return code.replace("_", " ").replace("-", " ")


def parameter_in_words(name: str, value: str) -> str:
    """One parameter of a strategy: `percent`, `10` -> 10 %; bands as a list of cuts."""
    if name == "bands":
        return "; ".join(_band(band, is_last=not band.above) for band in bands_from(value))
    return _PARAMETERS.get(name, f"{named(name)} {{}}").format(value)


def parameters_in_words(params: Iterable[tuple[str, str]]) -> str:
    """All parameters in the order in which they happen."""
    order = list(_PARAMETERS)
    told = sorted(params, key=lambda pair: order.index(pair[0]) if pair[0] in order else len(order))
    return ", ".join(parameter_in_words(name, value) for name, value in told)


def way_in_words(strategy: str, params: Iterable[tuple[str, str]]) -> str:
    """A strategy with its parameters: `linear, 10 %, every 14 days`."""
    return ", ".join(part for part in (strategy, parameters_in_words(params)) if part)


def way_out_in_words(way: WayOut) -> str:
    """What could make a taper possible."""
    return _WAYS_OUT[way]


def finding_in_words(code: str) -> str:
    """What a finding is about, in a few words; its message says the rest."""
    return _FINDINGS.get(code, named(code))


def refusal_in_words(message: str) -> str:
    """Why a strategy cannot be asked, where it begins with the name of what was not given."""
    name, colon, rest = message.partition(": ")
    return f"{_ASKED[name]}: {rest}" if colon and name in _ASKED else message


def _band(band: BandRow, *, is_last: bool) -> str:
    above = "then" if is_last else f"above {_amount(band.above, 'mg' if band.of == 'mg' else 'baseline')}:"
    hold = f", after a pause of {band.hold_days} days" if band.hold_days else ""
    return f"{above} {_amount(band.cut, band.of)} every {band.every_days} days{hold}"


def _amount(value: Fraction, of: str) -> str:
    return (brief(as_exact(value)) if of == "mg" else one_decimal(value)) + _BASIS[of]
