"""A plan as a paper for the record: PDF, or plain text to paste into a note. What was handed out stands in the audit."""

from dataclasses import replace
from enum import StrEnum

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import MUST_STAY, Cover
from fhir_taper.store.plans import PlanVersion
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.cover import cover_of
from fhir_taper.workflow.made_from import made_from_of
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.regimen import Reading
from fhir_taper.workflow.services import Services


class Paper(StrEnum):
    """What a plan is printed as; the value ends the name of the file."""

    PDF = "pdf"
    TEXT = "txt"


def cover_of_version(version: PlanVersion, plan: TaperPlan, reading: Reading) -> Cover:
    """The cover of a version that was kept, with what was known when it was made: never with what was found out since."""
    kept = made_from_of(version)
    cover = cover_of(plan, reading, kept.intake if kept else None)
    if kept is not None and kept.intake is not None:
        return cover
    why = "not kept with this version" if kept is None else "none here: this version was taken over from the EHR"
    return replace(cover, intake=((MUST_STAY, plan.minimum_function), ("Intake", why)))


def print_plan(services: Services, chart: OpenChart, plan: TaperPlan, cover: Cover, paper: Paper) -> bytes:
    """The paper. Raises MissingSystemLibrary where the machine cannot make a PDF, StoreError where the audit cannot be written."""
    made = _pdf(plan, cover) if paper is Paper.PDF else _text(plan, cover)
    note(services, chart.launch, "print", "done", {"plan": plan.id, "version": plan.version, "as": paper.value})
    return made


def _text(plan: TaperPlan, cover: Cover) -> bytes:
    from fhir_taper.render.pages import page_text

    return page_text(plan, cover).encode()


def _pdf(plan: TaperPlan, cover: Cover) -> bytes:
    from fhir_taper.render.pdf import pdf_of
    from fhir_taper.render.print_page import layouts_of

    return pdf_of(layouts_of(plan, cover))
