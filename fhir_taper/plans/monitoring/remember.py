"""What is remembered of one assessment for the next: courses of hits that go on, begin and end."""

from dataclasses import replace
from datetime import datetime

from fhir_taper.plans.monitoring.assessment import Assessment, Hit
from fhir_taper.plans.monitoring.history import Episode, History
from fhir_taper.plans.monitoring.rule import Level


def remember(history: History, assessment: Assessment) -> History:
    """The history with an assessment: courses that go on, begin and end. Answers stay with their course.

    An assessment of an instant before what is known of a course says nothing of that course.
    """
    hits = {hit.rule: hit for hit in assessment.hits}
    evaluable = {one.rule: one.evaluable for one in assessment.coverage}
    at = assessment.as_of
    kept: list[Episode] = []
    for one in history.episodes:
        is_later = at < one.seen
        if one.ended is not None or one.rule not in evaluable or is_later:
            kept.append(one)
            if is_later:
                hits.pop(one.rule, None)
            continue
        hit = hits.get(one.rule)
        if hit is None or (hit.is_new and one.answer is not None):
            kept.append(replace(one, ended=at) if hit is not None or evaluable[one.rule] else one)
        else:
            kept.append(_going_on(hits.pop(one.rule), one, at))
    kept.extend(
        Episode(hit.rule, hit.version, hit.level, at, at, _shown(hit), clauses=hit.clauses) for hit in assessment.hits if hit.rule in hits
    )
    return History(tuple(sorted(kept, key=lambda one: (one.began, one.rule))))


def _going_on(hit: Hit, one: Episode, at: datetime) -> Episode:
    """The course with one more hit. After an answer its level is that of the hit: what falls and rises again is told again."""
    if one.answer is not None:
        return replace(one, seen=at, level=hit.level, clauses=hit.clauses)
    level = Level(max(one.level, hit.level))
    shown = tuple(dict.fromkeys((*one.shown, *_shown(hit))))
    return replace(one, seen=at, version=hit.version, level=level, shown=shown, clauses=tuple(sorted({*one.clauses, *hit.clauses})))


def _shown(hit: Hit) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one.identity for one in hit.evidence if one.identity))
