"""The demo EHR for the tests of this folder."""

from tests.sandbox.running import demo, demo_as_it_ships

__all__ = ["demo", "demo_as_it_ships"]
