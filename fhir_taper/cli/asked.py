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
from typing import TYPE_CHECKING, Any, TypeVar

from fhir_taper.cli import options as option
from fhir_taper.errors import WrongUsage

if TYPE_CHECKING:  # the use cases are imported when a command runs
    from fhir_taper.workflow.plan_options import PlanOptions
    from fhir_taper.workflow.regimen import Reading

_Value = TypeVar("_Value")


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
        from fhir_taper.workflow.typed import typed_codes, typed_params, typed_taken

        return PlanOptions(
            drug=drug,
            start=start,
            target_mg=self.target,
            protocol=self.protocol,
            strategy=self.strategy,
            params=_named("--param", lambda: typed_params(self.param or ())),
            baseline_mg=self.baseline,
            baseline_by=self.baseline_by.strip(),
            taken=_named("--taken", lambda: tuple(typed_taken(text) for text in self.taken or ())),
            confirmed=tuple(self.confirm or ()),
            confirmed_by=self.confirmed_by.strip(),
            use=self.use and self.use.value,
            benzo_table=self.benzo_table and self.benzo_table.value,
            products=typed_codes(self.products),
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


def _named(option: str, read: Callable[[], _Value]) -> _Value:
    """What was read, or the refusal with the name of the option."""
    try:
        return read()
    except WrongUsage as error:
        raise WrongUsage(f"{option} {error}") from error
