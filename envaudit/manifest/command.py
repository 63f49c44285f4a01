"""Which installer a command runs, and what it is told: options apart from what is to be installed."""

from __future__ import annotations

import re

from envaudit.manifest.requirement import CONSTRAINT, INSTALL, REMOVE
from envaudit.manifest.shell import Word

PIP, CONDA, POETRY = "pip", "conda", "poetry"
_ASSIGNMENT = re.compile(r"[A-Za-z_][A-Za-z0-9_]*=")
_PYTHON = re.compile(
    r"python[0-9.]*(?:\.exe)?|pypy[0-9.]*|py|\{?\$?\{?sys\.executable\}?|\$\{?[A-Z_]*PY(?:THON)?[A-Z_0-9]*\}?"
)
_PIP = re.compile(r"pip[0-9.]*(?:\.exe)?|\$\{?PIP[0-9]?\}?")
_KEYWORDS = frozenset(
    ("if", "then", "elif", "else", "do", "while", "until", "{", "!", "time", "exec", "command", "nohup", "builtin")
)
# commands that run another one -> their options with a value
_WRAPPERS = {
    "sudo": ("-u", "-g", "-h", "-p", "-C", "-D", "-R", "-T", "--user", "--group"),
    "env": ("-u", "-C", "--unset", "--chdir"),
    "nice": ("-n", "--adjustment"),
    "timeout": ("-k", "-s", "--kill-after", "--signal"),
}
_CONDAS = ("conda", "mamba", "micromamba")
SHELLS = ("bash", "sh", "zsh", "dash", "ash")


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


# options with a value, by tool and what it is told to do
_PIP_VALUES = _names(
    """
    -r --requirement -c --constraint -e --editable -t --target --platform --python-version --implementation --abi
    --root --prefix -b --build --src --source --source-dir --source-directory --upgrade-strategy -C
    --config-settings --config-setting --global-option --install-option --build-option --no-binary --only-binary
    --progress-bar --root-user-action --report -i --index-url --pypi-url --extra-index-url -f --find-links --python
    --log --log-file --local-log --keyring-provider --proxy --retries --timeout --default-timeout --exists-action
    --trusted-host --cert --client-cert --cache-dir --use-feature --use-deprecated --resume-retries --group
    --build-constraint --uploaded-prior-to --hash
    """
)
_UV_VALUES = _names(
    """
    -r --requirement --requirements -c --constraint --constraints -e --editable --no-editable-package --override
    --overrides --excludes -b --build-constraint --build-constraints --extra --cert --group -t --target --prefix
    --no-binary --only-binary --python-version --python-platform --output-format --torch-backend --index
    --default-index -i --index-url --extra-index-url -f --find-links --index-strategy --keyring-provider -P
    --upgrade-package --upgrade-group --resolution --prerelease --prerelease-package --fork-strategy --exclude-newer
    --exclude-newer-package --no-sources-package --reinstall-package --link-mode -C --config-setting
    --config-settings --config-settings-package --no-build-isolation-package --cache-dir --refresh-package -p
    --python --color --allow-insecure-host --directory --project --config-file -m --marker --optional --bounds --rev
    --tag --branch --package --script --no-install-package --no-build-package --no-binary-package
    """
)
_CONDA_VALUES = _names(
    """
    -n --name -p --prefix -c --channel --file --repodata-fn --experimental --solver --subdir --platform --revision
    -r --root-prefix --rc-file --cacert-path --retry-clean-cache --ssl-verify --clone --environment-specifier
    --environment-format
    """
)
_POETRY_VALUES = _names(
    """
    -G --group -E --extras --python --platform --source --markers -P --project -C --directory --optional-group
    """
)


class Install:
    """An install or uninstall command.

    tool       PIP (uv too), CONDA or POETRY
    kind       INSTALL or REMOVE
    words      (what is to be installed, whether as an editable)
    files      (file, INSTALL or CONSTRAINT) to read requirements from
    indexes    addresses of package indexes; those of PyTorch's builds also where uv is told just the build
    upgrade    told to upgrade what already satisfies
    """

    __slots__ = ("files", "indexes", "kind", "tool", "upgrade", "words")

    def __init__(self, tool: str, kind: str) -> None:
        self.tool, self.kind = tool, kind
        self.words: list[tuple[Word, bool]] = []
        self.files: list[tuple[Word, str]] = []
        self.indexes: list[str] = []
        self.upgrade = False


def unwrap(words: list[Word]) -> list[Word]:
    """`words` without what only says how the command is run: `sudo`, `env X=y`, `conda run -n base`, `if`."""
    at = 0
    while at < len(words):
        text = words[at].text.text
        name = program(words[at])
        after = words[at + 1].text.text if at + 1 < len(words) else ""
        if _ASSIGNMENT.match(text) or text in _KEYWORDS:
            at += 1
        elif name in _WRAPPERS:
            at = _skip_options(words, at + 1, _WRAPPERS[name])
            at += 1 if name == "timeout" else 0  # its duration
        elif name in _CONDAS and after == "run":
            at = _skip_options(words, at + 2, ("-n", "--name", "-p", "--prefix", "--cwd"))
        elif name in ("poetry", "pipenv", "pdm", "hatch") and after == "run":
            at += 2
        else:
            break
    return words[at:]


def program(word: Word) -> str:
    """The name of the program, without its folder."""
    return re.split(r"[/\\]", word.text.text)[-1]


def _skip_options(words: list[Word], at: int, with_value: tuple[str, ...]) -> int:
    while at < len(words) and words[at].text.text.startswith("-"):
        at += 2 if words[at].text.text in with_value else 1
    return at


def install(words: list[Word]) -> Install | None:
    """What the command (unwrapped) installs or removes; None where it does not."""
    if not words:
        return None
    name = program(words[0])
    if _PYTHON.fullmatch(name):
        words = _module(words)
        name = words[0].text.text if words else ""
    if _PIP.fullmatch(name):
        return _options(words[1:], PIP, _PIP_VALUES, {"install": INSTALL, "uninstall": REMOVE})
    if name == "uv":
        return _uv(words[1:])
    if name in _CONDAS:
        kinds = {"install": INSTALL, "create": INSTALL, "update": INSTALL, "remove": REMOVE, "uninstall": REMOVE}
        rest, with_value = words[1:], _CONDA_VALUES
        environment = len(rest) > 1 and rest[0].text.text == "env" and rest[1].text.text in ("create", "update")
        if environment:
            rest = rest[1:]
        if environment or name == "micromamba":
            with_value |= {"-f"}  # elsewhere it is --force
        return _options(rest, CONDA, with_value, kinds)
    if name == "poetry":
        return _options(words[1:], POETRY, _POETRY_VALUES, {"add": INSTALL, "remove": REMOVE})
    return None


def _module(words: list[Word]) -> list[Word]:
    """What follows `python -m`, or nothing."""
    at = 1
    while at < len(words) and words[at].text.text.startswith("-"):
        text = words[at].text.text
        if text in ("-m", "-Im", "-sm", "-um"):
            return words[at + 1 :]
        if text == "-mpip":
            return [Word(words[at].text.part(2, len(text))), *words[at + 1 :]]
        if text == "-c":
            break
        at += 2 if text in ("-W", "-X") else 1
    return []


def _uv(words: list[Word]) -> Install | None:
    at = 0
    while at < len(words) and words[at].text.text.startswith("-"):
        at += 2 if words[at].text.text in _UV_VALUES else 1
    rest = words[at:]
    if rest and rest[0].text.text == "pip":
        return _options(rest[1:], PIP, _UV_VALUES, {"install": INSTALL, "uninstall": REMOVE})
    if rest and rest[0].text.text == "run":
        at = 1
        while at < len(rest) and rest[at].text.text.startswith("-"):
            at += 2 if rest[at].text.text in (*_UV_VALUES, "--with", "--with-requirements", "--env-file") else 1
        return install(rest[at:])
    return _options(rest, PIP, _UV_VALUES, {"add": INSTALL, "remove": REMOVE})


def _options(words: list[Word], tool: str, with_value: frozenset[str], kinds: dict[str, str]) -> Install | None:
    found: Install | None = None
    only_options = True
    at = 0
    while at < len(words):
        word, text = words[at], words[at].text.text
        at += 1
        if not (only_options and text.startswith("-") and text != "-"):
            if found is None:
                if text not in kinds:
                    return None
                found = Install(tool, kinds[text])
                found.upgrade = text == "update"
            else:
                found.words.append((word, False))
            continue
        if text == "--":
            only_options = False
            continue
        options, value, at = _option(words, at, with_value)
        if not {"--dry-run", "-h", "--help"}.isdisjoint(options):
            return None
        if found is None:
            continue
        if tool != CONDA and not {"-U", "--upgrade"}.isdisjoint(options):
            found.upgrade = True
        if value is not None and tool != POETRY:
            _value(found, options[-1], value)
    return found


def _option(words: list[Word], at: int, with_value: frozenset[str]) -> tuple[list[str], Word | None, int]:
    """(options, the value of the last, where the next word is) of the word before `at`: "-Uqr" is "-U -q -r"."""
    word, text = words[at - 1], words[at - 1].text.text
    following = words[at] if at < len(words) else None
    if text.startswith("--"):
        name, equals, _ = text.partition("=")
        if equals:
            return [name], Word(word.text.part(len(name) + 1, len(text)), word.unknown), at
        return ([name], following, at + 1) if name in with_value else ([name], None, at)
    options = []
    for index in range(1, len(text)):
        options.append(f"-{text[index]}")
        if options[-1] in with_value:
            start = index + 2 if text[index + 1 : index + 2] == "=" else index + 1
            if start < len(text):
                return options, Word(word.text.part(start, len(text)), word.unknown), at
            return options, following, at + 1
    return options, None, at


def _value(found: Install, option: str, value: Word) -> None:
    if found.tool == CONDA:
        if option in ("-f", "--file"):
            found.files.append((value, INSTALL))
    elif option in ("-r", "--requirement", "--requirements"):
        found.files.append((value, INSTALL))
    elif option in ("-c", "--constraint", "--constraints"):
        found.files.append((value, CONSTRAINT))
    elif option in ("-e", "--editable"):
        found.words.append((value, True))
    elif option in ("-i", "--index-url", "--extra-index-url", "--pypi-url", "--index", "--default-index"):
        found.indexes.append(value.text.text)
    elif option == "--torch-backend":
        found.indexes.append(f"/whl/{value.text.text}")  # the folder of that build on PyTorch's index
