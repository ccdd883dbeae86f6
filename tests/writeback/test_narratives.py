"""Somebody's change of the narrative of what we wrote is seen by its words, and written over only by whoever accepts that."""

from typing import Any

import pytest

from fhir_taper.errors import WriteRefused
from fhir_taper.records import WriteState
from fhir_taper.writeback.changes import Doing
from fhir_taper.writeback.narratives import edited_words, narrative_digest
from fhir_taper.writeback.prepare import Prepared
from tests.writeback.fake_ehr import FakeEhr
from tests.writeback.writing import Scene, approved, revised

Json = dict[str, Any]
PLAN = approved()
OURS = {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><p><b>4 mg</b> a day &amp; a review</p></div>'}


def div(inside: str, status: str = "generated") -> Json:
    return {"status": status, "div": f'<div xmlns="http://www.w3.org/1999/xhtml">{inside}</div>'}


def shown(text: Json | None) -> str:
    return narrative_digest({} if text is None else {"text": text})


def edit(scene: Scene, old: str, new: str) -> None:
    """Somebody changes words of the narrative in the EHR."""
    text = scene.ehr.only("CarePlan")["text"]
    assert old in text["div"]
    scene.ehr.edit("CarePlan", text=text | {"div": text["div"].replace(old, new)})


def plan_card(prepared: Prepared) -> Any:
    return next(card for card in prepared.preview().cards if card.resource_type == "CarePlan")


def test_a_changed_narrative_is_shown_and_written_over_only_by_whoever_accepts_it() -> None:
    scene = Scene()
    scene.write(PLAN)
    edit(scene, "Active.", "Active. The patient takes 9 tablets.")
    prepared = scene.prepare(PLAN)
    card = plan_card(prepared)
    assert (card.doing, prepared.preview().is_held) == (Doing.UPDATE, False)
    ((now, written),) = [(line.now, line.will_be) for line in card.differs if line.field == "text"]
    assert "Active. The patient takes 9 tablets." in now
    assert "tablets" not in written
    (ask,) = prepared.asks
    assert "takes 9 tablets." in ask.says
    with pytest.raises(WriteRefused, match="not accepted: Somebody changed the narrative of CarePlan/"):
        scene.send(prepared, PLAN)
    assert scene.send(prepared, PLAN, accepted=[ask.name]).state is WriteState.WRITTEN
    assert "9 tablets" not in scene.ehr.only("CarePlan")["text"]["div"]
    assert (scene.prepare(PLAN).preview().count, scene.prepare(PLAN).preview().is_held) == (0, True)


def test_the_next_version_says_that_it_would_write_over_a_changed_narrative() -> None:
    scene = Scene()
    scene.write(PLAN)
    edit(scene, "Active.", "Active. The patient takes 9 tablets.")
    second = revised(PLAN, reason="other words")
    prepared = scene.prepare(second, base=PLAN)
    assert [one.why for one in prepared.asks] == ["narrative"]
    assert [one.why for one in Scene(ehr=scene.ehr, ledger_knows=False).prepare(second, base=PLAN).asks] == ["narrative"]


@pytest.mark.parametrize("made", [None, div("<p>made by the server</p>"), div('<p class="x"><b>4 mg</b>\n a day &#38; a review</p>')])
def test_a_server_that_lays_out_makes_or_drops_narratives_itself_is_no_person(made: Json | None) -> None:
    ehr = FakeEhr()
    ehr.alter = lambda resource: {name: value for name, value in resource.items() if name != "text"} | ({"text": made} if made else {})
    scene = Scene(ehr=ehr)
    scene.write(PLAN)
    assert (scene.prepare(PLAN).preview().count, scene.prepare(PLAN).asks) == (0, ())
    ehr.edit("CarePlan", note=[{"text": "seen by the nurse"}])
    assert scene.prepare(PLAN).asks == ()


@pytest.mark.parametrize(
    ("theirs", "at_write", "is_edited"),
    [
        (OURS, shown(OURS), False),
        (div("<p>4  mg a day</p> <p>&#x26; a review</p>"), shown(OURS), False),
        (div("<p>3 mg a day &amp; a review</p>"), shown(OURS), True),
        (div("<p>3 mg a day &amp; a review</p>"), None, True),
        (None, shown(OURS), True),
        (None, None, False),
        (None, shown(None), False),
        (div("<p>3 mg</p>"), shown(None), True),
        (div("<p>by the server, now otherwise</p>"), shown(div("<p>by the server</p>")), False),
        (div("<p>by a person</p>", "additional"), shown(div("<p>by the server</p>")), True),
        (div("<p><!-- 1 > 0 -->4 mg a day &amp; a review</p>"), shown(OURS), False),
    ],
)
def test_only_words_that_are_other_than_when_it_was_written_are_somebodys(
    theirs: Json | None, at_write: str | None, is_edited: bool
) -> None:
    assert (edited_words(OURS, theirs, at_write) is not None) is is_edited


def test_a_narrative_where_we_wrote_none_is_somebodys_unless_a_server_made_it() -> None:
    assert edited_words(None, div("<p>5 mg</p>"), shown(None)) is None
    found = edited_words(None, div("<p>5 mg</p>", "additional"), shown(None))
    assert found is not None
    assert (found.now, found.written) == ("5 mg", "")
    assert "it says “5 mg” where nothing was written" in found.says("Goal/7")


def test_a_long_narrative_shows_the_place_that_differs() -> None:
    words = [f"w{number}" for number in range(500)]
    changed = [*words[:300], "CHANGED", *words[301:]]
    found = edited_words(div(" ".join(words)), div(" ".join(changed)), None)
    assert found is not None
    assert found.now == "… w294 w295 w296 w297 w298 w299 CHANGED w301 w302 w303 w304 w305 w306 …"


def test_words_that_somebody_wrote_onto_a_proposal_are_shown() -> None:
    scene = Scene()
    scene.write(PLAN)
    scene.ehr.edit("MedicationRequest", text=div("<p>do not give</p>", "additional"))
    card = next(one for one in scene.prepare(PLAN).preview().cards if one.resource_type == "MedicationRequest")
    assert [(line.field, line.now) for line in card.differs] == [("text", "do not give")]
    assert scene.prepare(PLAN).asks == ()
