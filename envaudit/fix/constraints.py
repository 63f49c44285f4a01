"""The mended environment as a constraints file: `pip install -r requirements.txt -c constraints.txt`."""

from __future__ import annotations

import os

from envaudit.fix.commands import sound

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.fix.plan import Plan
    from envaudit.snapshot.model import Snapshot


def text(plan: Plan | None, snapshot: Snapshot) -> str:
    """Every package of the environment with its version, as it is after `plan`; what moves says why."""
    packages = dict(snapshot.get("packages") or {})
    pins = plan.pins if plan else {}
    for name in plan.remove if plan else ():
        packages.pop(name, None)
    lines = ["# made by envaudit: the versions of this environment after its plan"]
    for name, version in sorted({**packages, **pins}.items()):
        if not sound(name, version):
            continue  # from a pasted text: no constraints file can say it
        why = (
            f"  # was {packages.get(name, 'not installed')}: {plan.reasons.get(name)}" if name in pins and plan else ""
        )
        lines.append(f"{name}=={version}{why}")
    return "\n".join(lines) + "\n"


def write(path: str, content: str) -> None:
    """Write the file whole or not at all.  Raises OSError."""
    new = f"{path}.{os.getpid()}.new"
    try:
        with open(new, "w", encoding="utf-8") as file:
            file.write(content)
        os.replace(new, path)
    except OSError:
        if os.path.exists(new):
            os.unlink(new)
        raise
