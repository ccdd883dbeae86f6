"""Writes docs/instruments.md: every form that the program knows, what may be shown of it, its codes, scores and words, and what is refused.

It renders the tables instruments.toml, check_ins.toml, scales.csv and signals.csv; it knows no instrument.
"""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from fhir_taper.plans.medicines.dose import brief  # noqa: E402 - after the path
from fhir_taper.plans.tables.form_rows import AnsweredBy, Form, Item, Make, ScoreRule, Ships  # noqa: E402
from fhir_taper.plans.tables.instrument_tables import load_forms  # noqa: E402
from fhir_taper.plans.tables.scale_tables import load_scales  # noqa: E402
from fhir_taper.plans.tables.signal_tables import load_signals  # noqa: E402

PAGE = ROOT / "docs" / "instruments.md"
HEAD = """# Forms

What is asked of patients and by clinicians while a taper is watched: published instruments, and our own check-ins. A total is made of all
its questions or not at all; an answer that counts by itself (a thought of suicide, a fall, a wish to pause) counts in a part of a form too.
No answer is not "no". States are those of [clinical sources](clinical-sources.md). Generated from the tables.

"""
_SHIPS = {
    Ships.ORIGINAL: "its own words",
    Ships.OWN: "questions named in our words",
    Ships.ASK: "questions named only: a person asks them from the site's own copy, with its holder's permission",
    Ships.LINK: "a link only, no questions",
}
_MAKES = {
    Make.SUM: "sum",
    Make.MEAN: "mean",
    Make.MINUTES: "hours and minutes",
    Make.TRIAGE: "highest level reached",
    Make.STATED: "stated",
}


def main() -> None:
    """Write the page."""
    forms = load_forms().forms.values()
    PAGE.write_text("".join([HEAD, *_overview(forms), *(line for form in forms for line in _section(form))]), encoding="utf-8")


def _overview(forms: Iterable[Form]) -> Iterator[str]:
    yield "| form | what may be shown | because | state | original | LOINC |\n|---|---|---|---|---|---|\n"
    for form in forms:
        codes = [form.panel, *(rule.loinc for rule in form.scores)]
        known, licence = ", ".join(code for code in codes if code) or "none found", form.licence
        shown = _SHIPS[licence.ships] + (
            "; a score that a person or a chart states is read" if licence.ships is Ships.LINK and form.scores else ""
        )
        link = f"<{licence.link}>" if licence.link else ""
        yield f"| [{form.title}](#{form.id}) | {shown} | {licence.source.name} | {licence.source.state} | {link} | {known} |\n"


def _section(form: Form) -> Iterator[str]:
    yield f'\n<a id="{form.id}"></a>\n\n## {form.title}\n\n'
    asked = ", asked by a person of the clinic" if form.needs_person and form.by is AnsweredBy.PATIENT else ""
    yield f"Answered by the {form.by}{asked}. Source: {form.source}. {form.licence.notice}\n\n"
    if form.variant:
        yield f"Form of the instrument: {form.variant}.\n\n"
    yield from (f"- Not taken for it: {sentence}\n" for sentence in form.refuses)
    yield from (f"- Question {call.item} with {brief(call.at_least)} or more: `{call.form}` follows at once.\n" for call in form.calls)
    if form.every_days is not None:
        yield f"- Asked every {form.every_days} days{_of(' of plans with ', form.classes)}{_of(', phase ', form.phases)}.\n"
    yield from _scores(form)
    if form.items:
        yield "\n| question | asks | answers | says by itself |\n|---|---|---|---|\n"
        yield from (_question(item) for item in form.items)


def _of(word: str, values: tuple[str, ...]) -> str:
    return word + " or ".join(values) if values else ""


def _scores(form: Form) -> Iterator[str]:
    if form.scores:
        yield "\n| score | made by | of | range | words |\n|---|---|---|---|---|\n"
    for rule in form.scores:
        signal, scale = load_signals().signals[rule.signal], load_scales().get(rule.signal)
        ends = f"{brief(signal.low)} to {brief(signal.high)} {signal.unit}" if signal.low is not None and signal.high is not None else ""
        bands = [f"{brief(band.low)}-{brief(band.high)} {band.words} ({band.source.state})" for band in scale.bands] if scale else []
        yield f"| `{rule.signal}` | {_MAKES[rule.make]} | {', '.join(rule.of)} | {ends} | {'; '.join(bands) or _levels(rule)} |\n"


def _levels(rule: ScoreRule) -> str:
    levels = [f"{word}: {' or '.join(f'{item} {code}' for item, code in answers)}" for word, answers in rule.levels]
    return "; ".join([*levels, *([f"else {rule.otherwise}"] if rule.otherwise else [])]) or "none: said as a number"


def _question(item: Item) -> str:
    if item.choices:
        answers = "; ".join(choice.words + (f" ({brief(choice.points)})" if choice.points is not None else "") for choice in item.choices)
    else:
        answers = "yes or no" if item.is_yes_no else "words" if item.is_text else f"{item.low} to {item.high} {item.unit}"
    said = {choice.signal + (f": {choice.answer}" if choice.answer else "") for choice in item.choices if choice.signal} or {item.signal}
    when = f" (only after {item.only_if.item} {'other than ' if item.only_if.is_not else ''}{item.only_if.code})" if item.only_if else ""
    whom = f" ({' or '.join(item.classes)} only)" if item.classes else ""
    return f"| {item.id}{when} | {item.words}{whom} | {answers} | {', '.join(sorted(said))} |\n"


if __name__ == "__main__":
    main()
