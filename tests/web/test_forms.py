"""A form is read by the grammar of the command line: what is ambiguous or unknown is refused by the name of its field."""

import pytest

from fhir_taper.errors import WrongUsage
from fhir_taper.web.dependencies import Form
from fhir_taper.web.forms import options_of

ASKED = {"drug": "lorazepam", "start": "2026-01-05"}


def form(**fields: str) -> Form:
    return Form(tuple({**ASKED, **fields}.items()))


def test_permitted_parts_say_how_many_make_a_tablet() -> None:
    assert options_of(form(parts="quarter"), "Dr. Example").parts == 4
    assert options_of(form(), "Dr. Example").parts is None


@pytest.mark.parametrize(
    ("field", "text"),
    [("start", "2026-W05-6"), ("start", "2200-01-01"), ("baseline", "1e3"), ("target", "-1"), ("parts", "third"), ("use", "2y")],
)
def test_what_could_be_meant_otherwise_is_refused_by_its_field(field: str, text: str) -> None:
    with pytest.raises(WrongUsage, match=f"^{field}: "):
        options_of(form(**{field: text}), "Dr. Example")
