"""Compiles the matrix when the wheel is built, so that no user waits for a YAML parser."""

from __future__ import annotations

import os
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MatrixBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic only in newer hatchling
    """Adds `envaudit/matrix.bin` to a wheel; an editable install reads the YAML files of its checkout instead."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile `rules/`; a rule at fault stops the build."""
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        from envaudit.matrix.compiler import compile_matrix, read

        source, faults = read([os.path.join(self.root, "rules")])
        data, more = compile_matrix(source)
        if faults or more:
            raise SystemExit("\n".join(str(fault) for fault in faults + more))
        target = os.path.join(self.directory, "matrix.bin")
        os.makedirs(self.directory, exist_ok=True)
        with open(target, "wb") as file:
            file.write(data)
        build_data["force_include"][target] = "envaudit/matrix.bin"
