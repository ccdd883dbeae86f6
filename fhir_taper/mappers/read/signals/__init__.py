"""Reading signals: each module turns one kind of resource into raw values of the timeline.

What is known to be wrong is set aside here; whether a value may be used is `plans.monitoring.acceptance`.
"""
