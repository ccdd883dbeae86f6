"""FHIR ⇄ core. Reading is `read_*` and `from_*`, writing is `to_*`. No I/O: mappers take bytes or dicts."""
