"""A plan as a paper for the record: PDF, or plain text to paste into a note. What was handed out stands in the audit."""

from enum import StrEnum

from fhir_taper.plans.tapers.plan import TaperPlan
from fhir_taper.render.cover import Cover
from fhir_taper.workflow.audited import note
from fhir_taper.workflow.open_chart import OpenChart
from fhir_taper.workflow.services import Services


class Paper(StrEnum):
    """What a plan is printed as; the value ends the name of the file."""

    PDF = "pdf"
    TEXT = "txt"


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
