"""Every error that fhir-taper raises on purpose, in one tree.

    TaperError
    ├── BadInput            for the person who gave us the file: says what and where       (exit status 3)
    │   ├── NotJson         not JSON, empty, NaN, nested too deep, too large
    │   ├── NotFhir         JSON without resourceType
    │   └── ChartConflict   two patients in one chart, one id twice with different content
    ├── NotAllowed          a step in the life of a plan that its state, findings or reviews forbid: shown as written
    ├── WrongUsage          an option or parameter that cannot be meant                    (exit status 2)
    ├── TableError          a row of our own tables without source, state or sense         (internal)
    ├── BrokenPlan          a plan of our own that breaks its rules: never shown           (internal; exit status 1)
    ├── TerminologyError    an RxNorm release that is wrong or truncated                   (exit status 3)
    ├── MissingSystemLibrary  a library of the operating system that is absent: names the package (exit status 1)
    └── CannotWrite         where the answer should go cannot be written to                (exit status 1)

A clinical "no" is not an error: what cannot be computed is a RegimenItem with a reason, what cannot be tapered is an
`Infeasible` with ways out. Messages are one line and name the place.
"""


class TaperError(Exception):
    """The root: catch this to catch everything that we raise on purpose."""


class BadInput(TaperError):
    """Input that cannot be read. `place` is a file name, a line, or a path inside a resource."""

    def __init__(self, message: str, place: str = "") -> None:
        self.message = message
        self.place = place
        super().__init__(f"{place}: {message}" if place else message)


class NotJson(BadInput):
    """The bytes are not JSON that we accept (RFC 8259: no NaN), or are empty, too deep or too large."""


class NotFhir(BadInput):
    """JSON, but nothing in it has a resourceType."""


class ChartConflict(BadInput):
    """The input cannot be one patient's chart."""


class WrongUsage(TaperError):
    """A parameter that is missing, unknown, or outside what it can mean. The message names it."""


class NotAllowed(TaperError):
    """A transition or revision of a plan that may not happen now. `reasons` are all of them, each one sentence for a clinician."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


class TableError(TaperError):
    """A row of our own tables is not acceptable. The message names table and row."""


class BrokenPlan(TaperError):
    """The engine made a plan that breaks its own rules: a defect of ours. The message names what is broken; the plan goes nowhere."""


class TerminologyError(BadInput):
    """A terminology release or database that is wrong, truncated, or of another format."""


class MissingSystemLibrary(TaperError):
    """A library of the operating system is absent. The message names the package to install."""


class CannotWrite(TaperError):
    """The place for the answer cannot be written to: a full disk, a closed output."""
