"""Mapped[T]: what a mapper hands up. The value, what a person should know about how it was read, and where it came from."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from fhir_taper.plans.medicines.regimen import Issue

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Mapped(Generic[T]):
    """`sources` are reference strings with versions of every resource that fed the value."""

    value: T
    issues: tuple[Issue, ...] = ()
    sources: tuple[str, ...] = ()
