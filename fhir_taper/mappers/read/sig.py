"""Written directions read by a small grammar that must match the whole text, or does not read it at all.

The text is walked once, left to right; at each place the first reader that knows what stands there takes it (`_READERS`, longest phrases
first). What no reader takes makes the text "not understood": nothing is skipped in hope. A text whose doses change over time, or that
shares a total with another product, is refused for that reason, because its first words would be a wrong dose. Words are in `sig_words`;
linear in the length of the text.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from typing import Final

from fhir_taper.errors import BadInput
from fhir_taper.mappers.read.clause import COUNTED_UNITS, Refusal, SigReading, Total, Unit
from fhir_taper.mappers.read.quantity import HOURS
from fhir_taper.mappers.read.sig_amounts import Amount, amount_at, cap_at, span_at, upper_cap_at
from fhir_taper.mappers.read.sig_dates import dates_at
from fhir_taper.mappers.read.sig_draft import Direction, DoseChanges
from fhir_taper.mappers.read.sig_free_words import changes_over_time, hold_end, joint_total, reason_end
from fhir_taper.mappers.read.sig_numbers import number_at, text_at
from fhir_taper.mappers.read.sig_timing import Phrases, duration_at, frequency_at, repeat_at, slot_at_place, weekdays_at
from fhir_taper.mappers.read.sig_tokens import LONGEST_TEXT, Token, tokens_of
from fhir_taper.mappers.read.sig_words import (
    AS_NEEDED,
    DETOX_WORDS,
    HARMLESS,
    MAY_TAKE,
    MEALS,
    PROCEDURE_PHRASES,
    TIME_UNITS,
)
from fhir_taper.plans.medicines.codes import Slot
from fhir_taper.plans.medicines.regimen import Reason

_SEPARATORS: Final = frozenset({",", ";", ".", "and", "&", "plus", "+", ":", "(", ")", "-", "/", "[", "]", "*"})
_BOUNDARIES: Final = frozenset({",", ";", ".", "and", "&", "plus", "+"})
_SENTENCE_ENDS: Final = frozenset({";", "."})
_OPENINGS: Final = frozenset({":", "(", "[", "-"})
_AS_NEEDED: Final = Phrases((phrase, True) for phrase in AS_NEEDED)
_MAY_TAKE: Final = Phrases((phrase, True) for phrase in MAY_TAKE)
_HARMLESS: Final = Phrases((phrase, True) for phrase in HARMLESS)
_PROCEDURE: Final = Phrases((phrase, True) for phrase in PROCEDURE_PHRASES)


@lru_cache(maxsize=4096)
def read_sig(text: str, names: frozenset[str] = frozenset()) -> SigReading | Refusal:
    """What a direction says, or why it is not read. `names` are lower-case words of the medicine's own name, which may stand in it.

    A refusal's reason is text-not-understood, text-changes-over-time or joint-total; its words quote the text.
    """
    if len(text) > LONGEST_TEXT:
        return Refusal(Reason.TEXT_NOT_UNDERSTOOD, f"a text of {len(text)} characters is no direction for one medicine")
    tokens = tokens_of(text)
    change = changes_over_time(tokens)
    if change:
        return Refusal(Reason.TEXT_CHANGES_OVER_TIME, f"the text changes the dose over time ({change}): “{text}”")
    joint = joint_total(tokens)
    if joint:
        return Refusal(Reason.JOINT_TOTAL, f"the text counts another product in ({joint}): “{text}”")
    reader = _Reader(tokens, names)
    try:
        return reader.read()
    except DoseChanges as error:
        return Refusal(Reason.TEXT_CHANGES_OVER_TIME, f"the text changes the dose over time ({error.message}): “{text}”")
    except BadInput as error:
        return Refusal(Reason.TEXT_NOT_UNDERSTOOD, f"the text is not understood ({error.message}): “{text}”")


class _Reader:
    """One walk over one text."""

    def __init__(self, tokens: list[Token], names: frozenset[str]) -> None:
        self.tokens = tokens
        self.names = names
        self.direction = Direction()
        self.depth = 0
        self.boundary = "start"
        self.after_and = False
        self.optional = False

    def read(self) -> SigReading:
        place = 0
        while place < len(self.tokens):
            place = self._step(place)
        return self.direction.finished()

    def _step(self, place: int) -> int:
        word = self.tokens[place].text
        if word in _SEPARATORS and not (word == "/" and self._frequency(place)):
            return self._separator(place, word)
        for reader in _READERS:
            end = reader(self, place)
            if end is not None:
                self.boundary = "" if reader not in _WITHOUT_CONTENT else self.boundary
                self.after_and = False if reader not in _WITHOUT_CONTENT else self.after_and
                return end
        raise BadInput(f"at “{word}”")

    def _separator(self, place: int, word: str) -> int:
        self.depth += (word in "([") - (word in ")]")
        may_open = word in _BOUNDARIES or (word in _OPENINGS and self.direction.current.is_complete)
        if may_open and (not self.boundary or word in _SENTENCE_ENDS):
            self.boundary = word
        self.after_and = self.after_and or word in {"and", "&", "plus", "+"}
        return place + 1

    # Readers: each takes what stands at a place and answers the next place, or None.

    def _cap(self, place: int) -> int | None:
        current = self.direction.current
        found = cap_at(self.tokens, place)
        if found is None and current.dose is not None and current.has_timing:
            found = upper_cap_at(self.tokens, place)
        if found is None:
            return None
        self.direction.caps.append(found[0])
        return found[1]

    def _may_repeat(self, place: int) -> int | None:
        found = repeat_at(self.tokens, place)
        if found is None:
            return None
        draft = self.direction.start()
        draft.is_extra = draft.as_needed = True
        draft.repeats = found[0]
        return found[1]

    def _may_take(self, place: int) -> int | None:
        found = _MAY_TAKE.at(self.tokens, place)
        if found is None:
            return None
        self.optional = True
        if self.boundary == "":
            self.boundary = ","
        return found[1]

    def _as_needed(self, place: int) -> int | None:
        found = _AS_NEEDED.at(self.tokens, place)
        if found is None:
            return None
        current = self.direction.current
        if (current.may_have_more and (self.after_and or self.optional)) or (current.is_empty and self.after_and):
            self.direction.start_besides()
        elif self.boundary in _SENTENCE_ENDS and len(self.direction.drafts) > 1:
            raise BadInput("says as needed after several doses")
        self.direction.current.as_needed = True
        self.optional = False
        end = found[1]
        return reason_end(self.tokens, end) or end

    def _procedure(self, place: int) -> int | None:
        found = _PROCEDURE.at(self.tokens, self._past_lead_time(place))
        if found is None and text_at(self.tokens, place) in DETOX_WORDS:
            found = True, place + 1
        if found is None:
            return None
        self.direction.is_procedural = True
        return found[1]

    def _past_lead_time(self, place: int) -> int:
        """Past "30 minutes" where it is followed by "before" or "prior"."""
        count = number_at(self.tokens, place)
        if (
            count is not None
            and text_at(self.tokens, count.end) in TIME_UNITS
            and text_at(self.tokens, count.end + 1) in {"before", "prior", "after"}
        ):
            return count.end + 1
        return place

    def _harmless(self, place: int) -> int | None:
        found = _HARMLESS.at(self.tokens, self._past_lead_time(place))
        if found is not None and not MEALS.isdisjoint(token.text for token in self.tokens[place : found[1]]):
            self.direction.current.says_meals = True
        return found[1] if found else None

    def _hold(self, place: int) -> int | None:
        return hold_end(self.tokens, place)

    def _duration(self, place: int) -> int | None:
        found = duration_at(self.tokens, place)
        if found is None:
            return None
        self.direction.last(found[0], found[1])
        return found[2]

    def _date(self, place: int) -> int | None:
        found = dates_at(self.tokens, place)
        if found is None:
            return None
        self.direction.hold_on(found[0])
        return found[1]

    def _total(self, place: int) -> int | None:
        """For example "for a total of 7.5 mg", "total daily dose 15 mg", "= 7.5 mg"; after the amount: see `_dose`."""
        at = place
        is_joint = False
        if text_at(self.tokens, at) == "for" and text_at(self.tokens, at + 1) in {"a", "total"}:
            is_joint, at = True, at + 1 + (text_at(self.tokens, at + 1) == "a")
        if text_at(self.tokens, at) not in {"total", "="}:
            return None
        at += 1
        is_daily = False
        while text_at(self.tokens, at) in {"of", "is", ":", "=", "dose", "daily", "a", "total"}:
            is_daily = is_daily or text_at(self.tokens, at) == "daily"
            at += 1
        amount = amount_at(self.tokens, at, self.names)
        if amount is None or amount.measure.unit is not Unit.MG:
            return None
        span = span_at(self.tokens, amount.end)
        end = span[1] if span and span[0] == HOURS["d"] else amount.end
        self.direction.current.totals.append(Total(amount.measure, is_daily or end > amount.end, is_joint))
        return end

    def _frequency(self, place: int) -> int | None:
        found = frequency_at(self.tokens, place)
        if found is None:
            return None
        says = " ".join(token.text for token in self.tokens[place : found[1]])
        self.direction.current.add_times(found[0], says.replace(" - ", "–").replace("/ ", "per "), after_and=self.after_and)
        return found[1]

    def _weekdays(self, place: int) -> int | None:
        found = weekdays_at(self.tokens, place)
        if found is None:
            return None
        self.direction.current.weekdays |= found[0]
        return found[1]

    def _slot(self, place: int) -> int | None:
        found = slot_at_place(self.tokens, self._past_lead_time(place))
        if found is None and self.after_and and self.direction.current.slots and text_at(self.tokens, place) == "night":
            found = Slot.NIGHT, place + 1  # "morning and night"; by itself it may belong to a reason ("night sweats")
        if found is None:
            return None
        is_clock = any(token.value is not None for token in self.tokens[self._past_lead_time(place) : found[1]])
        self.direction.current.add_slot(found[0], after_and=self.after_and, is_clock=is_clock)
        return found[1]

    def _once(self, place: int) -> int | None:
        """A "once" without a time is a single dose; before a time of day it only says that time."""
        if text_at(self.tokens, place) not in {"once", "oto", "stat"}:
            return None
        if slot_at_place(self.tokens, place + 1) is None:
            self.direction.current.is_single = True
        return place + 1

    def _dose(self, place: int) -> int | None:
        amount = amount_at(self.tokens, place, self.names)
        if amount is None or amount.measure.high == 0:
            return None
        end = amount.end
        if text_at(self.tokens, end) == "total" and amount.measure.unit is Unit.MG:
            span = span_at(self.tokens, end + 1)
            self.direction.current.totals.append(Total(amount.measure, is_daily=span is not None))
            return span[1] if span else end + 1
        if text_at(self.tokens, end) == "each" and amount.measure.unit is Unit.MG and self.direction.current.dose is not None:
            if amount.measure.high is not None:
                self.direction.current.dose = replace(self.direction.current.dose, each_mg=(amount.measure.high,))
            return end + 1
        self._put(amount)
        return end

    def _put(self, amount: Amount) -> None:
        """The amount becomes the dose of this clause, restates it, or starts a new clause."""
        draft = self.direction.current
        if draft.dose is None and not draft.is_extra:
            draft.dose = amount.measure
        elif draft.dose is not None and self._restates(amount):
            draft.restated.append(amount.measure)
            return
        elif self.boundary:
            draft = self.direction.start_dose(is_own_sentence=self.boundary in _SENTENCE_ENDS, is_joined=self.after_and)
            draft.dose = amount.measure
        else:
            raise BadInput(f"says both {draft.dose.says if draft.dose else 'a repeat'} and {amount.measure.says}")
        draft.is_extra = draft.is_extra or amount.is_extra
        draft.as_needed = draft.as_needed or self.optional or amount.is_extra
        self.optional = False

    def _restates(self, amount: Amount) -> bool:
        dose = self.direction.current.dose
        if dose is None or amount.measure.unit is Unit.UNSTATED:
            return False
        differs = dose.unit is not amount.measure.unit and not {dose.unit, amount.measure.unit} <= COUNTED_UNITS | {Unit.UNSTATED}
        return differs and (self.depth > 0 or not self.direction.current.has_timing)

    def _reason(self, place: int) -> int | None:
        return reason_end(self.tokens, place, is_after_as_needed=self.direction.current.as_needed)

    def _name(self, place: int) -> int | None:
        return place + 1 if text_at(self.tokens, place) in self.names else None


_READERS: Final[tuple[Callable[[_Reader, int], int | None], ...]] = (
    _Reader._cap,
    _Reader._may_repeat,
    _Reader._may_take,
    _Reader._as_needed,
    _Reader._procedure,
    _Reader._total,
    _Reader._duration,
    _Reader._date,
    _Reader._frequency,
    _Reader._weekdays,
    _Reader._slot,
    _Reader._harmless,
    _Reader._hold,
    _Reader._dose,
    _Reader._once,
    _Reader._reason,
    _Reader._name,
)
_WITHOUT_CONTENT: Final = frozenset({_Reader._harmless, _Reader._name, _Reader._may_take})
