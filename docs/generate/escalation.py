"""Writes docs/escalation-rules.md, every rule and its cases as a clinician reviews them, and docs/escalation-sign-off.md, what awaits it.

It renders the tables of rules, signals and actions and the cases of tests/spec/escalation; it knows no number.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))  # a script's folder is on the path, its repository is not

from fhir_taper.plans.medicines.codes import AWAITS_SIGN_OFF  # noqa: E402 - after the path
from fhir_taper.plans.medicines.dose import brief  # noqa: E402
from fhir_taper.plans.medicines.products import Source  # noqa: E402
from fhir_taper.plans.monitoring.condition import (  # noqa: E402
    Answered,
    Compare,
    Earlier,
    Enters,
    Happened,
    Missing,
    Patient,
    Persist,
    Quantity,
    Takes,
)
from fhir_taper.plans.monitoring.rule import Clause, Rule  # noqa: E402
from fhir_taper.plans.monitoring.rule_words import QUANTITY_WORDS, condition_words, persist_words, unit_words  # noqa: E402
from fhir_taper.plans.monitoring.rules import load_rules  # noqa: E402
from fhir_taper.plans.monitoring.thresholds import Threshold, Tighter, thresholds  # noqa: E402
from fhir_taper.plans.tables.action_tables import load_actions  # noqa: E402
from fhir_taper.plans.tables.signal_tables import Signal, SignalKind, load_signals  # noqa: E402
from fhir_taper.render.level_words import LEVEL_WORDS, NOT_MONITORING  # noqa: E402
from tests.spec.escalation_cases import Case, Table, tables  # noqa: E402

RULES, SIGN_OFF = ROOT / "docs" / "escalation-rules.md", ROOT / "docs" / "escalation-sign-off.md"
SIMPLE = (Answered, Compare, Earlier, Enters, Happened, Missing, Patient, Quantity, Takes)
TIGHTER = {Tighter.DOWN: "lower", Tighter.UP: "higher", Tighter.NEITHER: ""}
RULES_HEAD = """# The rules of escalation

{rules} rules say what is noticed while a dose is tapered, kept, or gone, and what is proposed then; {cases} cases say of each when it
fires, when it does not, and when it must say that it cannot know. Nothing here changes a dose: a person decides. {not_monitoring}

Rules stand in `fhir_taper/plans/tables/escalation_*.toml`, cases in `tests/spec/escalation/`; the words of a case are explained in
`tests/spec/README.md`. Each case is run, and every number of a rule is watched by one: one unit more or less changes what comes of it. What
awaits a clinician's sign-off is listed in [escalation-sign-off.md](escalation-sign-off.md).

Levels: 0 note or reminder · 1 hold (pause reductions, keep taking and supplying today's dose) · 2 slow, or more contact · 3 propose a step
back · 4 urgent review · 5 emergency. After the last step there is nothing to hold: 1 counts as 2, and 3 as 4. A rule that could not be
evaluated is never taken as "normal".

| rule | watches | levels | red flag | phases | cases |
|---|---|---|---|---|---|
"""
SIGN_OFF_HEAD = """# What awaits a clinician's sign-off

Every number of the rules of escalation whose row is in state `default` (a choice of ours) or `knowledge` (known, and not read at its
source): {many} of {all}. *Tighter* says in which direction a site may change it where it may not loosen the rule; where it is empty,
neither direction is known to be safer. The address is the one by which a site's policy names it.

"""


def main() -> None:
    """Write both pages."""
    rules = load_rules().rules
    cases = {table.rule: table for table in tables()}
    known = [cases.get(rule.id, Table(rule.id, (), ())) for rule in rules]
    head = RULES_HEAD.format(rules=len(rules), cases=sum(len(table.cases) for table in known), not_monitoring=NOT_MONITORING)
    overview = (_overview(rule, table) for rule, table in zip(rules, known, strict=True))
    sections = (part for rule, table in zip(rules, known, strict=True) for part in _section(rule, table))
    RULES.write_text("".join([head, *overview, *sections, *_derived()]), encoding="utf-8")
    rows = [row for rule in rules for row in _awaiting(rule)]
    head = SIGN_OFF_HEAD.format(many=len(rows), all=sum(len(thresholds(rule)) for rule in rules))
    SIGN_OFF.write_text("".join([head, *_rule_table(rows), *_answers_hold(), *_signal_table()]), encoding="utf-8")


def _overview(rule: Rule, table: Table) -> str:
    levels = ", ".join(dict.fromkeys(str(int(clause.level)) for clause in rule.clauses))
    link = f"[{rule.id}](#{_anchor(_heading(rule))})"
    return _row(link, rule.title, levels, "yes" if rule.red_flag else "", ", ".join(rule.phases), str(len(table.cases)))


def _heading(rule: Rule) -> str:
    return f"{rule.id} {rule.title}"


def _anchor(heading: str) -> str:
    kept = (letter for letter in heading.lower() if letter.isalnum() or letter in " -")
    return "".join(kept).replace(" ", "-")


def _section(rule: Rule, table: Table) -> Iterator[str]:
    yield f"\n## {_heading(rule)}\n\n"
    yield f"Version {rule.version}; of {', '.join(rule.classes) or 'every class'}; in {', '.join(rule.phases)}. {_kind(rule)}\n"
    if rule.stale:
        stale = "; ".join(f"{load_signals().signals[name].title} {span}" for name, span in rule.stale)
        yield f"How long a reading counts: {stale}.\n"
    for clause in rule.clauses:
        yield from _clause(clause)
    yield from _cases(table)


def _kind(rule: Rule) -> str:
    kinds = {
        "A red flag: it does not wait, stands until a person answers, and cannot be switched off.": rule.red_flag,
        "It stands until a person answers.": rule.stands and not rule.red_flag,
        "A site may loosen it.": rule.loosenable,
        "A site may tighten it, not loosen it.": not rule.loosenable,
        f"Not more often than every {rule.quiet}.": rule.quiet is not None,
        "After it no dose goes on before a clinician has decided.": rule.no_continuation,
        "After it nothing else is said.": rule.ends_everything,
    }
    return " ".join(words for words, is_so in kinds.items() if is_so)


def _clause(clause: Clause) -> Iterator[str]:
    signals = load_signals()
    yield f"\n**Level {int(clause.level)}, {LEVEL_WORDS[clause.level].lower()}**: “{clause.says}”\n\n"
    persist = f", {persist_words(clause.persist, signals)}" if clause.persist else ""
    yield f"- when: {_plain(condition_words(clause.when, signals) + persist)}\n"
    yield f"- due: {clause.due or 'not by a time'}\n"
    for action in clause.actions:
        yield f"- proposes: {load_actions()[action].says}\n"
    yield f"- cleared by: {clause.clear_words}" + (f" ({_plain(condition_words(clause.clears, signals))})" if clause.clears else "") + "\n"
    source = clause.source
    edition = source.edition if source.edition == source.year else f"{source.edition} ({source.year})"
    yield f"- source: {source.name}, {edition}, state {source.state}\n"


def _cases(table: Table) -> Iterator[str]:
    yield "\n| case | what happened | as it is tested | what must come of it |\n|---|---|---|---|\n"
    for case in table.cases:
        yield _row(case.column, case.says, "; ".join(case.seen) or "nothing", _expected(case))
    for column, why in table.not_applicable:
        yield _row(column, "–", "", why)
    for number, why in table.same:
        yield _row("unwatched number", number, "", why)


def _derived() -> Iterator[str]:
    yield "\n## Derived numbers\n\nWhat a rule may ask for that nobody measured: worked out of plan, orders, supplies and clock.\n\n"
    yield "| name | is |\n|---|---|\n"
    yield from (_row(f"`{name}`", words) for name, words in QUANTITY_WORDS.items())


def _expected(case: Case) -> str:
    expected = case.expected
    words = [f"level {expected['level']}" if expected.get("level", "none") != "none" else "no hit"]
    words += [f"due {expected['due']}"] if "due" in expected else []
    words += [f"proposes {', '.join(expected['actions'])}"] if "actions" in expected else []
    words += [f"not evaluable: {expected['not_evaluable']}"] if "not_evaluable" in expected else []
    words += [f"says “{expected['says']}”"] if "says" in expected else []
    words += [{True: "is answered", False: "is not answered"}[expected["answered"]]] if "answered" in expected else []
    words += (
        [{True: "today's dose goes on", False: "no dose is said to go on"}[expected["keeps_taking"]]] if "keeps_taking" in expected else []
    )
    return "; ".join(words)


def _awaiting(rule: Rule) -> Iterator[tuple[Rule, Threshold, str, Source]]:
    """Numbers whose row awaits sign-off: the clause's, or of what holds for the whole rule any clause's."""
    for one in thresholds(rule):
        sources = [clause.source for clause in rule.clauses]
        if one.address.startswith("clauses["):
            sources = [sources[int(one.address[len("clauses[") :].partition("]")[0])]]
        awaiting = [source for source in sources if source.state in AWAITS_SIGN_OFF]
        if awaiting:
            yield rule, one, _bounds(rule, one), awaiting[0]


def _bounds(rule: Rule, one: Threshold) -> str:
    """What a number bounds: the smallest condition around it in words."""
    signals = load_signals()
    holder, field = _holder(rule, one.address)
    if isinstance(holder, SIMPLE):
        return _plain(condition_words(holder, signals))
    if isinstance(holder, Persist):
        return persist_words(holder, signals)
    if isinstance(holder, Clause):
        return "due within, of: " + holder.says
    return f"how long {signals.signals[field].title} counts" if field in signals.signals else "a new hit not more often than this"


def _holder(rule: Rule, address: str) -> tuple[object, str]:
    """The innermost condition, persistence, clause or rule that an address lies in, and the last name of the address."""
    value: Any = rule
    found: Any = rule
    name = ""
    for part in address.split("."):
        name, _, index = part.partition("[")
        value = getattr(value, name)
        if index:
            name = index.removesuffix("]")
            value = value[int(name)] if name.isdigit() else value
        if isinstance(value, (*SIMPLE, Persist, Clause)):
            found = value
    return found, name


def _rule_table(rows: list[tuple[Rule, Threshold, str, Source]]) -> Iterator[str]:
    yield "## Rules\n\n| rule | number | what it bounds | tighter | state | source | address |\n|---|---|---|---|---|---|---|\n"
    for rule, one, bounds, source in rows:
        number = f"{brief(one.number)} {one.unit}".rstrip()
        yield _row(rule.id, number, bounds, TIGHTER[one.tighter], source.state, source.name, f"`{one.address}`")


def _answers_hold() -> Iterator[str]:
    span, source = load_rules().asks_again, load_rules().asks_again_source
    if source.state in AWAITS_SIGN_OFF:
        yield f"\n## Answers\n\nA person's answer to a hit that is no red flag holds for {span} (state {source.state}; {source.name}).\n"


def _signal_table() -> Iterator[str]:
    yield "\n## Signals\n\nWhat is plausible, and of what a patient's own baseline is made.\n\n"
    yield "| signal | plausible | baseline | state | source |\n|---|---|---|---|---|\n"
    for signal in load_signals().signals.values():
        if signal.kind is SignalKind.NUMBER and signal.source.state in AWAITS_SIGN_OFF:
            yield _row(signal.title, _range(signal), _baseline(signal), signal.source.state, signal.source.name)


def _range(signal: Signal) -> str:
    low, high = signal.low, signal.high
    return f"{brief(low)} to {brief(high)}{unit_words(signal.unit)}" if low is not None and high is not None else ""


def _baseline(signal: Signal) -> str:
    days = f"from {signal.baseline_days} d before the plan" if signal.baseline_days else "however old"
    return f"{signal.baseline} of at least {signal.baseline_readings}, {days}, up to the first reduction"


def _plain(words: str) -> str:
    """What stands in a list item or a cell: no sign that a page would read as its own."""
    return words.replace("<", "&lt;").replace("*", "\\*")


def _row(*cells: str) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|").replace("<", "&lt;") for cell in cells) + " |\n"


if __name__ == "__main__":
    main()
