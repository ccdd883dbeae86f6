"""fhir-taper: tapers of benzodiazepines and opioids whose every dose can be dispensed, on FHIR."""

__version__ = "0.1.0"
