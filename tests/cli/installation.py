"""An installation for the command line: a configuration file, keys in files, and a database, for a demo EHR that runs."""

from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from fhir_taper.records import Secret
from fhir_taper.sandbox.demo import Demo
from fhir_taper.settings import load_settings
from fhir_taper.store.audit import AuditLog
from fhir_taper.store.crypto import KeyRing
from fhir_taper.store.database import Database
from fhir_taper.store.drafts import Draft, DraftStore
from fhir_taper.workflow.services import upgrade_database
from tests.store.kept import NEW_KEY, OLD_KEY, draft, entry

AUDIT_KEY = "an audit key that only these tests use"


@dataclass
class Installation:
    """`config` is the path that commands are given; `top` and `tenant` are further lines of the file."""

    folder: Path
    issuer: str
    client_id: str
    signing_keys: tuple[str, ...] = ()
    encryption: tuple[str, ...] = ("old",)
    public_base_url: str = "http://127.0.0.1:8000"
    top: str = ""
    tenant: str = ""

    @property
    def config(self) -> str:
        return str(self.folder / "fhir-taper.toml")

    @property
    def database(self) -> Path:
        return self.folder / "taper.db"

    def write(self) -> "Installation":
        """The file, with its keys beside it."""
        for name, key in (("old", OLD_KEY), ("new", NEW_KEY)):
            (self.folder / f"{name}.key").write_text(f"{name}:{b64encode(key).decode()}\n")
        (self.folder / "audit.key").write_text(AUDIT_KEY)
        for number, pem in enumerate(self.signing_keys):
            (self.folder / f"sign{number}.pem").write_text(pem)
        keys = ", ".join(f'"file:{name}.key"' for name in self.encryption)
        signing = ", ".join(f'"sign{number}.pem"' for number in range(len(self.signing_keys)))
        auth = f'auth = "asymmetric"\nprivate_key_files = [{signing}]' if self.signing_keys else ""
        (self.folder / "fhir-taper.toml").write_text(f"""
public_base_url = "{self.public_base_url}"
database_url = "sqlite:///{self.database}"
encryption_keys = [{keys}]
audit_key = "file:audit.key"
allow_insecure_loopback = true
{self.top}
[[tenants]]
id = "hospital"
issuer = "{self.issuer}"
client_id = "{self.client_id}"
timezone = "America/New_York"
{auth}
{self.tenant}
""")
        return self

    def upgraded(self) -> "Installation":
        """The same with an empty database."""
        upgrade_database(load_settings(Path(self.config)))
        return self

    def drafts(self, count: int) -> None:
        """Sealed rows, with the key that is current."""
        settings = load_settings(Path(self.config))
        database = Database.open(settings.database_url)
        store = DraftStore(database, KeyRing.of(settings.encryption_keys))
        for number in range(count):
            made: Draft = draft(patient_id=f"p{number}")
            store.save(made)
        database.close()

    def audited(self, count: int) -> None:
        """Lines of the tenant's audit."""
        database = Database.open(f"sqlite:///{self.database}")
        log = AuditLog(database, Secret(AUDIT_KEY))
        for number in range(count):
            log.append(entry(number))
        database.close()


def of_demo(folder: Path, demo: Demo, tenant: str = "") -> Installation:
    """An installation whose one EHR is a running demo, launched as its asymmetric client."""
    parts = urlsplit(demo.app_url)
    pems = tuple(one.reveal() for one in demo.clients.signing_keys)
    origin = f"{parts.scheme}://{parts.netloc}"
    made = Installation(folder, demo.issuer, demo.clients.asymmetric.id, pems, public_base_url=origin)
    made.tenant = f'vendor = "fhir-platform"\n{tenant}'
    return made.write().upgraded()
