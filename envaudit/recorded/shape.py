"""The shape of a snapshot document, checked key by key, so that nothing behind the reader meets a wrong type."""

from __future__ import annotations

from envaudit.recorded.error import RecordedError
from envaudit.recorded.names import canonical, is_version

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from envaudit.snapshot.model import Snapshot

_TEXT, _COUNT, _FLAG, _NAME, _VERSION = "text", "a whole number", "true or false", "a package name", "a version"


class _Each:
    """An object with any keys whose values all have one shape."""

    __slots__ = ("keys", "values")

    def __init__(self, values: Any, keys: str = _TEXT) -> None:
        self.values, self.keys = values, keys


_SHAPE: dict[str, Any] = {
    "schema": _TEXT,
    "python": _TEXT,
    "platform": {"system": _TEXT, "release": _TEXT, "kernel": _TEXT, "machine": _TEXT, "libc": _TEXT},
    "packages": _Each(_VERSION, keys=_NAME),
    "packages_complete": _FLAG,
    "packages_unversioned": [_NAME],
    "driver": _TEXT,
    "driver_cuda": _TEXT,
    "toolkit": _TEXT,
    "cudnn": _TEXT,
    "gpus": [{"name": _TEXT, "compute_capability": _TEXT, "memory_mib": _COUNT, "mig": _FLAG}],
    "cpu": {"model": _TEXT, "flags": [_TEXT]},
    "memory": {"total_mib": _COUNT, "limit_mib": _COUNT, "shm_mib": _COUNT},
    "env_vars": _Each(_TEXT),
    "runtime": _TEXT,
    "runtimes": [_TEXT],
    "installers": _Each(_TEXT, keys=_NAME),
    "builds": _Each(_TEXT, keys=_NAME),
    "hidden_gpus": _COUNT,
    "requires": _Each([_TEXT], keys=_NAME),
    "libraries": {"libstdcxx": _TEXT, "toolkits": [_Each(_TEXT)], "nccl": _TEXT, "mpi": _TEXT, "compat_driver": _TEXT},
    "interpreter": {"path": _TEXT, "prefix": _TEXT, "venv": _FLAG, "externally_managed": _FLAG, "conda": _FLAG},
    "kernel": {},
    "unknown": [{"what": _TEXT, "because": _TEXT}],
    "problems": [{"kind": _TEXT, "detail": _TEXT, "culprits": [_TEXT]}],
}
KEYS = frozenset(_SHAPE) - {"schema"}


def checked(document: dict[str, Any], name: str) -> Snapshot:
    """`document` as a snapshot, package names in PEP 503 form; keys that are not known are kept as they are.

    Raises RecordedError that names the key whose value has the wrong type.
    """
    result = _check(document, _SHAPE, name, "")
    result["schema"] = document.get("schema") or "envaudit.snapshot/1"
    return result  # type: ignore[no-any-return]  # the shape is that of Snapshot


def _check(value: Any, shape: Any, name: str, where: str) -> Any:
    if isinstance(shape, dict):
        _must(isinstance(value, dict), "an object", value, name, where)
        # null is "unknown" for a key that has its own meaning; in a list or a map of names it has none
        return {
            k: v if v is None or k not in shape else _check(v, shape[k], name, _join(where, k))
            for k, v in value.items()
        }
    if isinstance(shape, list):
        _must(isinstance(value, list), "a list", value, name, where)
        return [_check(entry, shape[0], name, f"{where}[{number}]") for number, entry in enumerate(value)]
    if isinstance(shape, _Each):
        _must(isinstance(value, dict), "an object", value, name, where)
        return {
            _check(k, shape.keys, name, where): _check(v, shape.values, name, _join(where, k)) for k, v in value.items()
        }
    return _single(value, shape, name, where)


def _single(value: Any, shape: str, name: str, where: str) -> Any:
    if shape == _COUNT:
        _must(
            isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 62, shape, value, name, where
        )
        return value
    if shape == _FLAG:
        _must(isinstance(value, bool), shape, value, name, where)
        return value
    _must(isinstance(value, str), shape, value, name, where)
    if shape == _NAME:
        # conda's own packages may start with an underscore, which PEP 503 does not know
        known = canonical(value.strip("_"))
        _must(known is not None, shape, value, name, where)
        return known if value[:1] != "_" and value[-1:] != "_" else value
    if shape == _VERSION:
        _must(is_version(value), shape, value, name, where)
    elif any(char < " " and char not in "\n\t" for char in value):
        raise RecordedError(name, f"{where}: holds a control character")
    return value


def _must(holds: bool, wanted: str, value: Any, name: str, where: str) -> None:
    if not holds:
        raise RecordedError(name, f"{where or 'the snapshot'}: must be {wanted}, not {_shown(value)}")


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, (dict, list)):
        return "an object" if isinstance(value, dict) else "a list"
    return repr(value)[:60]


def _join(where: str, key: Any) -> str:
    return f"{where}.{str(key)[:60]}" if where else str(key)[:60]
