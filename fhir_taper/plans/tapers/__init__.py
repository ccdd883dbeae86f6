"""Tapers: strategies, limits, schedules, plans and their revisions."""
