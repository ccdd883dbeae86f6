"""The pure core: what is taken, what it equals, what exists, and how it may be tapered.

No FHIR, no clock, no randomness, no I/O but its own tables.
"""
