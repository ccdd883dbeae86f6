"""What the answers of one filled form say: scores, single answers that speak for themselves, and which form must follow at once.

A total is made of all its questions or not at all; what a part of a form says by itself (the ninth answer of the PHQ-9, a fall, a wish
to pause) still counts. No answer is not "no". Questions, points, bands and levels stand in tables/instruments.toml, check_ins.toml and
scales.csv; no number stands here. The order of the answers does not matter.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

from fhir_taper.errors import WrongUsage
from fhir_taper.plans.listed import listed
from fhir_taper.plans.medicines.dose import add, brief, divide, one_decimal, shown
from fhir_taper.plans.tables.form_rows import Choice, Form, Item, Make, ScoreRule
from fhir_taper.plans.tables.scale_tables import load_scales
from fhir_taper.plans.tables.signal_tables import load_signals

YES: Final = "yes"
NO: Final = "no"
_WHOLE: Final = re.compile(r"(\d{1,5})(?:\.0{1,6})?", re.ASCII)
_MINUTES_PER_HOUR: Final = Decimal(60)
_LONGEST_QUOTE: Final = 40


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: a choice's code, a whole number, "yes" or "no", or free words, as the question takes it."""

    item: str
    said: str


@dataclass(frozen=True, slots=True)
class Said:
    """What a form says of one signal: a number in the signal's unit, or an answer, or neither: it happened. `words` are for people.

    `item` is the question that says it; "" where it is a score, or the form itself.
    """

    signal: str
    words: str
    value: Decimal | None = None
    answer: str = ""
    item: str = ""
    loinc: str = ""


@dataclass(frozen=True, slots=True)
class Scored:
    """What one filled form says. `missing` are questions whose answer a score lacks, begun or not; `problems` are sentences for a person.
    `wrong` are those of one question, beside its id.

    `refused` are the scores that were begun and cannot be made: their words say why. `answers` are those that were understood, in the order
    of the form; `next_forms` must follow at once.
    """

    form: str
    said: tuple[Said, ...] = ()
    refused: tuple[Said, ...] = ()
    missing: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    wrong: tuple[tuple[str, str], ...] = ()
    next_forms: tuple[str, ...] = ()
    answers: tuple[Answer, ...] = ()
    free_words: tuple[str, ...] = ()

    @property
    def next_form(self) -> str:
        """The form that must follow at once, "" for none."""
        return self.next_forms[0] if self.next_forms else ""


def score(form: Form, answers: Iterable[Answer]) -> Scored:
    """What these answers to one form say. An answer that is not one of its question's counts as none, and is named."""
    given: dict[str, set[str]] = {}
    for one in answers:
        given.setdefault(one.item, set()).add(one.said.strip())
    problems = [f"{_quoted(name)} is no question of {form.title}" for name in sorted(given) if form.item(name) is None]
    filled = _Filled(form, {}, {})
    wrong = [(item.id, one) for item in form.items for one in _take(filled, item, {text for text in given.get(item.id, ()) if text})]
    held = filled.held
    wrong += [(item.id, "answered although it is not asked then") for item in form.items if filled.is_beside_the_way(item)]
    problems += [f"question {item}: {one}" for item, one in wrong]
    said: list[Said] = []
    refused: list[Said] = []
    missing: set[str] = set()
    for rule in form.scores:
        made, lacks = _made(filled, rule)
        missing |= lacks
        if made is not None and _is_possible(made):
            said.append(made)
        elif made is not None:
            refused.append(Said(rule.signal, f"{made.words} cannot be"))
        elif any(item in filled.claimed for item in rule.of):
            refused.append(Said(rule.signal, _refusal(form, rule, lacks)))
    said += [one for item in form.items for one in _by_itself(item, held.get(item.id) or filled.worst(item))]
    if form.event and held:
        said.append(Said(form.event, form.title))
    return Scored(
        form=form.id,
        said=tuple(said),
        refused=tuple(refused),
        missing=tuple(item.id for item in form.items if item.id in missing),
        problems=(*problems, *(one.words for one in refused)),
        wrong=tuple(wrong),
        next_forms=tuple(dict.fromkeys(call.form for call in form.calls if filled.most_points(call.item) >= call.at_least)),
        answers=tuple(Answer(item.id, text) for item in form.items for text in held.get(item.id, ())),
        free_words=tuple(text for item in form.items if item.is_text for text in held.get(item.id, ())),
    )


def stated(form: Form, value: Decimal) -> Scored:
    """What a person read off an original of which we may show the link alone: its score, refused where the instrument cannot have it.

    Raises WrongUsage for a form that does not have one score that is stated.
    """
    rules = [rule for rule in form.scores if rule.make is Make.STATED]
    if len(rules) != 1:
        raise WrongUsage(f"{form.title} has no score that a person can state")
    rule, signal = rules[0], load_signals().signals[rules[0].signal]
    said = Said(rule.signal, band_words(rule.signal, rule.noun, value), value, loinc=rule.loinc)
    if _is_possible(said) and (value == int(value) or not signal.is_whole):
        return Scored(form.id, (said,))
    refused = Said(rule.signal, f"{said.words} cannot be")
    return Scored(form.id, refused=(refused,), problems=(refused.words,))


def band_words(signal: str, noun: str, value: Decimal) -> str:
    """A score in words, with the word that its source has for it: "moderate anxiety (12 of 21)", "pain 5.3 of 10"."""
    scale, row = load_scales().get(signal), load_signals().signals[signal]
    band = scale.band_of(value) if scale is not None else None
    most = brief(row.high) if row.high is not None else ""
    number = one_decimal(value)
    return f"{band.words} {noun} ({number} of {most})" if band is not None else f"{noun} {number} of {most}"


@dataclass(frozen=True, slots=True)
class _Filled:
    """A form with its answers by question: those that hold, and all that were claimed, also where two contradict each other.

    What contradicts is no answer; but nobody is made safe by it: whatever is looked for as a danger is looked for among the claims.
    """

    form: Form
    held: dict[str, tuple[str, ...]]
    claimed: dict[str, frozenset[str]]

    def is_asked(self, item: Item) -> bool:
        """Whether a question is asked, given the answers; one that hangs on a question without an answer is not asked yet."""
        condition = item.only_if
        if condition is None:
            return True
        before = self.held.get(condition.item, ())
        return bool(before) and (condition.code in before) != condition.is_not

    def is_left_out(self, item: Item) -> bool:
        """Whether the question that this one hangs on was answered so that this one is not asked."""
        return item.only_if is not None and item.only_if.item in self.held and not self.is_asked(item)

    def is_beside_the_way(self, item: Item) -> bool:
        return item.id in self.held and not self.is_asked(item)

    def number(self, item: Item) -> Decimal | None:
        """What the answer to a question counts; None where it lacks."""
        said = self.held.get(item.id)
        if said:
            return _points(item, said[0])
        may_lack = item.empty is not None and item.id not in self.claimed and (item.only_if is None or self.is_left_out(item))
        return _points(item, item.empty) if may_lack and item.empty is not None else None

    def worst(self, item: Item) -> tuple[str, ...]:
        """Where answers contradict each other to a question that calls for another form: the one with the most points."""
        is_watched = any(call.item == item.id for call in self.form.calls)
        claimed = sorted(self.claimed.get(item.id, ()), key=lambda text: (_points(item, text) or Decimal(0), text))
        return (claimed[-1],) if is_watched and claimed else ()

    def most_points(self, item_id: str) -> Decimal:
        """The most that any answer claimed for a question counts."""
        item = self.form.item(item_id)
        claimed = [_points(item, text) for text in self.claimed.get(item_id, ())] if item is not None else []
        return max((points for points in claimed if points is not None), default=Decimal(0))


def _take(filled: _Filled, item: Item, said: set[str]) -> list[str]:
    """Keeps what was answered to one question; says what is wrong with it."""
    if item.is_text:
        found, wrong = said, []
    else:
        read = {text: _one(item, text) for text in said}
        wrong = [f"{_quoted(text)} is not one of its answers" for text in sorted(said) if read[text] is None]
        found = {text for text in read.values() if text is not None}
    if found:
        filled.claimed[item.id] = frozenset(found)
    nothing = {choice.code for choice in item.choices if choice.is_none}
    if item.is_many and found & nothing and found - nothing:
        wrong.append("answered that none holds, and that some hold: what holds counts")
        found = found - nothing
    if len(found) > 1 and not (item.is_many or item.is_text):
        wrong.append(f"answered in different ways ({listed(sorted(found))}): none counts")
    elif found:
        filled.held[item.id] = _in_order(item, found)
    return wrong


def _one(item: Item, text: str) -> str | None:
    """One answer as it is kept, None where it is none of the question's."""
    if item.is_yes_no:
        return text if text in (YES, NO) else None
    if item.is_number:
        match = _WHOLE.fullmatch(text)
        return str(int(match[1])) if match and item.low <= int(match[1]) <= item.high else None
    return text if item.choice(text) else None


def _in_order(item: Item, said: set[str]) -> tuple[str, ...]:
    """Choices in the order of the form; everything else in that of its letters."""
    return tuple(choice.code for choice in item.choices if choice.code in said) if item.choices else tuple(sorted(said))


def _made(filled: _Filled, rule: ScoreRule) -> tuple[Said | None, set[str]]:
    """The score, or the questions that it lacks."""
    if rule.make is Make.STATED:
        return None, set()
    if rule.make is Make.TRIAGE:
        return _triage(filled, rule)
    numbers = {item.id: filled.number(item) for item in filled.form.items if item.id in rule.of}
    known = [number for number in numbers.values() if number is not None]
    if len(known) < len(numbers):
        return None, {name for name, number in numbers.items() if number is None}
    if rule.make is Make.MINUTES:
        hours, minutes = known
        return _sleep(rule, hours * _MINUTES_PER_HOUR + minutes), set()
    total = add(*known)
    value = shown(divide(total, Decimal(len(known)))) if rule.make is Make.MEAN else shown(total)
    return Said(rule.signal, band_words(rule.signal, rule.noun, value), value, loinc=rule.loinc), set()


def _sleep(rule: ScoreRule, minutes: Decimal) -> Said:
    hours, left = divmod(minutes, _MINUTES_PER_HOUR)
    return Said(rule.signal, f"{hours} h {left} min of {rule.noun}", minutes, loinc=rule.loinc)


def _triage(filled: _Filled, rule: ScoreRule) -> tuple[Said | None, set[str]]:
    """The highest level that an answer reaches. Below the highest of all, it needs every question that is asked to have an answer."""
    reached = (word for word, answers in rule.levels if any(code in filled.claimed.get(item, ()) for item, code in answers))
    word = next(reached, rule.otherwise)
    asked = [item for item in filled.form.items if item.id in rule.of and filled.is_asked(item)]
    lacks = {item.id for item in asked if item.id not in filled.held}
    if lacks and word != rule.levels[0][0]:
        return None, lacks
    return Said(rule.signal, f"{rule.noun}: {word}", answer=word, loinc=rule.loinc), set()


def _points(item: Item, text: str) -> Decimal | None:
    """What one answer counts."""
    if item.is_number:
        return Decimal(text)
    choice = item.choice(text)
    return choice.points if choice is not None else None


def _is_possible(said: Said) -> bool:
    signal = load_signals().signals[said.signal]
    return said.value is None or (signal.low is not None and signal.high is not None and signal.low <= said.value <= signal.high)


def _by_itself(item: Item, said: tuple[str, ...]) -> Iterator[Said]:
    """What the answers to one question say whatever the others are."""
    for text in said:
        if item.is_yes_no:
            if item.signal and text == YES:
                yield Said(item.signal, item.words, item=item.id, loinc=item.loinc)
        elif item.is_number:
            if item.signal:
                yield Said(item.signal, f"{item.words} {text}", Decimal(text), item=item.id, loinc=item.loinc)
        elif item.choices:
            yield from _chosen(item, item.choice(text))


def _chosen(item: Item, choice: Choice | None) -> Iterator[Said]:
    if choice is not None and choice.signal:
        points = choice.points if choice.signal == item.signal else None
        yield Said(choice.signal, f"{item.words} {choice.words}", points, choice.answer, item.id, item.loinc)


def _refusal(form: Form, rule: ScoreRule, lacks: set[str]) -> str:
    names = [item.id for item in form.items if item.id in lacks]
    return f"{form.title} ({rule.noun}) has no score: no answer to question{'s' if len(names) > 1 else ''} {listed(names)}"


def _quoted(text: str) -> str:
    """What somebody wrote, short enough for a sentence."""
    return repr(text if len(text) <= _LONGEST_QUOTE else text[: _LONGEST_QUOTE - 1] + "…")
