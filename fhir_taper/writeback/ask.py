"""What a person must accept, one by one, before a write may do it: it would undo, or stand beside, what somebody else did in the EHR."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Ask:
    """`why`: "gone", "stripped", "narrative", "proposed", "changed". `about`: references in the EHR ("CarePlan/7 Goal/8"). `says`: what
    stands, as a sentence. `url`: for which resource of ours, where it is for one."""

    why: str
    about: str
    says: str
    url: str = ""

    @property
    def name(self) -> str:
        """What a form carries where it is accepted, and what the audit keeps: no clinical content."""
        return f"{self.why} {self.about}"
