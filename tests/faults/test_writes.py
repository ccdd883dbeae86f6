"""Twenty courses of faults, each on a real FHIR server and a real database; `make faults` plays two hundred."""

from collections.abc import Iterator

import pytest

from tests.faults.writer import POINTS
from tests.faults.writes import FAULTS, Course, Stage, stage

SEEDS = range(20)


@pytest.fixture(scope="session")
def playing() -> Iterator[Stage]:
    """Servers, databases and a writer for all seeds."""
    with stage() as made:
        yield made


@pytest.mark.parametrize("seed", SEEDS)
def test_whatever_goes_wrong_one_record_stands_as_if_nothing_had(playing: Stage, seed: int) -> None:
    found = playing.run(Course.of(seed))
    assert found.wrong == [], (found.course, found.said)


def test_the_audit_holds_together_after_a_writer_was_killed_in_the_middle_of_it(playing: Stage) -> None:
    killed = next(seed for seed in SEEDS if Course.of(seed).troubles[0].point == "while the row is settled")
    assert playing.run(Course.of(killed)).said[0].endswith("signal 9")
    assert playing.broken_audits() == []


def test_the_seeds_of_every_run_show_each_fault_and_each_point_on_each_server_and_database() -> None:
    courses = [Course.of(seed) for seed in SEEDS]
    shown = {trouble.point or trouble.fault for course in courses for trouble in course.troubles}
    assert shown == {*POINTS, *FAULTS}
    assert len({(course.server, course.database) for course in courses}) == 6
    assert {course.is_update for course in courses} == {True, False}
