"""The words of written directions, as tables: what they mean to the grammar in `sig`, and which of them are harmless.

Words and phrases only, no grammar and no clinical numbers. Everything that is not in these tables makes a text "not understood"; a word
that may change a dose is never in the harmless ones. Phrases are written as they are said, with ; between them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from fhir_taper.plans.medicines.codes import Slot


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(" ".join(phrase.split()) for phrase in text.split(";"))


NUMBERS: Final = MappingProxyType(
    {word: value for value, word in enumerate(_phrases("one; two; three; four; five; six; seven; eight; nine; ten; eleven; twelve"), 1)}
)
FRACTIONS: Final = MappingProxyType({"½": (1, 2), "¼": (1, 4), "¾": (3, 4), "⅓": (1, 3), "⅔": (2, 3), "half": (1, 2), "quarter": (1, 4)})

CHANGE_WORDS: Final = frozenset(
    _phrases(
        """
    afterward; afterwards; alternate; alternates; alternating; decrease; decreases; decreasing; escalate; followed; increase; increases;
    increasing; lowering; reduce; reduces; reducing; reduction; taper; tapered; tapering; tapers; then; thereafter; titrate;
    titrated; titrating; titration; wean; weaning
    """
    )
)
"""Words by which a direction says that the dose is not the same every day."""

TIMES: Final[Mapping[str, int]] = MappingProxyType(
    {"daily": 1, "qd": 1, "nightly": 1, "bid": 2, "bd": 2, "tid": 3, "tds": 3, "qid": 4, "qds": 4, "once": 1, "twice": 2, "thrice": 3}
)

TIME_UNITS: Final[Mapping[str, str]] = MappingProxyType(
    {
        word: unit
        for unit, words in (
            ("h", "h; hr; hrs; hour; hours; hourly"),
            ("d", "d; day; days; daily"),
            ("wk", "wk; wks; week; weeks; weekly"),
            ("mo", "mo; month; months; monthly"),
            ("min", "min; mins; minute; minutes"),
        )
        for word in _phrases(words)
    }
)

SLOT_PHRASES: Final[Mapping[Slot, tuple[str, ...]]] = MappingProxyType(
    {
        Slot.MORNING: _phrases(
            """
            in the morning; every morning; each morning; in am; in the am; every am; each am; qam; q am; am; on waking; upon waking;
            with breakfast; before breakfast; after breakfast; at breakfast; in morning; mornings; morning
            """
        ),
        Slot.NOON: _phrases(
            """
            at noon; noon; every noon; at midday; midday; at lunch; with lunch; before lunch; after lunch; at lunchtime; in the
            afternoon; every afternoon; each afternoon; afternoon
            """
        ),
        Slot.EVENING: _phrases(
            """
            in the evening; every evening; each evening; in pm; in the pm; every pm; each pm; qpm; q pm; pm; with dinner; with supper;
            at dinner; at supper; before dinner; after dinner; with evening meal; evenings; evening
            """
        ),
        Slot.NIGHT: _phrases(
            """
            at bedtime; every bedtime; each bedtime; before bed; before bedtime; bedtime; at night; every night; each night; nightly;
            qhs; q hs; hs; at hs; at bed time; every night at bedtime; each night at bedtime; nightly at bedtime; every day at bedtime;
            at sleep; before sleep; before sleeping; nights; at nighttime
            """
        ),
    }
)

WEEKDAYS: Final[Mapping[str, int]] = MappingProxyType(
    {
        word: number
        for number, words in enumerate(
            (
                "monday; mondays; mon",
                "tuesday; tuesdays; tue; tues",
                "wednesday; wednesdays; wed",
                "thursday; thursdays; thu; thur; thurs",
                "friday; fridays; fri",
                "saturday; saturdays; sat",
                "sunday; sundays; sun",
            )
        )
        for word in _phrases(words)
    }
)

MONTHS: Final = frozenset(
    _phrases(
        """
    january; february; march; april; may; june; july; august; september; october; november; december; jan; feb; mar; apr; jun; jul; aug;
    sep; sept; oct; nov; dec
    """
    )
)

AS_NEEDED: Final = _phrases(
    """
    as needed; as needed only; only as needed; prn; if needed; when needed; when required; as required; if required; as necessary; if
    necessary; only if needed; only when needed; on an as needed basis; if and when needed; when necessary
    """
)

MAY_REPEAT: Final = _phrases(
    """
    may repeat; may be repeated; can repeat; may repeat dose; may repeat the dose; repeat if needed; and repeat
    """
)

EXTRA: Final = frozenset({"extra", "additional", "more"})
MAY_TAKE: Final = _phrases(
    """
    may take; may use; can take; may give; ok to take; okay to take
    """
)

CAP_PHRASES: Final = _phrases(
    """
    max; maximum; max of; maximum of; to a maximum of; to a max of; up to a maximum of; up to a max of; with a maximum of; not to
    exceed; do not exceed; don't exceed; never exceed; do not exceed more than; not exceed; no more than; not more than; do not take
    more than; do not use more than; don't take more than; limit; limit to; limit of; max dose; maximum dose; max dose of; maximum
    dose of; nte; must not exceed; should not exceed; take no more than; use no more than; to a maximim of; max dose is; maximum dose is
    """
)

DAILY_CAP_PHRASES: Final = _phrases(
    """
    mdd; max daily dose; maximum daily dose; max daily amount; maximum daily amount; max daily dose of; maximum daily dose of; max per day;
    maximum per day; daily max; daily maximum; maximum daily dose is; max daily dose is; daily limit; maximum daily
    """
)

_HOW: Final = _phrases(
    """
    take; takes; taking; to take; patient to take; pt to take; use; apply; place; put; wear; swallow; chew; chew and swallow; dissolve;
    give; insert; administer; let dissolve; allow to dissolve; please; by mouth; orally; oral; po; per os; via mouth; mouth; under the
    tongue; under tongue; sublingually; sublingual; sl; to skin; to the skin; on skin; on the skin; onto the skin; onto skin;
    transdermally; transdermal; topically; topical; to clean dry skin; buccally; buccal; inside the cheek; in the cheek; inside cheek;
    intranasally; rectally; whole; oral route; place on the skin; by oral route; the; of
    """
)

_CAUTION: Final = _phrases(
    """
    with food; with or without food; with meals; with a meal; with meal; after meals; before meals; after food; before food; with water;
    with a full glass of water; with a glass of water; with plenty of water; with milk; with food or milk; with snack; on an empty
    stomach; without regard to meals; take with food; ac; pc; may cause drowsiness; may cause dizziness; causes drowsiness; do not
    drive; do not drive or operate machinery; do not operate machinery; avoid alcohol; do not drink alcohol; no alcohol; do not take
    with alcohol; avoid grapefruit; caution drowsiness; caution sedation; do not crush; do not chew; do not crush or chew; do not cut
    crush or chew; do not cut; do not split; do not break; swallow whole; do not crush, chew or break; do not crush or break; do not
    stop suddenly; do not stop taking suddenly; do not stop abruptly; must last 30 days; must last
    """
)

_BOOKKEEPING: Final = _phrases(
    """
    as directed; as prescribed; as instructed; use as directed; take as directed; as directed by provider; as directed by physician;
    historical provider; home med; around the clock; atc; scheduled; std admin times; standard admin times; qualifier value; regularly;
    at regular intervals; until discontinued; until finished; until gone; normal; routine; chronic pain; dispense as written; each dose;
    per dose; for each dose; at a time; same time each day; at the same time each day; at the same time every day; about the same time
    each day; long acting; short acting
    """
)

_PATCHES: Final = _phrases(
    """
    remove old patch; remove old patch before applying new one; remove old patch before applying new patch; remove old patch before
    applying a new one; remove previous patch; remove old patch first; rotate sites; rotate site; rotate application sites; rotate sites
    of application; to a different site; to new site; to a new site; alternate sites; to chest; to upper arm; to upper body; to intact
    skin; on chest; to a clean dry area of skin; change; replace; and change; and replace
    """
)

MEALS: Final = frozenset({"meals", "ac", "pc"})
"""Words that mean every meal of the day: beside a frequency they change nothing, beside one time of day they are times of their own."""

HARMLESS: Final = (*_HOW, *_CAUTION, *_BOOKKEEPING, *_PATCHES)
"""What may stand in a direction without meaning anything for the dose. The longest phrase wins."""

REASON_STARTS: Final = frozenset({"for", "indication", "indications", "dx", "diagnosis", "due"})

REASON_STOPS: Final = (
    frozenset(
        _phrases(
            """
            ac; additional; additionally; after; afternoon; always; am; and; apply; as; at; bedtime; before; bid; breakfast; by; can;
            cap; caps; capsule; capsules; daily; day; days; dinner; do; dose; doses; double; each; even; evening; every; exceed; except;
            extra; film; films; following; for; from; half; hold; hour; hourly; hours; hr; hrs; hs; if; in; later; less; limit; lunch;
            max; maximum; may; mcg; mdd; mg; midday; ml; month; monthly; months; more; morning; must; never; night; nightly; no; noon;
            not; now; nte; odd; omit; on; once; only; or; patch; patches; pc; per; plus; pm; po; prn; q; qam; qd; qhs; qid; qod; qpm;
            repeat; should; skip; start; starting; stop; supper; tab; tablet; tablets; tabs; take; takes; the; tid; time; times; total;
            twice; unless; until; up; use; waking; week; weekday; weekdays; weekend; weekends; weekly; weeks; with; without; x
            """
        )
    )
    | CHANGE_WORDS
    | frozenset(NUMBERS)
)
"""Words that end the free words of a reason ("for severe back pain"): what could mean a dose, a time or a condition is never swallowed."""

SCORE_WORDS: Final = frozenset({"score", "scale", "level", "rating"})

PROCEDURE_PHRASES: Final = _phrases(
    """
    during procedure; during the procedure; intraoperatively; during surgery; before procedure; prior to procedure; before the
    procedure; prior to the procedure; before mri; prior to mri; before the mri; before surgery; prior to surgery; before scan; prior to
    scan; before imaging; prior to imaging; before dental procedure; prior to dental procedure; before dental appointment; prior to
    dental appointment; before appointment; prior to appointment; before colonoscopy; prior to colonoscopy; before flight; prior to
    flight; before flying; before ct scan; before biopsy; prior to biopsy; on call to or; before dental work; before your procedure;
    before your mri; prior to your procedure; pre procedure; pre op; preop; preoperatively; pre medication; before mri scan; prior to
    mri scan
    """
)

DETOX_WORDS: Final = frozenset({"detox", "detoxification", "ciwa", "ciwa-ar", "ciwa-b"})

CHANGE_PHRASES: Final = (
    *_phrases(
        """
        double; doubles; doubled; doubling; triple; tripled; halve; halves; halved; halving; half dose; half doses; half the dose; half
        of the dose; half the usual dose; half the amount; skip; skips; skipping; omit; omits; weekend; weekends; weekday; weekdays;
        instead; switch; switch to; switching to; change dose; change the dose; dose change; dose changes; adjust; adjusted; adjusting;
        dose varies; varying doses; variable dose; stop after; stop on; stop in; stop when; discontinue after; discontinue on; sliding
        scale; see attached; attached schedule; see schedule; per schedule; dosing schedule; see calendar; per calendar; pain plan; per
        plan; per protocol; if tolerated; as tolerated; until tolerated
        """
    ),
    *(f"{before} {day}" for day in WEEKDAYS for before in ("on", "except", "except on", "except for", "not on", "no dose")),
)
"""Words by which a text that is not understood still says that the dose beside it is not the dose of every day, or stands elsewhere."""

ADDING_PHRASES: Final = _phrases(
    """
    extra; additional; add; adds; adding; more; another; supplement; supplemental; supplementary; plus; breakthrough dose; breakthrough
    doses; rescue dose; rescue doses; bad day; bad days; worse days; flare; flares
    """
)
"""Words by which a text that is not understood says that there is a dose beside the one that is read."""

HARMLESS_AFTER: Final = frozenset(
    _phrases(
        """
        caution; details; help; info; information; instruction; instructions; label; labels; questions; refill; refills; strength; than
        """
    )
)
"""What follows those words where they concern no dose: "more than", "additional information"."""

FORBIDDING: Final = (("do", "not"), ("don't",), ("dont",), ("never",), ("should", "not"), ("must", "not"), ("avoid",))
"""What stands before those words where they are forbidden: "do not double the dose"."""
