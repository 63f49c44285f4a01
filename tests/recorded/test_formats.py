"""Adding a format is one module and one line."""

from __future__ import annotations

import importlib
import pkgutil

from envaudit.recorded import formats


def test_every_module_is_registered() -> None:
    modules = [
        importlib.import_module(f"{formats.__name__}.{found.name}") for found in pkgutil.iter_modules(formats.__path__)
    ]
    assert {module.read for module in modules} == set(formats.READERS)
    assert len(formats.READERS) == len(modules)
