"""What a person sees of the demo EHR, as HTML: the list of patients, a chart that frames the app, the sign-in page, a refusal.

No script, no request to anywhere else; one small style sheet. Every text from outside is escaped.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from typing import Final

from fhir_taper.sandbox.users import PATIENT, USERS, User

STYLE_PATH: Final = "/style.css"


@dataclass(frozen=True, slots=True)
class Listed:
    """A patient as a list shows one."""

    id: str
    name: str
    born: str
    about: str
    """What this synthetic chart is there to show."""


def home(patients: Iterable[Listed], user: User) -> str:
    """The EHR's first page: who is signed in, and whose chart to open."""
    people = "".join(
        f'<label><input type="radio" name="user" value="{escape(one.key)}"{" checked" if one.key == user.key else ""}>'
        f" {escape(one.name)}</label>"
        for one in USERS.values()
    )
    rows = "".join(
        f'<tr><th scope="row">{escape(one.name)}</th><td>{escape(one.born)}</td><td>{escape(one.about)}</td>'
        f'<td><button name="patient" value="{escape(one.id)}">Open fhir-taper</button></td></tr>'
        for one in patients
    )
    return _page(
        "Demo EHR",
        '<header><strong>Demo EHR</strong><span class="soft">synthetic patients; nothing here is real</span></header>'
        f'<main><h1>Patients</h1><form action="/chart"><fieldset><legend>Signed in as</legend>{people}</fieldset>'
        '<table><thead><tr><th scope="col">Patient</th><th scope="col">Born</th>'
        '<th scope="col">Shows</th><th scope="col">App</th></tr></thead>'
        f"<tbody>{rows}</tbody></table></form></main>",
    )


def chart(patient: Listed, user: User, framed: str) -> str:
    """A patient's chart with the app in a frame."""
    return _page(
        f"{patient.name} – Demo EHR",
        f'<header><h1>{escape(patient.name)}</h1><span class="soft">born {escape(patient.born)}</span>'
        f'<span class="soft">signed in as {escape(user.name)}</span><a href="/?user={escape(user.key)}">All patients</a></header>'
        f'<main><iframe title="fhir-taper" src="{escape(framed)}"></iframe></main>',
        "chart",
    )


def sign_in(app: str, name: str, patients: Iterable[Listed]) -> str:
    """Who a person is and, where `patients` are given, whose chart the app may open. `name` is that of the waiting request."""
    people = "".join(
        f'<label><input type="radio" name="user" value="{escape(one.key)}"{" checked" if number == 0 else ""}> {escape(one.name)}</label>'
        for number, one in enumerate(USERS.values())
    )
    charts = "".join(
        f'<label><input type="radio" name="patient" value="{escape(one.id)}"{" checked" if number == 0 else ""}> {escape(one.name)}'
        f" <small>{escape(one.about)}</small></label>"
        for number, one in enumerate(patients)
    )
    if charts:
        people += f'<label><input type="radio" name="user" value="{PATIENT}"> The patient who is chosen below</label>'
    return _page(
        "Sign in – Demo EHR",
        '<header><strong>Demo EHR</strong><span class="soft">synthetic patients; nothing here is real</span></header>'
        f"<main><h1>Let {escape(app)} in?</h1><p>It will see and write what you may see and write.</p>"
        '<form method="post" action="/auth/sign-in">'
        f'<input type="hidden" name="request" value="{escape(name)}"><fieldset><legend>Who are you?</legend>{people}</fieldset>'
        + (f"<fieldset><legend>Which patient?</legend>{charts}</fieldset>" if charts else "")
        + '<button name="answer" value="allow">Sign in</button> '
        '<button class="quiet" name="answer" value="deny">Cancel</button></form></main>',
    )


def refusal(words: str) -> str:
    """A request that cannot be answered by a redirect."""
    back = '<a class="button" href="/">Back to the EHR</a>'
    return _page("Refused – Demo EHR", f"<main><h1>This cannot be done</h1><p>{escape(words)}</p>{back}</main>")


def _page(title: str, body: str, kind: str = "") -> str:
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{STYLE_PATH}"></head><body{f" class={kind}" if kind else ""}>{body}</body></html>'
    )
