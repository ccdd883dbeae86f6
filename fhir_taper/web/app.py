"""The web application: routes under the headers that every answer carries. FastAPI's own documentation pages load from elsewhere: off."""

from urllib.parse import urlsplit

from fastapi import FastAPI

from fhir_taper.web.errors import add_error_pages
from fhir_taper.web.limits import Limits
from fhir_taper.web.routes import (
    alerts,
    approval,
    check_in,
    contingency,
    course,
    exports,
    intake,
    launch,
    look,
    monitoring,
    next_version,
    operations,
    patient,
    plan,
    prints,
    regimen,
    review,
    safety,
    source_attributes,
    strategies,
    versions,
    write_back,
)
from fhir_taper.web.security import Headers
from fhir_taper.web.trail import Trail
from fhir_taper.web.watch import Watch
from fhir_taper.workflow.services import Services


def create_app(services: Services) -> FastAPI:
    """The ASGI application over some services. Whoever opened them closes them."""
    # A redirect to the address without its last slash would go to whatever host the request names, and past the audit.
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.state.services = services
    of_the_plan = (plan, prints, safety, approval, look, write_back, course, next_version, versions, review, contingency)
    watched = (monitoring, exports, alerts, check_in, patient, source_attributes)
    for module in (operations, launch, regimen, intake, strategies, *of_the_plan, *watched):
        app.include_router(module.router)
    add_error_pages(app)
    # The last one added is the first that a request meets.
    app.add_middleware(Trail, services=services)
    app.add_middleware(Limits, services=services)
    app.add_middleware(Watch, metrics=services.metrics)
    app.add_middleware(Headers, is_https=urlsplit(services.settings.public_base_url).scheme == "https")
    return app
