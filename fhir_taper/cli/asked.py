"""The options that `strategies` and `plan` share, written once: a command takes them together as `asked`.

Typer reads options from a command's signature; `asks` writes the fields of `Asked` into it in the place of that one parameter.
"""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import wraps
from typing import TYPE_CHECKING, Any

from fhir_taper.cli import options as option
from fhir_taper.errors import WrongUsage
from fhir_taper.plans.medicines.plain_number import plain_decimal

if TYPE_CHECKING:  # the use cases are imported when a command runs
    from fhir_taper.plans.tapers.request import Taken
    from fhir_taper.workflow.plan_options import PlanOptions
    from fhir_taper.workflow.regimen import Reading

_MOST_UNITS = 10_000
"""More than this at one time is a typing error, whatever the product."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """The shared options as they were typed."""

    protocol: option.Protocol = None
    strategy: option.Strategy = None
    param: option.Param = None
    target: option.Target = Decimal(0)
    baseline: option.BaselineMg = None
    baseline_by: option.BaselineBy = ""
    taken: option.TakenToday = None
    confirm: option.Confirm = None
    confirmed_by: option.ConfirmedBy = ""
    use: option.Use = None
    mme_table: option.MmeTable = "cdc-2022"
    benzo_table: option.Benzo = None
    products: option.Products = ""
    parts: option.Parts = None
    reason: option.Reason = ""
    zone: option.Zone = None
    terminology: option.Terminology = None

    def options(self, drug: str, start: date) -> "PlanOptions":
        """The same as the use cases take them. Raises WrongUsage naming what cannot be read."""
        from fhir_taper.workflow.plan_options import PlanOptions

        return PlanOptions(
            drug=drug,
            start=start,
            target_mg=self.target,
            protocol=self.protocol,
            strategy=self.strategy,
            params=_params(self.param or ()),
            baseline_mg=self.baseline,
            baseline_by=self.baseline_by.strip(),
            taken=tuple(_taken(text) for text in self.taken or ()),
            confirmed=tuple(self.confirm or ()),
            confirmed_by=self.confirmed_by.strip(),
            use=self.use and self.use.value,
            benzo_table=self.benzo_table and self.benzo_table.value,
            products=tuple(code.strip() for code in self.products.split(",") if code.strip()),
            parts=self.parts.per_unit if self.parts else None,
            reason=self.reason,
            zone=self.zone,
        )

    def reading(self, chart: str, asked: "PlanOptions") -> "AbstractContextManager[Reading]":
        """The chart as it stands on the first day of the plan."""
        from fhir_taper.workflow.regimen import chart_reading

        return chart_reading(chart, asked.start, self.mme_table, asked.benzo_table, self.terminology)


def asks(command: Callable[..., None]) -> Callable[..., None]:
    """The command with its parameter `asked` written out option by option."""
    shared = inspect.signature(Asked).parameters
    own = inspect.signature(command)
    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        parameters += shared.values() if parameter.name == "asked" else [parameter]

    @wraps(command)
    def run(**given: Any) -> None:
        asked = Asked(**{name: given.pop(name) for name in shared})
        command(asked=asked, **given)

    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    run.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return run


def _params(texts: "list[str] | tuple[str, ...]") -> tuple[tuple[str, str], ...]:
    pairs = [text.partition("=") for text in texts]
    for name, equals, value in pairs:
        if not equals or not name.strip() or not value.strip():
            raise WrongUsage(f"--param {name + equals + value!r} is not of the form name=value")
    names = [name.strip() for name, _, _ in pairs]
    if len(set(names)) < len(names):
        raise WrongUsage(f"--param gives {', '.join(sorted({name for name in names if names.count(name) > 1}))} more than once")
    return tuple((name.strip(), value.strip()) for name, _, value in pairs)


def _taken(text: str) -> "Taken":
    """RXCUI=UNITS or RXCUI=UNITS@TIME."""
    from fhir_taper.plans.medicines.codes import Slot
    from fhir_taper.plans.tapers.request import Taken

    rxcui, _, amount = text.partition("=")
    units, at, time = amount.partition("@")
    number = plain_decimal(units.strip())
    try:
        slot = Slot(time.strip()) if at else None
    except ValueError:
        raise WrongUsage(f"--taken {text!r}: {time.strip()!r} is none of {', '.join(Slot)}") from None
    if not rxcui.strip() or number is None or not 0 < number <= _MOST_UNITS:
        raise WrongUsage(f"--taken {text!r} is not of the form RXCUI=UNITS or RXCUI=UNITS@TIME, such as 854235=1@morning")
    return Taken(rxcui.strip(), slot, number)
