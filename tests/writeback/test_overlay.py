"""Overlays against what is known of each server: written here by hand, never read from the files. Changing any value of a file fails."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fhir_taper.writeback
from fhir_taper.errors import SettingsError, TableError
from fhir_taper.writeback.changes import by_overlay
from fhir_taper.writeback.overlay import Overlay, Row, load_overlay, overlay_of

FOLDER = Path(fhir_taper.writeback.__file__).parent / "overlays"
NO_ORDERS = {
    "status": ("active", "on-hold", "completed", "stopped"),
    "intent": ("order", "original-order", "reflex-order", "filler-order", "instance-order", "option"),
}
PROPOSAL = {"status": "draft", "intent": "proposal", "reportedBoolean": False}
CREATED = "FHIR R4, http.html#create; the condition If-None-Exist is honoured where identifier can be searched"
UPDATED = "FHIR R4, http.html#update: If-Match, 409 or 412 for a version that is not the current one"
LOST = "design choice: an answer of a server that nobody described may be lost and a replay filed twice"


def row(kind: str, interaction: str, meaning: str, **known: Any) -> Row:
    """One fact: as everywhere, a version that is not the current one is 409 or 412, and nothing is stripped or cut."""
    is_update = interaction == "update"
    source = UPDATED if is_update else CREATED
    facts: dict[str, Any] = {"sign_off": "before", "idempotent": is_update, "source": source, "mark": "P"} | known
    return Row(kind, interaction, allowed=True, meaning=meaning, stale_if_match=(409, 412), **facts)


KNOWN = {
    "generic": Overlay(
        "generic",
        "an EHR that nobody described: documents and messages only, until a person has probed it",
        "required",
        "never",
        "design choice: what is not described is not written to",
        "D",
        {
            (one.resource_type, one.interaction): one
            for one in (
                row(
                    "Communication",
                    "create",
                    "a message in the patient's record",
                    required={"status": "preparation"},
                    source=LOST,
                    mark="D",
                ),
                row(
                    "DocumentReference",
                    "create",
                    "a draft note in the patient's record",
                    required={"status": "current", "docStatus": "preliminary"},
                    source=LOST,
                    mark="D",
                ),
            )
        },
    ),
    "fhir-platform": Overlay(
        "fhir-platform",
        "a FHIR server that stores resources as they are sent",
        "optional",
        "offered",
        "measured against SEKMET 0.1.1 and the Medplum router 5.2",
        "M",
        {
            (one.resource_type, one.interaction): one
            for one in (
                row(
                    "Bundle",
                    "transaction",
                    "all entries or none; one router keeps the entries that went well before one failed",
                    atomic=False,
                    source="measured: SEKMET rolls back, the Medplum router does not",
                    mark="M",
                ),
                row("Appointment", "create", "an appointment", required={"status": "proposed"}),
                row("CarePlan", "create", "a care plan of its own", required={"intent": "plan"}),
                row("CarePlan", "update", "the next version of that care plan", required={"intent": "plan"}),
                row("CareTeam", "create", "a care team"),
                row("CareTeam", "update", "the next version of that care team"),
                row("Communication", "create", "a message in the patient's record", sign_off="none"),
                row("CommunicationRequest", "create", "a request to send a message", sign_off="none"),
                row("DetectedIssue", "create", "an issue with the medication", sign_off="none"),
                row("Device", "create", "this program, as the assembler of what it wrote", sign_off="none"),
                row("DocumentReference", "create", "a note in the patient's record", required={"status": "current"}),
                row("Flag", "create", "a warning on the chart", sign_off="none"),
                row("Goal", "create", "a goal of its own"),
                row("Goal", "update", "the next version of that goal"),
                row("MedicationRequest", "create", "stored as sent: a draft proposal stays one", required=PROPOSAL, forbidden=NO_ORDERS),
                row("MedicationRequest", "update", "stored as sent: a draft proposal stays one", required=PROPOSAL, forbidden=NO_ORDERS),
                row("Observation", "create", "a measurement", sign_off="none"),
                row("Provenance", "create", "who wrote what, by which program, from what", sign_off="none", search="target"),
                row("QuestionnaireResponse", "create", "an answered form", sign_off="none"),
                row("RequestGroup", "create", "the steps of a care plan", required={"intent": "plan"}),
                row("RequestGroup", "update", "the next version of those steps", required={"intent": "plan"}),
                row("Task", "create", "a task for a person", sign_off="none"),
            )
        },
    ),
}


def holds(name: str, text: str) -> bool:
    """Whether a file of this text says what is known, and nothing else."""
    try:
        return overlay_of(text, f"{name}.toml") == KNOWN[name]
    except TableError:
        return False


def test_there_are_these_overlays_and_no_others() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.toml")) == sorted(KNOWN)


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_an_overlay_says_what_is_known_of_its_server(name: str) -> None:
    assert load_overlay(name) == KNOWN[name]


def other(value: Any) -> Any:
    if isinstance(value, bool):
        return not value
    if isinstance(value, str):
        return f"{value}x"
    if isinstance(value, int):
        return value + 1
    if isinstance(value, list):
        return value[:-1]
    return {key: other(item) for key, item in list(value.items())[:1]} | dict(list(value.items())[1:])


def mutations(name: str) -> Iterator[tuple[str, str]]:
    """Every way to alter one value, drop one key or drop one row of a file, as text."""
    document = tomllib.loads((FOLDER / f"{name}.toml").read_text())
    for key, value in document.items():
        if not isinstance(value, dict):
            yield f"{key} changed", dumped(document | {key: other(value)})
            continue
        for interaction, values in value.items():
            place = f"{key}.{interaction}"
            yield f"{place} dropped", dumped(document | {key: {one: rest for one, rest in value.items() if one != interaction}})
            for field, said in values.items():
                changed = document | {key: value | {interaction: values | {field: other(said)}}}
                yield f"{place}.{field} changed", dumped(changed)
                less = {one: rest for one, rest in values.items() if one != field}
                yield f"{place}.{field} dropped", dumped(document | {key: value | {interaction: less}})


def dumped(document: dict[str, Any]) -> str:
    lines = [f"{key} = {inline(value)}" for key, value in document.items() if not isinstance(value, dict)]
    for kind, interactions in document.items():
        if isinstance(interactions, dict):
            for interaction, values in interactions.items():
                lines += [f"[{kind}.{interaction}]", *(f"{key} = {inline(value)}" for key, value in values.items())]
    return "\n".join(lines)


def inline(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {inline(item)}" for key, item in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(inline(item) for item in value) + "]"
    return str(value) if isinstance(value, int) else '"' + value.replace('"', '\\"') + '"'


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_altering_any_value_of_an_overlay_is_noticed(name: str) -> None:
    assert holds(name, dumped(tomllib.loads((FOLDER / f"{name}.toml").read_text())))
    # What says the default of its field may be left unsaid; everything else may not.
    unsaid = [what for what, text in mutations(name) if holds(name, text)]
    assert unsaid == []
    assert len(list(mutations(name))) > 20


HEAD = 'name = "x"\nsays = "y"\nstatement = "required"\nvalidate = "offered"\nsource = "z"\nmark = "M"\n'
ROW = (
    HEAD
    + """
[Goal.create]
allowed = true
meaning = "a"
sign_off = "none"
idempotent = true
stale_if_match = [412]
source = "s"
mark = "P"
"""
)


@pytest.mark.parametrize(
    ("text", "named"),
    [
        (ROW + "alowed = true\n", "Goal.create.alowed is not a key"),
        ("nam = 1\n" + ROW, "nam is not a key"),
        (HEAD.replace('mark = "M"\n', ""), "mark is missing"),
        (HEAD.replace('mark = "M"', 'mark = "X"'), "mark is none of"),
        (HEAD.replace("required", "maybe"), "statement is none of"),
        (HEAD.replace("offered", "always"), "validate is none of"),
        (ROW.replace("allowed = true", 'allowed = "yes"'), "Goal.create.allowed is not a bool"),
        (ROW.replace('source = "s"\n', ""), "Goal.create.source is missing"),
        (ROW.replace("[412]", '["412"]'), "Goal.create.stale_if_match holds"),
        (ROW.replace("Goal.create", "Goal.delete"), "Goal.delete is no interaction"),
        (ROW + 'search = "name"\n', "Goal.create.search is none of"),
        (ROW + "limits = { title = -1 }\n", "Goal.create.limits is not a length"),
        (ROW + 'forbidden = { status = "active" }\n', "Goal.create.forbidden is not a list"),
        ("not toml", "x.toml"),
    ],
)
def test_a_file_that_is_wrong_is_refused_naming_file_and_key(text: str, named: str) -> None:
    with pytest.raises(TableError) as error:
        overlay_of(text, "x.toml")
    assert named in str(error.value)
    assert "x.toml" in str(error.value)


def test_a_vendor_without_an_overlay_is_named() -> None:
    with pytest.raises(SettingsError, match="'acme' has no overlay; there are fhir-platform, generic"):
        load_overlay("acme")


def test_a_row_says_what_is_stripped_required_forbidden_and_too_long() -> None:
    overlay = overlay_of(ROW + 'strip = ["note"]\nrequired = { a = "b" }\nforbidden = { c = ["d"] }\nlimits = { e = 2 }\n', "x.toml")
    shaped, stripped, refused = by_overlay({"resourceType": "Goal", "note": 1, "c": "d", "e": ["abc"]}, overlay, "create")
    assert shaped == {"resourceType": "Goal", "c": "d", "e": ["abc"]}
    assert stripped == ("without note: x does not take it",)
    assert refused == ("a must be b there", "c may not be d there", "e is longer than 2 there")
    assert by_overlay({"resourceType": "Flag"}, overlay, "create")[2] == ("Flag.create is not in the overlay x",)
