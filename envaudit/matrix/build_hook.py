"""Compiles the matrix and the log signatures when the wheel is built, so that no user waits for a YAML parser."""

from __future__ import annotations

import os
import sys
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class MatrixBuildHook(BuildHookInterface):  # type: ignore[type-arg]  # generic only in newer hatchling
    """Adds `envaudit/matrix.bin` and `envaudit/signatures.json` to a wheel.

    An editable install reads the YAML files of its checkout instead.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile `rules/`; a rule at fault stops the build."""
        if self.target_name != "wheel" or version == "editable":
            return
        sys.path.insert(0, self.root)
        import json

        from envaudit.matrix.compiler import compile_matrix, read
        from envaudit.matrix.source import Fault
        from envaudit.postmortem.signature_files import compile_folder

        source, faults = read([os.path.join(self.root, "rules")])
        data, more = compile_matrix(source)
        if faults or more:
            raise SystemExit("\n".join(str(fault) for fault in faults + more))
        try:
            signatures = compile_folder(os.path.join(self.root, "rules", "signatures"))
        except Fault as fault:
            raise SystemExit(str(fault)) from fault
        os.makedirs(self.directory, exist_ok=True)
        made = {"matrix.bin": data, "signatures.json": json.dumps(signatures, ensure_ascii=False).encode("utf-8")}
        for name, content in made.items():
            target = os.path.join(self.directory, name)
            with open(target, "wb") as file:
                file.write(content)
            build_data["force_include"][target] = f"envaudit/{name}"
