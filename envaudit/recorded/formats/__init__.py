"""The formats that are recognised in pasted text, one module each.

A reader is a function `read(page, found)`: it states what it recognises (`found.say`, `found.package`, …) and claims
the lines it has understood.  To add a format, add a module and its line here.  The order matters twice: collect_env
may cut the page where a second environment starts, and the readers of loose lines and sentences come last, because
they leave claimed lines alone.
"""

from __future__ import annotations

from envaudit.recorded.formats import (
    banners,
    collect_env,
    conda_info,
    conda_list,
    conda_yaml,
    detectron,
    embedded_json,
    hosts,
    labelled,
    lightning,
    messages,
    nvidia_smi,
    pip_freeze,
    pip_list,
    prose,
    show,
    system,
)

READERS = (
    collect_env.read,
    nvidia_smi.read,
    system.read,
    embedded_json.read,
    conda_info.read,
    banners.read,
    conda_yaml.read,
    conda_list.read,
    pip_list.read,
    show.read,
    lightning.read,
    detectron.read,
    messages.read,
    pip_freeze.read,
    labelled.read,
    prose.read,
    hosts.read,
)
