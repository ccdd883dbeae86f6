"""The chart with what only the watching of a plan looks at: filled forms, appointments, visits, medicines given,
consents. Read once per read of the chart.

What the EHR does not give is said, type by type: a rule that needs it cannot be judged, and nothing else waits for it.
"""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Final

from fhir_taper.mappers.bundle import decode_chart
from fhir_taper.mappers.chart import Chart
from fhir_taper.smart.search import Found
from fhir_taper.workflow.load_chart import SEARCHED, Loaded, issues_of, parts_of, search_of_patient
from fhir_taper.workflow.open_chart import OpenChart

WATCHED: Final = ("QuestionnaireResponse", "Appointment", "Encounter", "MedicationAdministration", "Consent")
_KEY: Final = "watched"


def load_watched(chart: OpenChart, loaded: Loaded) -> Chart:
    """The chart that was loaded, with the types of WATCHED. Raises AccessEnded."""
    if _KEY not in loaded.watched:
        loaded.watched[_KEY] = _load(chart, loaded.chart)
    return loaded.watched[_KEY]


def searched(loaded: Loaded) -> frozenset[str]:
    """Types that were searched and wholly given: that there is none means that there is none."""
    watched = loaded.watched.get(_KEY)
    failed = {issue.source for issue in watched.issues if issue.code in ("not-read", "maybe-incomplete")} if watched else set(WATCHED)
    return frozenset(SEARCHED) - loaded.not_read - loaded.in_part | (frozenset(WATCHED) - failed)


def _load(chart: OpenChart, base: Chart) -> Chart:
    with ThreadPoolExecutor(len(WATCHED), thread_name_prefix="watched") as pool:
        found = dict(zip(WATCHED, pool.map(lambda kind: search_of_patient(chart, kind), WATCHED), strict=True))
    resources = [one for answer in found.values() if isinstance(answer, Found) for one in answer.resources]
    beside = decode_chart(parts_of(resources))
    issues = (*base.issues, *issues_of(found), *beside.issues)
    return replace(
        base,
        by_type={**base.by_type, **{kind: beside.of(kind) for kind in WATCHED if beside.of(kind)}},
        issues=issues,
        set_aside=(*base.set_aside, *beside.set_aside),
        index={**base.index, **beside.index},
    )
