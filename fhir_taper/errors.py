"""Every error that fhir-taper raises on purpose, in one tree.

    TaperError
    ├── BadInput            for the person who gave us the file: says what and where       (exit status 3)
    │   ├── NotJson         not JSON, empty, NaN, nested too deep, too large
    │   ├── NotFhir         JSON without resourceType
    │   ├── ChartConflict   two patients in one chart, one id twice with different content
    │   └── RestrictedData  labelled as data that may not be passed on without a consent
    ├── NotAllowed          a step in the life of a plan that its state, findings or reviews forbid: shown as written
    ├── WrongUsage          an option or parameter that cannot be meant                    (exit status 2)
    ├── TableError          a row of our own tables without source, state or sense         (internal)
    ├── BrokenPlan          a plan of our own that breaks its rules: never shown           (internal; exit status 1)
    ├── TerminologyError    an RxNorm release that is wrong or truncated                   (exit status 3)
    ├── MissingSystemLibrary  a library of the operating system that is absent: names the package (exit status 1)
    ├── CannotWrite         where the answer should go cannot be written to                (exit status 1)
    ├── SettingsError       a configuration that cannot be meant: names file and key       (exit status 2)
    ├── LaunchRefused       a launch that may not go on: says why, and what the person can do
    ├── EhrError            what an EHR did, or did not, answer
    │   ├── EhrUnreachable  no answer: nobody knows what the EHR did
    │   ├── EhrAnswered     an answer that is a refusal: status and the server's own words
    │   │   └── TokenRefused  the token endpoint says no: its OAuth error code, never its prose
    │   ├── HostRefused     an address that the tenant does not name: no request was sent
    │   ├── EhrBusy         it is asked as often as it may be, or asked for a pause: no request was sent
    │   ├── NotGranted      what the access that was given does not cover: no request was sent
    │   ├── AccessEnded     the token is no longer taken and cannot be renewed
    │   └── WrongPatient    an answer about another patient than that of the launch
    ├── WriteRefused        what the guard does not let out: every reason
    ├── StoreError          the database refuses: unknown key, damaged row, a version that somebody else took
    │   └── StoreConflict   another writer came first; nothing was changed
    │       └── NotInTurn   somebody else is writing to this patient's chart, or began to meanwhile
    └── SandboxError        a part of the demo EHR does not start or does not answer: says which and why

A clinical "no" is not an error: what cannot be computed is a RegimenItem with a reason, what cannot be tapered is an
`Infeasible` with ways out. Messages are one line and name the place.
"""

from datetime import timedelta


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


class RestrictedData(BadInput):
    """The chart holds data that is labelled restricted: it was read, and nothing derived from it is written without a consent."""


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


class SettingsError(TaperError):
    """A configuration that cannot be meant. The message names the file and the key."""


class LaunchRefused(TaperError):
    """A launch or session that may not go on. `reason` is a code for logs and tests; the message is a sentence for the person."""

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(message)


class EhrError(TaperError):
    """What an EHR did, or did not, answer."""


class EhrUnreachable(EhrError):
    """No whole answer came. For a write this means: nobody knows whether it was done."""


class EhrAnswered(EhrError):
    """The EHR answered with a refusal. The message is for people; `words` are the server's own (an OperationOutcome's), bounded."""

    def __init__(self, status: int, words: str = "") -> None:
        self.status = status
        self.words = words
        super().__init__(f"the EHR answered {status}{f': {words}' if words else ''}")


class TokenRefused(EhrAnswered):
    """The token endpoint refused. `code` is its OAuth error ("invalid_grant"); its prose may repeat a secret and is not kept."""

    def __init__(self, status: int, code: str) -> None:
        self.code = code
        super().__init__(status, code)


class HostRefused(EhrError):
    """An address on a host that the tenant does not name. Nothing was sent there."""


class EhrBusy(EhrError):
    """The EHR asked for a pause, or is asked as often as it may be. Nothing was sent. `wait` is how long the turn is away."""

    def __init__(self, wait: timedelta) -> None:
        self.wait = wait
        super().__init__(f"the EHR cannot be asked for {max(1, round(wait.total_seconds()))} seconds: nothing was sent")


class TooLate(EhrError):
    """What was to be sent waited longer than it may before it left. Nothing was sent."""


class NotGranted(EhrError):
    """The access that the EHR gave does not cover this, or covers a part of it only. Nothing was sent: "not there" would prove nothing."""


class AccessEnded(EhrError):
    """The EHR no longer takes the token, and it cannot be renewed: the person launches again."""


class WrongPatient(EhrError):
    """The EHR answered with a resource of another patient. It is shown to nobody, and audited."""


class WriteRefused(TaperError):
    """A write that may not leave. `reasons` are all of them, each one sentence for a clinician."""

    def __init__(self, *reasons: str) -> None:
        self.reasons = reasons
        super().__init__("; ".join(reasons))


class StoreError(TaperError):
    """The store cannot do what was asked: a key that is unknown, a row that was changed from outside, a schema of another version."""


class StoreConflict(StoreError):
    """Another writer came first. Nothing was changed."""


class NotInTurn(StoreConflict):
    """Somebody else is writing to this patient's chart, or began to meanwhile. Nothing was sent."""


class SandboxError(TaperError):
    """A part of the demo EHR does not start, or does not answer. The message says which part, and what it said last."""
