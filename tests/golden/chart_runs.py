"""Runs the command line on every external chart and writes down what came of it.

`python -m tests.golden.chart_runs` writes the golden files of `external_charts` again; read the difference before you commit it. The charts
lie beside the checkout and are only read. A chart is read for the newest day on which one of its medicines was written, dispensed or
reported, so that its orders are as current as they ever were; a chart without such a day is read for the day of its family.
"""

import contextlib
import io
import json
import re
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

from fhir_taper.cli import main as command
from tests.golden import chart_results as golden
from tests.golden.chart_results import ChartRow, ItemRow, OrderRow, TaperRow, Trial

Json = dict[str, Any]
DATA = Path(__file__).resolve().parents[3] / "shared" / "data"
MEDICINES: Final = frozenset({"MedicationRequest", "MedicationStatement", "MedicationDispense"})
ACCEPTED, REFUSED, NO_ANSWER = "0", "3", "4"
BENZO_TABLE: Final = "va-dod-2021"
"""The equivalents that a substitution among the trials goes by; none is the default of the program."""

_WRITTEN: Final = ("authoredOn", "whenHandedOver", "whenPrepared", "dateAsserted", "effectiveDateTime")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")

CONTROLLED: Final = re.compile(
    r"codone|morph|fentan|codeine|tramadol|meperidine|methadone|buprenorphine|suboxone|tapentadol|percocet|butorphanol|pentazocine|"
    r"nalbuphine|levorphanol|opium|azepam|zolam|diazepoxide|clobazam|clorazepate|zolpidem|zopiclone|zaleplon",
    re.IGNORECASE,
)
"""Names of opioids, benzodiazepines and z-drugs, and the brands that the charts use: a reader's list, not the program's tables."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How one run of the command line ended."""

    status: str
    out: bytes
    err: str

    @property
    def json(self) -> Json:
        """The answer with every number as it was printed."""
        read: Json = json.loads(self.out, parse_float=Decimal)
        return read


@dataclass(frozen=True, slots=True)
class Run:
    """One chart: its line, its listed items, and how the command ended."""

    row: ChartRow
    items: tuple[ItemRow, ...]
    ended: Ended


def run_command(*arguments: str) -> Ended:
    """The command line in this process. Whatever it throws goes through: a traceback is a failure of the caller."""
    out, err = io.TextIOWrapper(io.BytesIO(), encoding="utf-8"), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            command(list(arguments))
        except SystemExit as ended:
            status = str(ended.code)
    out.flush()
    return Ended(status, out.buffer.getvalue(), err.getvalue())


def chart_names(data: Path = DATA) -> list[str]:
    """Every chart as family/file, sorted."""
    return sorted(path.relative_to(data).as_posix() for path in data.glob("*/*.json"))


def run_chart(name: str, data: Path = DATA) -> Run:
    """`regimen` on one chart."""
    as_of = day_of_chart(name, data)
    ended = run_command("regimen", str(data / name), "--as-of", as_of, "--format", "json")
    if ended.status == REFUSED:
        says = ended.err.strip().replace(f"{data}/", "").removeprefix("fhir-taper: ").replace(f"{name}: ", "")
        return Run(ChartRow(name, as_of, ended.status, "", "", "", "", says), (), ended)
    answer = ended.json
    totals = answer["totals"]
    row = ChartRow(
        name,
        as_of,
        ended.status,
        str(len(answer["items"])),
        "" if answer["complete"] else "incomplete",
        _total(totals["mme"]),
        _total(totals["diazepam_mg"]),
        "",
    )
    listed = tuple(_item(name, item) for item in answer["items"] if item["class"] in golden.LISTED)
    return Run(row, listed, ended)


def run_order(name: str, reference: str, resource: Json, folder: Path) -> OrderRow:
    """`regimen` on one order alone, as if it were current on the day that it begins; `folder` takes the file."""
    as_of = day_of_order(resource) or golden.families()[golden.family_of(name)].as_of
    alone = folder / "order.json"
    alone.write_text(json.dumps(_as_if_current(resource)))
    (item,) = run_command("regimen", str(alone), "--as-of", as_of, "--format", "json").json["items"]
    row = _item(name, item)
    return OrderRow(name, reference, as_of, row.drug, row.drug_class, row.state, row.reason, row.scheduled_mg, row.max_mg, row.how)


def run_trial(trial: Trial, data: Path = DATA) -> TaperRow:
    """`strategies` with the baseline, and `plan --strategy linear` without and with it, from the day that the chart is read for."""
    start = day_of_chart(trial.chart, data)
    asked = (str(data / trial.chart), "--drug", trial.drug, "--start", start, "--benzo-table", BENZO_TABLE, "--format", "json")
    confirmed = ("--baseline", trial.baseline_mg, "--baseline-by", "a reader of the chart")
    unconfirmed = run_command("plan", *asked, "--strategy", "linear")
    compared = run_command("strategies", *asked, *confirmed)
    planned = run_command("plan", *asked, *confirmed, "--strategy", "linear")
    for ended in (unconfirmed, compared, planned):
        if ended.status not in {ACCEPTED, NO_ANSWER}:
            raise AssertionError(f"{trial.chart} {trial.drug}: status {ended.status}, {ended.err.strip()}")
    candidates = compared.json.get("candidates", [])
    return TaperRow(
        trial.chart,
        trial.drug,
        start,
        trial.baseline_mg,
        f"{unconfirmed.status}: {_planned(unconfirmed.json)}",
        compared.status,
        str(len(candidates)),
        str(sum(candidate["feasible"] for candidate in candidates)),
        planned.status,
        _planned(planned.json),
        " ".join(dict.fromkeys(finding["code"] for finding in planned.json.get("findings", []) if finding["severity"] == "Stop")),
    )


def medicines_of(name: str, data: Path = DATA) -> list[tuple[str, Json]]:
    """Every medication resource anywhere in a file, read as plain JSON, with a reference: by its id, else by the fullUrl of its entry.

    What is contained in another resource is a part of that one and no order of its own.
    """
    return list(_medicines(json.loads((data / name).read_text(encoding="utf-8")), ""))


def is_controlled(resource: Json) -> bool:
    """Whether the words for the medicine name an opioid, benzodiazepine or z-drug."""
    said = [resource.get(part) for part in ("medicationCodeableConcept", "medicationReference", "contained")]
    return bool(CONTROLLED.search(json.dumps(said)))


def instructions_of(resource: Json) -> list[Json]:
    """The Dosages of a request, dispense or statement."""
    found: list[Json] = resource.get("dosageInstruction", []) + resource.get("dosage", [])
    return found


def day_of_order(resource: Json) -> str:
    """The day from which an order counts: the latest of its starts, else the day it was written; "" where it has none."""
    bounds = [one.get("timing", {}).get("repeat", {}).get("boundsPeriod", {}).get("start", "") for one in instructions_of(resource)]
    starts = [*bounds, resource.get("dispenseRequest", {}).get("validityPeriod", {}).get("start", "")]
    return max(_days([*starts, *(resource.get(part, "") for part in ("whenHandedOver", "whenPrepared"))]), default="") or max(
        _days([resource.get("authoredOn", "")]), default=""
    )


def day_of_chart(name: str, data: Path = DATA) -> str:
    """The newest day on which a medicine of the chart was written, dispensed or reported; else the day of its family."""
    written = (resource.get(part, "") for _, resource in medicines_of(name, data) for part in _WRITTEN)
    return max(_days(written), default="") or golden.families()[golden.family_of(name)].as_of


def all_orders(data: Path = DATA) -> list[tuple[str, str, Json]]:
    """Every order of a tapered class, anywhere in a file, that has an instruction: chart, reference, resource."""
    return [
        (name, reference, resource)
        for name in chart_names(data)
        for reference, resource in medicines_of(name, data)
        if is_controlled(resource) and instructions_of(resource)
    ]


def _medicines(value: Any, url: str) -> Iterator[tuple[str, Json]]:
    if isinstance(value, list):
        for one in value:
            yield from _medicines(one, "")
    if isinstance(value, dict):
        kind = value.get("resourceType")
        if kind in MEDICINES:
            yield f"{kind}/{value.get('id') or url.rpartition(':')[2].rpartition('/')[2]}", value
        for part, inside in value.items():
            if part == "contained":
                continue
            yield from _medicines(inside, value.get("fullUrl", "") if part == "resource" else "")


def _as_if_current(resource: Json) -> Json:
    current = {"status": "completed" if resource["resourceType"] == "MedicationDispense" else "active"}
    return resource | current | ({"intent": "order"} if "intent" in resource else {})


def _days(texts: Iterable[str]) -> list[str]:
    return [text[:10] for text in texts if _DAY.match(text)]


def _item(name: str, item: Json) -> ItemRow:
    marks = {
        "as needed": item["as_needed"],
        "candidate": item["taper_candidate"],
        "opioid use disorder treatment": item["oud_treatment"],
        "possible duplicate": bool(item["possible_duplicate_of"]),
    }
    return ItemRow(
        name,
        " ".join(item["sources"]),
        item["drug"],
        item["class"],
        item["state"],
        item["reason"] or item["max_reason"] or "",
        _number(item["scheduled_mg_per_day"]),
        _number(item["max_mg_per_day"]),
        ", ".join(mark for mark, is_so in marks.items() if is_so),
        item["how"],
    )


def _total(total: Json) -> str:
    """A maximum total with its flags, for example "60, at least" or "5 to 10"."""
    most = total["range"]["max"] if "range" in total else total["max"]
    ends = [most] if not isinstance(most, list) else sorted(set(most))
    flags = [words for flag, words in (("at_least", "at least"), ("up_to", "up to")) if total[flag]]
    return ", ".join([" to ".join(_number(end) for end in ends), *flags])


def _planned(answer: Json) -> str:
    if "infeasible" in answer:
        return str(answer["infeasible"]["reason"])
    last = answer["steps"][-1]
    return f"{len(answer['steps'])} steps, last from {last['start']}"


def _number(value: Decimal | int | None) -> str:
    return "" if value is None else str(value)


def main() -> None:
    """Write the golden files again."""
    runs = [run_chart(name) for name in chart_names()]
    with tempfile.TemporaryDirectory() as folder:
        orders = [run_order(*order, Path(folder)) for order in all_orders()]
    written = {
        "charts.csv": golden.text_of((run.row for run in runs), ChartRow),
        "items.csv": golden.text_of((item for run in runs for item in run.items), ItemRow),
        "orders.csv": golden.text_of(orders, OrderRow),
        "tapers.csv": golden.text_of((run_trial(trial) for trial in golden.trials()), TaperRow),
    }
    for file, text in written.items():
        (golden.FOLDER / file).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
