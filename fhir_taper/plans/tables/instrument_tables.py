"""The forms that the program knows: published instruments (instruments.toml) and our own check-ins (check_ins.toml).

Rows only; `load_forms` is the door. What a score is called stands in scales.csv, its range in signals.csv: both are asked by its signal.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from functools import lru_cache
from types import MappingProxyType
from typing import Any

from fhir_taper.errors import TableError
from fhir_taper.plans.medicines.products import Source
from fhir_taper.plans.tables.form_rows import AnsweredBy, Calls, Choice, Form, Forms, Item, Licence, Make, OnlyIf, ScoreRule, Ships
from fhir_taper.plans.tables.reading import SOURCE_COLUMNS, expect_keys, source_of, toml_rows
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, load_signals

INSTRUMENTS, CHECK_INS = "instruments.toml", "check_ins.toml"

_LICENCE = ("licence", "licence_notice", "licence_link", *(f"licence_{column}" for column in SOURCE_COLUMNS))
_CODES = ("codes_panel", *(f"codes_{column}" for column in SOURCE_COLUMNS))
_FORM_KEYS = frozenset(
    {
        "id", "title", "by", "variant", "refuses", "lead", "classes", "phases", "every_days", "then", "event", "choices", "item", "score",
        *_LICENCE, *_CODES, *SOURCE_COLUMNS,
    }
)  # fmt: skip
_ITEM_KEYS = frozenset(
    {
        "id", "words", "choose", "many", "low", "high", "unit", "yes_no", "text", "signal", "code", "only_if", "empty", "classes", "phases",
    }
)  # fmt: skip
_CHOICE_KEYS = frozenset({"code", "words", "points", "loinc", "signal", "answer", "none"})
_SCORE_KEYS = frozenset({"signal", "noun", "make", "of", "code", "levels", "otherwise"})

_NOTHING = "-"
"""A choice whose row says that it means no signal, before its question lends it its own."""


@lru_cache(maxsize=1)
def load_forms() -> Forms:
    """The package's own forms. Raises TableError naming the row that is not acceptable."""
    return read_forms()


def read_forms(instruments: str | None = None, check_ins: str | None = None) -> Forms:
    """Forms from texts; None is the package's own file. Raises TableError as `load_forms`."""
    forms: dict[str, Form] = {}
    for name, text in ((INSTRUMENTS, instruments), (CHECK_INS, check_ins)):
        for place, row in toml_rows(name, text):
            if row["id"] in forms:
                raise TableError(f"{place}: a form of this name stands in another file")
            forms[row["id"]] = _form(place, row)
    for form in forms.values():
        _refuse_loose_ends(form, forms)
    return Forms(MappingProxyType(forms), MappingProxyType(_by_loinc(forms)))


def _form(place: str, row: Mapping[str, Any]) -> Form:
    expect_keys(place, row, _FORM_KEYS, ("title", "by", "licence"))
    choices = {name: tuple(_choice(place, one) for one in listed) for name, listed in row.get("choices", {}).items()}
    try:
        ships, by = Ships(row["licence"]), AnsweredBy(row["by"])
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    items = tuple(_item(place, one, choices) for one in row.get("item", ()))
    return Form(
        id=row["id"],
        title=row["title"],
        by=by,
        licence=Licence(ships, row.get("licence_notice", ""), row.get("licence_link", ""), _source(place, row, "licence_")),
        source=source_of(place, row),
        items=items,
        scores=tuple(_score(place, one, items) for one in row.get("score", ())),
        calls=tuple(Calls(one["item"], Decimal(one["at_least"]), one["form"]) for one in row.get("then", ())),
        lead=row.get("lead", ""),
        variant=row.get("variant", ""),
        refuses=tuple(row.get("refuses", ())),
        panel=row.get("codes_panel", ""),
        codes_source=_source(place, row, "codes_") if "codes_state" in row else None,
        event=row.get("event", ""),
        every_days=row.get("every_days"),
        classes=tuple(row.get("classes", ())),
        phases=tuple(row.get("phases", ())),
    )


def _source(place: str, row: Mapping[str, Any], prefix: str) -> Source:
    return source_of(f"{place} {prefix.rstrip('_')}", {column: row.get(prefix + column) for column in SOURCE_COLUMNS})


def _choice(place: str, row: Mapping[str, Any]) -> Choice:
    expect_keys(place, row, _CHOICE_KEYS, ("code", "words"))
    points = row.get("points")
    return Choice(
        code=row["code"],
        words=row["words"],
        points=None if points is None else Decimal(points),
        loinc=row.get("loinc", ""),
        signal=row.get("signal", "") or (_NOTHING if "signal" in row else ""),
        answer=row.get("answer", ""),
        is_none=row.get("none", False),
    )


def _item(place: str, row: Mapping[str, Any], choices: Mapping[str, tuple[Choice, ...]]) -> Item:
    expect_keys(place, row, _ITEM_KEYS, ("id", "words"))
    place = f"{place} {row['id']}"
    kinds = [kind for kind in ("choose", "high", "yes_no", "text") if row.get(kind)]
    if len(kinds) != 1:
        raise TableError(f"{place}: a question takes a choice, a number, yes or no, or text, one of them")
    name, signal = row.get("choose", ""), row.get("signal", "")
    if name and not choices.get(name):
        raise TableError(f"{place}: there are no choices {name}")
    condition = row.get("only_if")
    return Item(
        id=row["id"],
        words=row["words"],
        choose=name,
        choices=tuple(_meaning(choice, signal) for choice in choices.get(name, ())),
        is_many=row.get("many", False),
        low=row.get("low", 0),
        high=row.get("high", 0),
        unit=row.get("unit", ""),
        is_yes_no=row.get("yes_no", False),
        is_text=row.get("text", False),
        signal=signal,
        loinc=row.get("code", ""),
        only_if=None if condition is None else _only_if(place, condition),
        empty=row.get("empty"),
        classes=tuple(row.get("classes", ())),
        phases=tuple(row.get("phases", ())),
    )


def _meaning(choice: Choice, signal: str) -> Choice:
    """The choice with what it says: its own signal, else that of its question, whose answer is the choice's code where it has no points."""
    said = "" if choice.signal == _NOTHING else choice.signal or signal
    answer = choice.answer or (choice.code if said and not choice.signal and choice.points is None else "")
    return Choice(choice.code, choice.words, choice.points, choice.loinc, said, answer, choice.is_none)


def _only_if(place: str, row: Mapping[str, Any]) -> OnlyIf:
    expect_keys(place, row, ("item", "is", "is_not"), ("item",))
    if ("is" in row) == ("is_not" in row):
        raise TableError(f"{place}: only_if names one answer, by is or by is_not")
    return OnlyIf(row["item"], row.get("is", row.get("is_not")), is_not="is_not" in row)


def _score(place: str, row: Mapping[str, Any], items: tuple[Item, ...]) -> ScoreRule:
    expect_keys(place, row, _SCORE_KEYS, ("signal", "noun", "make"))
    try:
        make = Make(row["make"])
    except ValueError as error:
        raise TableError(f"{place}: {error}") from None
    of = tuple(row.get("of", ())) or tuple(item.id for item in items if make is Make.TRIAGE or item.has_points)
    levels = tuple((word, tuple(_pair(one) for one in answers)) for word, answers in row.get("levels", ()))
    return ScoreRule(row["signal"], row["noun"], make, of, row.get("code", ""), levels, row.get("otherwise", ""))


def _pair(text: str) -> tuple[str, str]:
    """A question and its answer, of "question=answer"."""
    item, _, code = text.partition("=")
    return item, code


def _refuse_loose_ends(form: Form, forms: Mapping[str, Form]) -> None:
    """Raises TableError where a form names a signal, an answer, a question or a form that is not there, or a total that cannot be."""
    for problem in _loose_ends(form, forms):
        raise TableError(f"{form.id}: {problem}")


def _loose_ends(form: Form, forms: Mapping[str, Form]) -> Iterator[str]:
    ids = [item.id for item in form.items]
    if len(ids) != len(set(ids)):
        yield "a question stands in it twice"
    if form.licence.ships is Ships.LINK and (form.items or not form.licence.link):
        yield "a form of which only the link is shown has a link, and no questions"
    if form.licence.ships is not Ships.LINK and not form.items:
        yield "no questions"
    for item in form.items:
        yield from _wrong_item(form, item)
    for rule in form.scores:
        yield from _unknown(rule.signal, rule.otherwise)
        yield from _wrong_score(form, rule)
    for call in form.calls:
        if call.item not in ids or call.form not in forms:
            yield f"calls for {call.form} by {call.item}: one of them is not there"


def _wrong_item(form: Form, item: Item) -> Iterator[str]:
    if item.only_if and not _is_answer(form, item.only_if.item, item.only_if.code):
        yield f"{item.id} hangs on an answer that is not there"
    if item.signal and not item.choices:
        yield from _unknown(item.signal, "")
    for choice in item.choices:
        if choice.signal:
            yield from _unknown(choice.signal, choice.answer)


def _wrong_score(form: Form, rule: ScoreRule) -> Iterator[str]:
    items = [form.item(name) for name in rule.of]
    signal = load_signals().signals.get(rule.signal)
    if (rule.make is Make.STATED) != (not items):
        yield f"{rule.signal} is made of nothing"
    if None in items:
        yield f"{rule.signal} is made of a question that is not there"
        return
    for word, answers in rule.levels:
        yield from _unknown(rule.signal, word)
        if not all(_is_answer(form, item, code) for item, code in answers):
            yield f"{rule.signal} is {word} by an answer that is not there"
    if rule.make is Make.SUM and signal is not None:
        ends = [_ends(item) for item in items if item is not None]
        low, high = sum(least for least, _ in ends), sum(most for _, most in ends)
        if (low, high) != (signal.low, signal.high):
            yield f"{rule.signal} can be {low} to {high}, and its signal is {signal.low} to {signal.high}"


def _ends(item: Item) -> tuple[Decimal, Decimal]:
    """The least and the most that an answer counts."""
    if item.is_number:
        return Decimal(item.low), Decimal(item.high)
    points = [choice.points or Decimal(0) for choice in item.choices]
    return min(points), max(points)


def _is_answer(form: Form, item_id: str, code: str) -> bool:
    item = form.item(item_id)
    return item is not None and item.choice(code) is not None


def _unknown(name: str, answer: str) -> Iterator[str]:
    signal: Signal | None = load_signals().signals.get(name)
    if signal is None:
        yield f"there is no signal {name}"
    elif answer and answer not in signal.answers:
        yield f"{name} is not answered by {answer}"
    elif not answer and signal.kind is SignalKind.ANSWER:
        yield f"{name} needs an answer"


def _by_loinc(forms: Mapping[str, Form]) -> dict[str, tuple[str, str]]:
    found: dict[str, list[tuple[str, str]]] = {}
    for form in forms.values():
        for item in form.items:
            if item.loinc and not form.event:
                found.setdefault(item.loinc, []).append((form.id, item.id))
    return {code: places[0] for code, places in found.items() if len(places) == 1}
