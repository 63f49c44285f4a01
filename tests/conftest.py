"""Settings for all tests."""

from __future__ import annotations

import os

from hypothesis import settings

# no deadline: shared machines stall; in CI the same examples each time, so that a failure there is one of the change's
settings.register_profile("here", deadline=None)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "here")
