"""Medicines: codes, exact doses, products, the regimen, and what it equals."""
