"""The EHR's own page: its patients, and a chart that opens the app in a frame, from another site, as an EHR does."""

from collections.abc import Mapping
from dataclasses import dataclass

from fhir_taper.sandbox import pages
from fhir_taper.sandbox.grants import Grants, LaunchContext
from fhir_taper.sandbox.pages import Listed
from fhir_taper.sandbox.refusal import origin_of, with_query
from fhir_taper.sandbox.users import USERS


@dataclass(frozen=True, slots=True)
class Frame:
    """What the pages show. `launch_url` is where the app is launched: empty where there is no app, and then a chart frames nothing."""

    issuer: str
    launch_url: str
    patients: Mapping[str, Listed]
    encounters: Mapping[str, str]
    """The encounter that is open in a patient's chart, by patient."""
    grants: Grants

    @property
    def framed_origins(self) -> str:
        """What the frame may show: the app, and on the way into it the authorization endpoint."""
        return f"{origin_of(self.launch_url)} {origin_of(self.issuer)}" if self.launch_url else "'none'"

    def home(self, user: str) -> str:
        """The list of patients, with a person signed in."""
        return pages.home(self.patients.values(), USERS.get(user, USERS["prescriber"]))

    def chart(self, patient: str, user: str) -> str | None:
        """A chart with the app in it, launched anew with each showing; None for a patient who is not here."""
        if patient not in self.patients:
            return None
        signed_in = USERS.get(user, USERS["prescriber"])
        return pages.chart(self.patients[patient], signed_in, self.launch(patient, signed_in.key))

    def launch(self, patient: str, user: str) -> str:
        """The URL that launches the app for a patient and a user, once."""
        launch = self.grants.new_launch(LaunchContext(USERS[user], patient, self.encounters.get(patient)))
        return with_query(self.launch_url, {"iss": self.issuer, "launch": launch}) if self.launch_url else "about:blank"
