"""The user's package indexes, and their passwords kept out of every line that is shown."""

from __future__ import annotations

import configparser
import os
import re
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping

_CREDENTIALS = re.compile(r"(?<=://)[^/@\s]+@")
_OPTIONS = ("index-url", "extra-index-url", "find-links", "no-index")
_LIMIT = 1 << 20  # bytes of a configuration file
# pip's option -> the variable by which uv takes the same
_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "find-links": "UV_FIND_LINKS",
}
_OWN = ("UV_DEFAULT_INDEX", "UV_INDEX", "UV_INDEX_URL", "UV_EXTRA_INDEX_URL", "UV_FIND_LINKS")


def without_credentials(text: str) -> str:
    """`text` with user name and password of every address left out."""
    return _CREDENTIALS.sub("***@", text)


def for_uv(environ: Mapping[str, str]) -> tuple[dict[str, str], list[str]]:
    """Environment variables and options that make uv ask the indexes that pip is configured with.

    Empty where uv has a configuration of its own, by variables or by its user or system file.
    """
    if any(environ.get(name) for name in _OWN) or any(map(os.path.exists, _uv_files(environ))):
        return {}, []
    found = _pip_options(environ)
    no_index = found.pop("no-index", "0").lower() not in ("0", "false", "no", "off")
    wanted = {_UV[name]: value for name, value in found.items()}
    if "UV_FIND_LINKS" in wanted:
        wanted["UV_FIND_LINKS"] = ",".join(wanted["UV_FIND_LINKS"].split())
    if "UV_INDEX" in wanted:
        # pip takes the best of all its indexes, uv the first that has the package unless it is told
        wanted["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return wanted, ["--no-index"] if no_index else []


def _pip_options(environ: Mapping[str, str]) -> dict[str, str]:
    """pip's index options: its files, the later over the earlier, and its variables over the files."""
    found: dict[str, str] = {}
    for path in _pip_files(environ):
        parser = configparser.RawConfigParser()
        try:
            with open(path, encoding="utf-8") as file:
                parser.read_string(file.read(_LIMIT))
        except (OSError, UnicodeDecodeError, configparser.Error):
            continue  # pip will say what is wrong with it
        for section in ("global", "install"):
            for name in _OPTIONS:
                if parser.has_option(section, name) and parser.get(section, name).strip():
                    found[name] = " ".join(parser.get(section, name).split())
    for name in _OPTIONS:
        value = environ.get("PIP_" + name.upper().replace("-", "_"))
        if value:
            found[name] = " ".join(value.split())
    return found


def _pip_files(environ: Mapping[str, str]) -> list[str]:
    """pip's configuration files in the order it reads them (pip's user guide, "Configuration")."""
    chosen = environ.get("PIP_CONFIG_FILE")
    if chosen == os.devnull:
        return []
    home = os.path.expanduser("~")
    if sys.platform == "win32":
        shared = [os.path.join(environ.get("PROGRAMDATA", r"C:\ProgramData"), "pip", "pip.ini")]
        own = [os.path.join(home, "pip", "pip.ini"), os.path.join(environ.get("APPDATA", home), "pip", "pip.ini")]
        inner = os.path.join(sys.prefix, "pip.ini")
    elif sys.platform == "darwin":
        shared = ["/Library/Application Support/pip/pip.conf"]
        own = [os.path.join(home, ".pip", "pip.conf"), os.path.join(home, ".config", "pip", "pip.conf")]
        own.append(os.path.join(home, "Library", "Application Support", "pip", "pip.conf"))
        inner = os.path.join(sys.prefix, "pip.conf")
    else:
        folders = environ.get("XDG_CONFIG_DIRS") or "/etc/xdg"
        shared = [os.path.join(folder, "pip", "pip.conf") for folder in folders.split(os.pathsep)] + ["/etc/pip.conf"]
        config = environ.get("XDG_CONFIG_HOME") or os.path.join(home, ".config")
        own = [os.path.join(home, ".pip", "pip.conf"), os.path.join(config, "pip", "pip.conf")]
        inner = os.path.join(sys.prefix, "pip.conf")
    return [*shared, *own, inner, *([chosen] if chosen else [])]


def _uv_files(environ: Mapping[str, str]) -> list[str]:
    if environ.get("UV_NO_CONFIG"):
        return []
    if environ.get("UV_CONFIG_FILE"):
        return [environ["UV_CONFIG_FILE"]]
    if sys.platform == "win32":
        return [os.path.join(environ.get("APPDATA", ""), "uv", "uv.toml")]
    config = environ.get("XDG_CONFIG_HOME") or os.path.join(os.path.expanduser("~"), ".config")
    return [os.path.join(config, "uv", "uv.toml"), "/etc/xdg/uv/uv.toml", "/etc/uv/uv.toml"]
