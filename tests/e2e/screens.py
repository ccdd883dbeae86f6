"""A person's way through every screen of the app, as a walk that stops at each: for what must hold on all of them, and for pictures.

Fields and buttons are found by their roles and names, as assistive technology finds them.
"""

import re
from collections.abc import Callable, Iterator
from typing import Final

from playwright.sync_api import Frame, Locator, Page, Route, expect

from fhir_taper.sandbox.demo import Demo
from tests.odd_ehr import RESTRICTED, between, changing, each, refusing

ELDER: Final = "lorazepam-elder"
MIXED: Final = "diazepam-oxycodone"
PATCH: Final = "fentanyl-patch"
TEXT: Final = "text-sigs"
INCOMPLETE: Final = "incomplete-chart"
MIDWAY: Final = "mid-taper"
YEAR: Final = "year-taper"
_MOST_FINDINGS: Final = 20

View = Page | Frame
"""The app: a page of its own, or the frame in a page of the EHR."""
Press = Callable[[Locator], None]
Type = Callable[[Locator, str], None]
"""How a button or link is used, and a field filled in: by mouse, or by keys alone."""


def click(found: Locator) -> None:
    """By mouse."""
    found.click()


def fill(found: Locator, text: str) -> None:
    """By whatever means; of a list of choices, the one with this name."""
    if found.evaluate("one => one.tagName") == "SELECT":
        found.select_option(text)
    else:
        found.fill(text)


def framed(page: Page, demo: Demo, patient: str, user: str = "prescriber") -> Frame:
    """Open a patient's chart in the EHR; the app in its frame, once it shows the regimen."""
    page.goto(f"{demo.page_url}chart?patient={patient}&user={user}")
    return app_of(page, demo)


def app_of(page: Page, demo: Demo) -> Frame:
    """The frame in an open chart, once it shows the regimen."""
    page.wait_for_selector("iframe")
    frame = page.frames[1]
    frame.wait_for_url(re.compile(rf"{re.escape(demo.app_url)}/app/[^/]+/regimen"))
    return frame


def opened(page: Page, demo: Demo, patient: str, user: str = "prescriber") -> Page:
    """The app in a window of its own."""
    page.goto(demo.launch_address(patient, user))
    headed(page, "What is taken")
    return page


def button(view: View, name: str) -> Locator:
    """The first button whose name holds this."""
    return view.get_by_role("button", name=name).first


def tab(view: View, name: str) -> Locator:
    """The link to a screen."""
    return view.get_by_role("navigation", name="Screens").get_by_role("link", name=name)


def headed(view: View, words: str) -> None:
    """The screen whose heading holds these words is open."""
    expect(view.get_by_role("heading", level=1)).to_contain_text(words)


def to_written(view: View, press: Press = click, enter: Type = fill) -> Iterator[str]:
    """From the regimen to a plan that is written and read back: a stop at each screen, in each of its states."""
    headed(view, "What is taken")
    yield "regimen"
    press(tab(view, "Plan"))
    headed(view, "There is no plan yet")
    yield "plan-none"
    press(tab(view, "Strategies"))
    headed(view, "Ways to taper")
    yield "strategies-asked"
    enter(view.get_by_label("Diazepam equivalents by"), "va-dod-2021")
    enter(view.get_by_label("Reason for the taper"), "falls")
    press(button(view, "Show the ways"))
    button(view, "Choose").wait_for()
    yield "strategies"
    press(button(view, "Choose"))
    headed(view, "to stop")
    yield "plan"
    press(tab(view, "Safety"))
    headed(view, "Safety")
    yield "safety"
    for number in range(_MOST_FINDINGS):
        waiting = view.get_by_label("Reason for going on")
        if not waiting.count():
            break
        left = waiting.count()
        enter(waiting.first, "discussed with the patient")
        press(button(view, "Acknowledge"))
        expect(view.get_by_label("Reason for going on")).to_have_count(left - 1)
        if number == 0:
            yield "safety-acknowledged-one"
    press(tab(view, "Approve"))
    expect(view.locator("main")).to_contain_text("The patient's agreement")
    yield "approve-not-yet"
    enter(view.get_by_label("Who agreed"), "the patient")
    enter(view.get_by_label("To what, in their words"), "slowly, and with a pause if needed")
    press(button(view, "Note the agreement"))
    button(view, "Approve this plan").wait_for()
    yield "approve"
    press(button(view, "Approve this plan"))
    headed(view, "What will be written")
    yield "write-back"
    press(view.get_by_role("button", name=re.compile(r"Write \d+ resources? to the EHR")))
    headed(view, "What was written")
    expect(view.locator("main")).to_contain_text("read back with the same meaning")
    yield "receipt"


def reading(page: Page, demo: Demo) -> Iterator[str]:
    """What stands on the screen while the EHR takes its time."""

    def not_yet(route: Route) -> None:
        route.fulfill(status=204)  # a browser stays where it is

    page.route("**/regimen", not_yet)
    page.goto(demo.launch_address(ELDER))
    headed(page, "Reading the chart…")
    yield "opening"
    page.unroute("**/regimen")


def other_screens(page: Page, demo: Demo) -> Iterator[str]:
    """Charts that are unlike the first, and screens that a walk to the end does not show."""
    yield from reading(page, demo)
    for patient in (MIXED, PATCH, TEXT, INCOMPLETE, MIDWAY):
        opened(page, demo, patient)
        yield f"regimen-{patient}"
    opened(page, demo, PATCH)
    press_ways(page)
    yield "strategies-none-possible"
    opened(page, demo, MIDWAY)
    press_ways(page)
    yield "strategies-taper-exists"
    opened(page, demo, MIXED)
    tab(page, "Strategies").click()
    page.get_by_label("Dose to reach").fill("about half")
    button(page, "Show the ways").click()
    expect(page.get_by_role("alert")).to_contain_text("to correct")
    yield "strategies-typing-error"
    opened(page, demo, ELDER, "reader")
    for name in ("Plan", "Approve", "Write back"):
        tab(page, name).click()
        yield f"reader-{name.lower().replace(' ', '-')}"


def course_screens(page: Page, demo: Demo) -> Iterator[str]:
    """What becomes of a plan that was approved: held, compared, drafted anew. The chart is one whose plan stands already."""
    here = opened(page, demo, ELDER).url.rpartition("/")[0]
    for name in ("intake", "contingency", "review", "course", "next", "versions"):
        page.goto(f"{here}/{name}")
        yield f"standing-{name}"
    page.goto(f"{here}/course")
    _turned(page, "Hold: ")
    yield "course-hold-preview"
    button(page, "Save as version").click()
    headed(page, "What will be written")
    yield "course-write-back"
    with between(demo, changing("Condition", each(lambda one: one.update(meta=RESTRICTED)))):
        page.reload()
        headed(page, "This plan cannot be written now")
        yield "write-refused"
    button(page, "Refresh").click()
    headed(page, "What will be written")
    page.goto(f"{here}/course")
    yield "course-held"
    page.goto(f"{here}/versions")
    button(page, "Compare").click()
    page.wait_for_url("**/compare?*")
    yield "versions-compared"
    page.goto(f"{here}/versions")
    page.get_by_role("row").get_by_role("link").first.click()
    page.wait_for_url("**/versions/*")
    yield "version"
    page.goto(f"{here}/course")
    _turned(page, "Slow: ")
    yield "course-slow-preview"
    button(page, "Keep as draft").click()
    page.wait_for_url("**/next")
    yield "next-version"
    yield from not_kept_screens(page, here)
    page.goto(f"{here}/review")
    yield "review"


def watch_screens(page: Page, demo: Demo) -> Iterator[str]:
    """Plans that are watched: one of which nobody hears anything, one with a year of check-ins; a list refused; a reader."""
    here = adopted(page, demo, MIDWAY)
    page.goto(f"{here}/monitoring")
    yield "monitoring"
    page.goto(f"{here}/alerts")
    yield "alerts"
    page.goto(f"{here}/course")
    expect(page.locator("main")).to_contain_text("The next reduction waits")
    yield "course-waits"
    page.goto(f"{here}/alerts")
    _answer(page)
    yield "alerts-answered-one"
    with between(demo, refusing(403, "QuestionnaireResponse")):
        button(page, "Refresh").click()
        expect(page.locator("main")).to_contain_text("Not everything that is watched could be read")
        yield "alerts-partial"
        page.goto(f"{here}/monitoring")
        yield "monitoring-partial"
    opened(page, demo, MIDWAY, "reader")
    tab(page, "Alerts").click()
    yield "reader-alerts"
    opened(page, demo, PATCH)
    tab(page, "Monitoring").click()
    yield "monitoring-none"
    here = adopted(page, demo, YEAR)
    tab(page, "Monitoring").click()
    headed(page, "Monitoring")
    yield "monitoring-year"
    page.get_by_label("Below the dose").select_option("sleep")
    button(page, "Show").click()
    page.wait_for_url("**/monitoring?score=sleep*")
    yield "monitoring-year-sleep"
    tab(page, "Alerts").click()
    yield "alerts-none"
    yield from too_late_screens(page, here)


def too_late_screens(page: Page, here: str) -> Iterator[str]:
    """An alert after the review was passed, and one that is open when its plan ends."""
    page.goto(f"{here}/course")
    _turned(page, "Review: ")
    button(page, "Save as version").click()
    headed(page, "What will be written")
    page.goto(f"{here}/check-in/phq9")
    page.get_by_label("Several days").last.check()
    button(page, "Send").click()
    headed(page, "Act now")
    page.goto(f"{here}/check-in/daily")
    page.get_by_label("I had a seizure").check()
    button(page, "Send").click()
    headed(page, "Call the emergency number")
    page.goto(f"{here}/alerts")
    expect(page.locator("main")).to_contain_text("not wait")
    yield "alerts-too-late"
    page.goto(f"{here}/course")
    _turned(page, "Revoke: ")
    button(page, "Save as version").click()
    headed(page, "What will be written")
    page.goto(f"{here}/alerts")
    expect(page.locator("main")).to_contain_text("Open when a plan ended")
    yield "alerts-after-the-end"


def adopted(page: Page, demo: Demo, patient: str) -> str:
    """Open a chart in which a plan stands, and take it over; the address of the launch."""
    here = opened(page, demo, patient).url.rpartition("/")[0]
    page.goto(f"{here}/versions")
    take_over = button(page, "Take")
    if take_over.count():
        take_over.click()
        page.wait_for_load_state()
    return here


def _answer(page: Page) -> None:
    """Answer the first alert."""
    unfolded = page.locator("details").filter(has_text="What was decided").first
    unfolded.locator("summary").click()
    unfolded.get_by_label("What was decided").select_option("called")
    unfolded.get_by_label("Reason").fill("lost her phone; she is well")
    unfolded.get_by_role("button").click()
    expect(page.locator("main")).to_contain_text("Answered, and not over yet")


def not_kept_screens(page: Page, here: str) -> Iterator[str]:
    """What was typed in a form while somebody else saved something, and was not taken. The draft of a next version is there."""
    typed = {
        "intake": ("Goals, in the patient's words", "to sleep through the night", "Save the intake"),
        "contingency": ("Comfort plan", "warmth, a walk, and a call before anything is taken", "Keep with the draft"),
        "next": ("To what, in their words", "more slowly than before", "Note the agreement"),
    }
    for name, (field, words, save) in typed.items():
        page.goto(f"{here}/{name}")
        page.get_by_label(field).first.fill(words)
        page.evaluate("() => document.querySelectorAll('input[name=revision]').forEach(one => one.value = '99999')")
        button(page, save).click()
        expect(page.get_by_role("alert")).to_contain_text("what you typed was not saved")
        expect(page.get_by_label(field).first).to_have_value(words)
        yield f"{name}-not-kept"


def _turned(page: Page, name: str) -> None:
    """Unfold a change of the plan that stands, and ask what would become of it."""
    unfolded = page.locator("details").filter(has_text=name).first
    unfolded.locator("summary").click()
    unfolded.get_by_label("Reason").fill("sleeps badly since the last reduction")
    unfolded.get_by_role("button").click()
    page.wait_for_url("**/course/*")


def press_ways(page: Page) -> None:
    """Ask for ways to taper as the form stands."""
    tab(page, "Strategies").click()
    button(page, "Show the ways").click()
    page.wait_for_load_state()


def ehr_screens(page: Page, demo: Demo) -> Iterator[str]:
    """The pages of the demo EHR."""
    page.goto(demo.page_url)
    yield "ehr-patients"
    framed(page, demo, ELDER)
    yield "ehr-chart"
    page.goto(f"{demo.app_url}/launch/standalone?tenant=demo")
    yield "ehr-sign-in"
    page.goto(f"{demo.page_url}chart?patient=nobody")
    yield "ehr-refusal"
