"""`[tool.envaudit]` of the project's pyproject.toml: what `envaudit check` is to do there.

[tool.envaudit]
target = ["colab-gpu", "gpu=T4,driver=535"]
strict = true
fail-on = "degraded"
rules = ["tools/rules"]

[tool.envaudit.ignore]
numpy2-abi = "the image patches pandas"
"""

from __future__ import annotations

import os

from envaudit.manifest.source import open_source
from envaudit.manifest.toml_lines import parse

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_KEYS = ("target", "strict", "fail-on", "rules", "ignore")


class ConfigError(Exception):
    """A setting that makes no sense; `str()` is one line that names the file and the key."""


class Config:
    """The settings of a project; empty where there are none.

    path     of the pyproject.toml, or None
    targets  as `--target` takes them
    strict   whether possible findings fail too; None where it is not said
    fail_on  level, or None
    rules    folders of rules
    ignore   the table `ignore` as it stands (envaudit/check/ignores.py reads it)
    """

    __slots__ = ("fail_on", "ignore", "path", "rules", "strict", "targets")

    def __init__(self) -> None:
        self.path: str | None = None
        self.targets: list[str] = []
        self.strict: bool | None = None
        self.fail_on: str | None = None
        self.rules: list[str] = []
        self.ignore: object = {}


def read(folder: str) -> Config:
    """The settings of the project that `folder` lies in: the nearest pyproject.toml upwards that has them.

    Raises ConfigError, or ManifestError where the file cannot be read.
    """
    at = os.path.abspath(folder)
    while True:
        path = os.path.join(at, "pyproject.toml")
        if os.path.isfile(path):
            config = _read(path)
            if config is not None:
                return config
        above = os.path.dirname(at)
        if above == at or os.path.isdir(os.path.join(at, ".git")):
            return Config()
        at = above


def _read(path: str) -> Config | None:
    source = open_source(path)
    if "envaudit" not in source.text:
        return None
    tool = parse(source).get("tool")
    table = tool.get("envaudit") if isinstance(tool, dict) else None
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: tool.envaudit is no table")
    return _settings(path, table)


def _settings(path: str, table: dict[str, Any]) -> Config:
    from envaudit.options import LEVELS

    for key in table:
        if key not in _KEYS:
            raise ConfigError(f"{path}: tool.envaudit.{key}: no such setting; there are {', '.join(_KEYS)}")
    config = Config()
    config.path = path
    config.targets = _texts(path, "target", table.get("target", []))
    config.rules = [os.path.join(os.path.dirname(path), rule) for rule in _texts(path, "rules", table.get("rules", []))]
    config.ignore = table.get("ignore", {})
    if not isinstance(table.get("strict", False), bool):
        raise ConfigError(f"{path}: tool.envaudit.strict is true or false")
    config.strict = table.get("strict")
    if table.get("fail-on") not in (None, *LEVELS):
        raise ConfigError(f"{path}: tool.envaudit.fail-on is one of {', '.join(LEVELS)}")
    config.fail_on = table.get("fail-on")
    return config


def _texts(path: str, key: str, value: object) -> list[str]:
    """A string, or a list of strings; a table of properties (`target = {gpu = "T4"}`) is one string of them."""
    listed = value if isinstance(value, list) else [value]
    texts = []
    for one in listed:
        if isinstance(one, dict) and key == "target" and all(isinstance(part, str) for part in one.values()):
            name = [one["name"]] if "name" in one else []
            texts.append(",".join([*name, *(f"{part}={text}" for part, text in one.items() if part != "name")]))
        elif isinstance(one, str):
            texts.append(one)
        else:
            raise ConfigError(f"{path}: tool.envaudit.{key} is a string or a list of strings")
    return texts
