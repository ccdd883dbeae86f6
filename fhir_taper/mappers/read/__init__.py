"""Reading FHIR: each module turns one kind of resource into core values."""
