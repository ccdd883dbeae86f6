"""Writing FHIR: each module turns core values into one kind of resource."""
