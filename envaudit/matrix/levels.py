"""The levels of a finding, from the mildest to the worst."""

LEVELS = ("notice", "degraded", "error", "crash")
