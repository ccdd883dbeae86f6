"""What a person typed in a form that was not taken, shown again in the form; where no page holds it, see `typed_text`.

Nobody types twice because somebody else was first, the EHR did not answer, or the session had ended.
"""

from dataclasses import dataclass
from typing import Final

from fastapi import Request

from fhir_taper.errors import NotAllowed, StoreConflict, TaperError, WrongUsage
from fhir_taper.web.dependencies import Form
from fhir_taper.web.errors import note_reason, told

REFUSED: Final = (StoreConflict, NotAllowed, WrongUsage)
"""What a page with a form says itself, with what was typed; everything else has a page of its own."""


@dataclass(frozen=True, slots=True)
class NotKept:
    """Why a form was not taken, and what it held."""

    title: str
    says: tuple[str, ...]
    status: int
    form: Form

    def text(self, name: str) -> str:
        """What was typed in a field, as it was typed."""
        return next((value for key, value in self.form.pairs if key == name), "")

    def lines(self, name: str) -> list[str]:
        """The same of an area, line by line."""
        return self.text(name).splitlines()


def not_kept(request: Request, form: Form, error: TaperError) -> NotKept:
    """The refusal of a form for the page that holds it; its reason is noted for the audit."""
    note_reason(request, error)
    page = told(error)
    return NotKept(page.title, page.says, page.status, form)
