"""The plan editor as a browser meets it, with scripts and without: every edit is a form, what is refused is said, nothing is lost."""

import re
from hashlib import sha256
from html import unescape
from importlib.resources import files
from urllib.parse import urlencode

import pytest

from fhir_taper.cli.demo_walk import Page, Shown
from fhir_taper.web.rendering import STATIC
from tests.web.running import MIXED, Person, Stage

LIVE = {"HX-Request": "true"}
MOST_BYTES = 150_000


@pytest.fixture
def person(stage: Stage) -> Person:
    """Somebody with a draft of 19 steps: 10, 9.5, 9 … mg diazepam a day, four weeks each."""
    stage.forget(MIXED)
    person = stage.opened(MIXED)
    person.send("strategies", "/strategies", drug="diazepam", benzo_table="va-dod-2021", reason="falls", percent="5")
    assert person.send("strategies", "/choose", way="strategy linear").status == 200
    return person


def forms(shown: Shown) -> dict[str, dict[str, str]]:
    """The forms of the open step, by what they do."""
    return {one.fields["edit"]: one.fields for one in Page(shown.text).forms if "edit" in one.fields}


def edited(person: Person, kind: str, **values: str) -> Shown:
    """An edit of step 3 without scripts."""
    return person.browser.post(f"{person.here}/plan/edit", forms(person.get("plan?step=3"))[kind] | values)


def live(person: Person, kind: str, **values: str) -> Shown:
    """An edit of step 3 with scripts: the part of the page comes back."""
    fields = forms(person.get("plan?step=3"))[kind] | values
    return person.browser.once("POST", f"{person.browser.at.split('/app/')[0]}{person.here}/plan/edit", urlencode(fields).encode(), LIVE)


def notice(shown: Shown) -> str:
    found = re.search(r'id="notice".*?</section>', shown.text, re.DOTALL)
    return unescape(re.sub(r"<[^>]+>", " ", found[0])) if found else ""


def rows(shown: Shown) -> list[str]:
    """Dates, days and doses of the table, a line for each step."""
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r'<tr id="step-\d+".*?</tr>', shown.text, re.DOTALL)]


def test_a_step_is_opened_by_a_link_and_says_what_may_be_done_to_it(person: Person) -> None:
    shown = person.get("plan?step=3")
    assert set(forms(shown)) == {"dose", "lasts", "pause", "delete"}
    assert "Step 3: 8.5 mg a day, 28 days" in Page(shown.text).text
    assert re.findall(r'<option value="([\d.]+)"', shown.text) == ["9", "8.5", "8"]
    assert "Pause reductions, keep taking 8.5 mg a day" in shown.text


def test_where_nothing_may_be_done_no_step_is_open(person: Person) -> None:
    for step in ("18", "99", "x", "-1", ""):
        assert forms(person.get(f"plan?step={step}")) == {}


@pytest.mark.parametrize(
    ("kind", "values", "says"),
    [
        ("dose", {"mg": "9"}, "Undo: step 3 set to 9 mg a day"),
        ("lasts", {"lasts": "42"}, "Undo: step 3 made 14 days longer"),
        ("lasts", {"lasts": "42", "later": "yes"}, "Undo: step 3 and each later one made 14 days longer"),
        ("pause", {"days": "14"}, "Undo: step 3 paused for 14 days"),
        ("delete", {}, "Undo: step 3 left out"),
    ],
)
def test_an_edit_without_scripts_is_saved_and_shown_with_its_step_open(
    person: Person, kind: str, values: dict[str, str], says: str
) -> None:
    before = rows(person.get("plan"))
    shown = edited(person, kind, **values)
    assert (shown.status, notice(shown)) == (200, "")
    assert says in shown.text
    assert rows(shown) != before
    assert person.browser.at.endswith("/plan?step=3#step-3")


def test_a_pause_looks_different_and_says_what_it_is(person: Person) -> None:
    shown = edited(person, "pause", days="14")
    assert '<tr id="step-4" class="pause">' in shown.text
    assert "pause: keep taking this dose" in rows(shown)[4]
    assert "paused for 14 days, Demo Prescriber" in rows(shown)[4]


def test_live_the_part_that_changed_comes_back_with_everything_made_anew(person: Person) -> None:
    shown = live(person, "dose", mg="9")
    assert shown.status == 200
    assert shown.text.lstrip().startswith('<div id="editor"')
    for part in ('<tr id="step-3"', "step-chart", "<h2>Findings</h2>", 'id="undo"', 'hx-swap-oob="innerHTML"'):
        assert part in shown.text
    assert "<html" not in shown.text
    assert "17 steps in" in shown.text
    assert rows(shown) == rows(person.get("plan?step=3"))


def test_undo_and_redo_bring_back_the_same_page(person: Person) -> None:
    before = rows(person.get("plan"))
    after = rows(edited(person, "pause", days="14"))
    undone = person.send("plan", "/plan/undo")
    assert [re.sub(" Close step| Edit step", "", one) for one in rows(undone)] == [
        re.sub(" Close step| Edit step", "", one) for one in before
    ]
    assert "Redo: step 3 paused for 14 days" in undone.text
    assert "Undo:" not in undone.text
    assert len(rows(person.send("plan", "/plan/redo"))) == len(after)


@pytest.mark.parametrize(
    ("kind", "values", "status", "says"),
    [
        (
            "dose",
            {"mg": "8.2"},
            409,
            "8.2 mg a day cannot be made with these products at these times; next to it 8 mg a day and 8.5 mg a day can",
        ),
        ("dose", {"mg": "9.5"}, 409, "9.5 mg a day is more than the 9 mg a day of step 2: a taper never raises a dose"),
        ("dose", {"mg": "5"}, 409, "step 4 would then rise to 8 mg a day"),
        ("dose", {"mg": "5", "later": "yes"}, 409, "beyond 25 % in 14 days"),
        ("dose", {"mg": "1,5"}, 422, "Dose: '1,5' is not an amount"),
        ("dose", {"mg": ""}, 422, "Dose: say how many mg a day"),
        ("lasts", {"lasts": "14"}, 422, "step 3 lasts 28 days, and steps are made longer here, never shorter"),
        ("lasts", {"lasts": "x"}, 422, "Days: 'x' is not a number of days like 14"),
        ("pause", {"days": "0"}, 409, "a step lasts from 1 to 1095 days"),
        ("pause", {"edit": "raise"}, 422, "the form is damaged"),
        ("pause", {"step": "99"}, 409, "there is no step 99"),
        ("pause", {"revision": "x"}, 422, "the form is damaged"),
    ],
)
def test_what_is_refused_says_why_above_the_draft_as_it_was(
    person: Person, kind: str, values: dict[str, str], status: int, says: str
) -> None:
    before = rows(person.get("plan"))
    for send in (edited, live):
        shown = send(person, kind, **values)
        assert shown.status == status
        assert says in notice(shown)
        assert len(rows(shown)) == len(before)
    assert rows(person.get("plan")) == before


def test_a_page_that_another_tab_overtook_gets_the_draft_as_it_is_and_nothing_is_lost(person: Person) -> None:
    stale = forms(person.get("plan?step=3"))["pause"]
    shown = edited(person, "lasts", lasts="42")
    late = person.browser.post(f"{person.here}/plan/edit", stale | {"days": "14"})
    assert late.status == 409
    assert "Somebody else was first" in notice(late)
    assert "what you sent was not done" in notice(late)
    assert [row.replace("Close", "Edit") for row in rows(late)] == [row.replace("Close", "Edit") for row in rows(shown)]
    assert person.browser.post(f"{person.here}/plan/edit", forms(late)["pause"] | {"days": "14"}).status == 200


def test_live_a_draft_that_is_gone_is_said_by_a_whole_page(person: Person, stage: Stage) -> None:
    fields = forms(person.get("plan?step=3"))["pause"] | {"days": "14"}
    stage.forget(MIXED)
    shown = person.browser.once("POST", f"{person.browser.at.split('/app/')[0]}{person.here}/plan/edit", urlencode(fields).encode(), LIVE)
    assert "There is no plan yet" in shown.text
    assert (shown.header("hx-retarget"), shown.header("hx-reswap")) == ("body", "innerHTML")


def test_who_only_reads_sees_the_plan_and_edits_nothing(person: Person, stage: Stage) -> None:
    reader = stage.opened(MIXED, "reader")
    shown = reader.get("plan?step=3")
    assert "Edit step" not in Page(shown.text).text
    assert forms(shown) == {}
    fields = forms(person.get("plan?step=3"))["pause"] | {"csrf": reader.form("plan", "/refresh")["csrf"], "days": "14"}
    assert reader.browser.post(f"{reader.here}/plan/edit", fields).status == 403


def test_what_is_asked_anew_says_that_the_edits_will_be_gone(person: Person) -> None:
    assert "will be gone" not in person.get("plan").text
    edited(person, "pause", days="14")
    assert "The 1 edit of single steps will be gone." in person.get("plan").text
    shown = person.send("plan", "/plan", percent="10")
    assert shown.status == 200
    assert "Undo:" not in shown.text


def test_only_the_editor_runs_scripts_and_only_our_own(person: Person) -> None:
    for screen in ("regimen", "safety", "approve"):
        shown = person.get(screen)
        assert "<script" not in shown.text
        assert "script-src" not in shown.header("content-security-policy")
    shown = person.get("plan")
    assert "script-src 'self'; connect-src 'self'" in shown.header("content-security-policy")
    assert not re.search(r"<script(?! src=\"/static/)", shown.text)
    assert not re.search(r"\son[a-z]+=|\sstyle=|javascript:|hx-on|hx-vals=.js", shown.text)
    for wanted in ('"allowEval":false', '"includeIndicatorStyles":false', '"selfRequestsOnly":true', '"historyEnabled":false'):
        assert wanted in shown.text


def test_files_are_kept_for_ever_under_names_that_change_with_them(person: Person, stage: Stage) -> None:
    text = person.get("plan").text
    assert len(STATIC) == 3
    for one in STATIC:
        assert one.path in text
        shown = stage.browser().once("GET", stage.demo.app_url + one.path)
        assert (shown.status, shown.header("cache-control")) == (200, "public, max-age=31536000, immutable")
        assert shown.header("content-type").startswith(one.media_type)
        assert shown.text.encode() == one.body


def test_the_page_of_a_long_plan_and_all_its_files_are_small(person: Person) -> None:
    shown = person.get("plan?step=3")
    assert len(rows(shown)) == 19
    per_row = max(len(row.encode()) for row in re.findall(r'<tr id="step-\d+".*?</tr>', shown.text, re.DOTALL))
    longest = len(shown.text.encode()) + 41 * per_row  # a plan of 60 steps
    assert longest + sum(len(one.body) for one in STATIC) <= MOST_BYTES


def test_our_own_script_is_short_and_the_vendored_one_is_as_it_came() -> None:
    folder = files("fhir_taper.web").joinpath("static")
    assert len(folder.joinpath("app.js").read_text().splitlines()) <= 100
    vendored = sha256(folder.joinpath("htmx-2.0.11.min.js").read_bytes()).hexdigest()
    assert vendored in folder.joinpath("LICENSES.md").read_text()
