"""The only way to an EHR: its addresses, its tokens, its FHIR interface.

What it must not do: know a medicine or a plan (plans, mappers), keep anything beyond one process (store), or send a request to a host
that the tenant does not name. SMART App Launch 2.2.0; FHIR R4.
"""
