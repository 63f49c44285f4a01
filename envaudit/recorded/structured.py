"""Input that is JSON as a whole: snapshots, reports, and the package lists of pip and conda."""

from __future__ import annotations

import json

from envaudit.recorded import shape
from envaudit.recorded.error import RecordedError
from envaudit.recorded.found import Found
from envaudit.recorded.listing import listing
from envaudit.snapshot.model import SCHEMA

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot

_REPORT = "envaudit.report/1"


def read(text: str, name: str) -> Snapshot | None:
    """The snapshot in a JSON text; None when the text is not JSON and may be something else ("[pip3] torch==2.0").

    Raises RecordedError when it is JSON and wrong.
    """
    value = _parse(text, name)
    if value is None:
        return None
    if isinstance(value, dict) and value.get("schema") == _REPORT:
        if not isinstance(value.get("snapshot"), dict):
            raise RecordedError(name, "is a report without its snapshot")
        value = value["snapshot"]
    if isinstance(value, dict):
        schema = value.get("schema", SCHEMA)
        if schema != SCHEMA:
            raise RecordedError(name, f"schema is {json.dumps(schema)[:80]}; only {SCHEMA} and {_REPORT} are known")
        if "installed" in value and "pip_version" in value:
            return _listed(value["installed"], name, value.get("environment"))
        if "schema" not in value and not shape.KEYS.intersection(value):
            raise RecordedError(name, "is JSON, but neither a snapshot nor a package list")
        return shape.checked(value, name)
    return _listed(value, name, None)


def _parse(text: str, name: str) -> Any:
    try:
        value = json.loads(text)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        # JSON that was cut off is told so; a text that only starts like JSON ("[pip3] …") is read as text
        if error.msg != "Extra data" and "".join(text[:200].split()).startswith(('{"', '[{"')):
            raise RecordedError(name, f"line {error.lineno}: not valid JSON: {error.msg}") from error
        return None
    except RecursionError as error:
        raise RecordedError(name, "is JSON that is nested too deeply") from error
    except UnicodeEncodeError as error:
        raise RecordedError(name, "is JSON with half of a character in it (a lone surrogate)") from error
    except ValueError as error:
        raise RecordedError(name, f"not valid JSON: {error}") from error
    return value


def _listed(value: Any, name: str, environment: Any) -> Snapshot:
    found = Found()
    if not listing(found, value, 0):
        raise RecordedError(name, "is JSON, but neither a snapshot nor a package list")
    if isinstance(environment, dict):
        for key, fact, part in (
            ("python_full_version", "python", ""),
            ("platform_system", "platform", "system"),
            ("platform_machine", "platform", "machine"),
        ):
            if isinstance(environment.get(key), str):
                found.say(0, fact, environment[key][:100], part=part)
    return found.snapshot()
