"""Watching a taper: what happened, as a timeline of signals, and what the rules make of it. Pure, replayable, and never the last word."""
