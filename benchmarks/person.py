"""Somebody in the app before a stub EHR: launched, with a draft of so many steps, with an approved plan."""

from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode, urlsplit

from fhir_taper.cli.demo_walk import Browser, Page, Shown

SOLUTION, TABLET = "1049604", "1049611"
Fields = dict[str, str]


def launched(stub: str, app: str, browser: Browser | None = None) -> tuple[Browser, str]:
    """A browser with the regimen on its screen, and the path of its launch."""
    browser = browser or Browser()
    sent = browser.once("GET", f"{app}/launch?{urlencode({'iss': f'{stub}/fhir', 'launch': 'x'})}")
    asked = dict(parse_qsl(urlsplit(sent.header("location")).query))
    shown = browser.get(f"{app}/callback?{urlencode({'code': asked['nonce'], 'state': asked['state']})}")
    if shown.status != 200 or "What is taken" not in shown.text:
        raise RuntimeError(f"{shown.status}: {Page(shown.text).text[:200]}")
    return browser, urlsplit(browser.at).path.rpartition("/")[0]


@dataclass
class Person:
    """A browser with a chart open: `here` is the path of the launch."""

    browser: Browser
    here: str

    @classmethod
    def opened(cls, stub: str, app: str, browser: Browser | None = None) -> "Person":
        """Launched, with the regimen on the screen."""
        return cls(*launched(stub, app, browser))

    def ask(self, steps: int) -> None:
        """Oxycodone from 60 to 40 mg a day, with a solution of which 0.1 mg can be given: a draft of as many steps as are asked for."""
        asked = {"drug": "oxycodone", "benzo_table": "va-dod-2021", "reason": "falls", "use": ">=1y", "target": "40"}
        asked |= {"product": SOLUTION, "products_more": TABLET, "percent": f"{100 / 3 / (steps - 1):.4f}", "interval_days": "14"}
        self.send("strategies", "/strategies", asked)
        made = self.send("strategies", "/choose", {"way": "strategy linear"}).text
        if made.count('<tr id="step-') != steps:
            raise RuntimeError(f"not {steps} steps: {Page(made).text[:500]}")

    def approve(self) -> None:
        """Everything acknowledged, agreed and approved."""
        while Page(self.browser.get(f"{self.here}/safety").text).form("/safety"):
            self.send("safety", "/safety", {"reason": "discussed"})
        self.send("approve", "/agreement", {"who": "the patient", "what": "slowly"})
        shown = self.send("approve", "/approve", {})
        if shown.status != 200 or "What will be written" not in shown.text:
            raise RuntimeError(f"{shown.status}: {Page(shown.text).text[:500]}")

    def send(self, screen: str, action: str, values: Fields) -> Shown:
        """A form of a page, with these values."""
        form = Page(self.browser.get(f"{self.here}/{screen}").text).form(action)
        if form is None:
            raise RuntimeError(f"{screen} has no form {action}")
        return self.browser.post(form.action, form.fields | values)
