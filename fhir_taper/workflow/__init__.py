"""Use cases: plain functions with explicit arguments; each is what one command or one page does."""
