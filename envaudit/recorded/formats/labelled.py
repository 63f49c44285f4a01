"""Lines of the form "label: value": what mmcv, transformers-cli, accelerate, diffusers, jax, xformers and issue
templates ask for or print, and the same written by hand."""

from __future__ import annotations

import re

from envaudit.recorded import labels, machine, names
from envaudit.recorded.found import BLOCK, LINE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page
    from envaudit.snapshot.model import Gpu

_FIELD = re.compile(r"([^:=|]{1,90}?)\s*(?::|={1,2}(?!=)|\s\.{3,80}\s)\s*(\S.*)")
_HEADING = re.compile(r"\s{0,3}(?:#{1,6}\s+[^:]{2,80}$|\*\*[^:*]{2,80}\*\*$)")
_COLUMNS = re.compile(r"([A-Za-z][\w.-]{1,40})\s{2,}v?(\d\S{0,60})")
_SPLIT = re.compile(r",\s+(?=[A-Za-z][\w ./-]{1,40}:\s)")
_ATTRIBUTE = re.compile(r"\b(\w{1,40})\.(?:__version__|version\.VERSION)")
_EXPRESSIONS = {
    "torch.version.cuda": "torch.version.cuda",
    "sys.version": "python",
    "torch.cuda.get_device_name": "gpu",
    "platform.platform": "platform",
}
_QUOTED = re.compile(r"[('\"]{0,2}v?(\d[\w.+-]{1,60})['\")]{0,2}")
_VERSION = re.compile(r"(?<![\w.+-])v?(\d+\.\d[\w.+!-]*)")
_DESCRIBE = re.compile(r"(?:v?\d\S*-g[0-9a-f]{5,40}|unknown|[0-9a-f]{7,40})[\s,]+(\d\S*)")
_PLACEHOLDER = re.compile(r"[\[<(]?\s*(?:e\.g|fill|your|please|i\.e)|<", re.I)
_NO_GPU = re.compile(r"(?:no(?:ne| gpus?| nvidia gpus?)?|cpu(?:[ -]?only)?|without (?:a )?gpu|no cuda)\.?", re.I)

_FEWEST = 4  # statements near each other that make a report
_MOST = 8  # reports that another one is compared with
_GAP = 4  # lines between two of them


def read(page: Page, found: Found) -> None:
    """Read every labelled line; runs of them weigh as reports, and only the first of two that differ counts."""
    statements: list[tuple[int, str, str]] = []
    for line, raw in enumerate(page.lines):
        if len(raw) < 4 or len(raw) > 1000 or found.claimed(line) or page.is_command(line):
            continue
        text = page.bare[line]
        following = page.bare[line + 1 : line + 3]
        if _HEADING.match(raw):
            statements += [(line, label, value) for label, value in _form(text, following)]
        else:
            statements += [(line, label, value) for label, value in _fields(text, following[0] if following else "")]
    reports: list[dict[str, str]] = []
    for run in _runs(statements):
        said = {label: value for _, label, value in reversed(run)}
        if any(_differ(said, report) for report in reports):
            found.note("the other environments in the text", f"another one is described at line {run[0][0] + 1}")
            continue
        strength = BLOCK if len(said) >= _FEWEST and not reports else LINE
        if len(said) >= _FEWEST and len(reports) < _MOST:
            reports.append(said)
        _run(found, run, strength)
    for line, _, _ in statements:
        found.claim(line, line + 1)


def _form(text: str, following: list[str]) -> list[tuple[str, str]]:
    """A field of an issue form: the label is a heading, the value the next line that is not empty."""
    label = labels.normal(text)
    value = next((line for line in following if line), "")
    return [(label, value)] if labels.known(label) and value and not value.startswith(("_No", "#", "```")) else []


def _fields(text: str, following: str) -> list[tuple[str, str]]:
    """The (label, value) pairs of a line whose label is known."""
    if text.startswith("+") or (text.startswith("-") and "==" in text):
        return []  # a diff
    if text.count("==") > 1:
        return []  # a sentence
    columns = _COLUMNS.fullmatch(text)
    if columns:
        return [(columns[1].lower(), columns[2])] if names.from_label(columns[1].lower()) else []
    answered = _answered(text, following)
    if answered:
        return answered
    if ":" not in text and "=" not in text and " ..." not in text:
        return []
    fields = []
    for part in _SPLIT.split(text):
        match = _FIELD.fullmatch(part.strip())
        label = labels.normal(match[1]) if match else ""
        if match and labels.known(label) and not _PLACEHOLDER.match(match[2]):
            fields.append((label, match[2].strip(" '\",") or "-"))
    return fields


def _answered(text: str, following: str) -> list[tuple[str, str]]:
    """An expression that Python was asked for, with the answer on the next line."""
    named = _ATTRIBUTE.findall(text) if "ersion" in text else []
    value = _QUOTED.fullmatch(following) if len(named) == 1 else None
    if value and names.from_label(named[0].lower()):
        return [(named[0].lower(), value[1])]
    for expression, label in _EXPRESSIONS.items():
        if text.startswith((expression, f"print({expression}")) and following:
            return [(label, following.strip("'\""))]
    return []


def _runs(statements: list[tuple[int, str, str]]) -> list[list[tuple[int, str, str]]]:
    """Statements near each other; the same label with another version starts the next report."""
    runs: list[list[tuple[int, str, str]]] = []
    said: dict[str, str] = {}
    last = 0
    for line, label, value in statements:
        # a PyTorch build list of up to 20 lines may stand between mmcv's fields
        near = bool(runs) and line - last <= (24 if len(runs[-1]) >= _FEWEST else _GAP)
        if not near or _differ({label: value}, said):
            runs.append([])
            said = {}
        runs[-1].append((line, label, value))
        said.setdefault(label, value)
        last = line
    return runs


def _differ(said: dict[str, str], report: dict[str, str]) -> bool:
    """Whether two reports tell different versions of Python or of a framework."""
    shared = {key for key in said if key in report and (key in labels.PYTHON or names.from_label(key))}
    return any(said[key].split()[:1] != report[key].split()[:1] for key in shared)


def _run(found: Found, run: list[tuple[int, str, str]], strength: int) -> None:
    gpus: list[Gpu] = []
    capability = None
    mmcv_compiled = any(label == "mmcv cuda compiler" and value[:1].isdigit() for _, label, value in run)
    for line, label, value in run:
        numbers = labels.GPU_NUMBERS.fullmatch(label)
        if numbers:
            name = re.sub(r"\s*\((?:UUID|arch).*", "", value.rpartition("| ")[2])[:100]
            gpus += [{"name": name} for _ in numbers[1].split(",")]
        elif label == "gpu.compute_capability":
            capability = value if re.fullmatch(r"\d{1,2}\.\d", value) else None
        elif label in labels.GPU or label == "using gpu in script" or value.startswith("cuda:"):
            gpus = gpus or _named_gpus(found, line, label, value, strength)
        else:
            # up to 2.0, the build with compiled operators had its own name
            full = label == "mmcv" and value.startswith(("0.", "1.")) and mmcv_compiled
            _statement(found, line, "mmcv-full" if full else label, value, strength)
    if gpus and capability and len(gpus) == 1:
        gpus[0]["compute_capability"] = capability
    if gpus:
        found.gpus(run[0][0], gpus, strength)


def _named_gpus(found: Found, line: int, label: str, value: str, strength: int) -> list[Gpu]:
    gpus = machine.gpu_names(value, labelled=True)
    memory = re.search(r"(\d{4,6}) MiB", value)
    for gpu in gpus if memory else ():
        gpu["memory_mib"] = int(memory[1])  # type: ignore[index]  # the loop runs only where memory is there
    driver = re.search(r"\bdriver\D{0,20}(\d{3}\.\d[\d.]*)", value, re.I)
    if driver:
        found.say(line, "driver", machine.driver(driver[1]), strength)
    if not gpus and label in labels.GPU and _NO_GPU.fullmatch(value.strip()):
        found.gpus(line, [], strength)
    return gpus


def _statement(found: Found, line: int, label: str, value: str, strength: int) -> None:
    if label in labels.PYTHON:
        named = set(_VERSION.findall(value.partition("(")[0].partition("|")[0][:60]))
        found.say(line, "python", machine.python(value) if len(named) < 2 else None, strength)
        if "conda" in value[:200].lower():
            found.host("conda")
    elif label in labels.SYSTEM:
        machine.system(found, line, value, strength)
        if "colab" in value.lower():
            found.host("colab")
        if "kaggle" in value.lower():
            found.host("kaggle")
    elif label == "sys.platform":
        found.say(line, "platform", machine.SYS_PLATFORM.get(value), strength, "system")
    elif label in labels.DRIVER:
        found.say(line, "driver", machine.driver(value), strength)
    elif label in labels.TOOLKIT:
        found.say(line, "toolkit", machine.cuda(value), strength)
    elif label in labels.CUDNN:
        # what people believe: TensorFlow's own message of what it loaded weighs more
        found.say(line, "cudnn", _cudnn(label, value), min(strength, LINE))
    elif label in labels.LIBC:
        found.say(line, "platform", machine.libc(value if value[:1].isalpha() else f"glibc {value}"), strength, "libc")
    elif label in labels.CPU and re.search(r"Intel|AMD|Xeon|Ryzen|EPYC|Apple M\d|ARM|Core|Threadripper", value):
        found.say(line, "cpu", value[:200], strength, "model")
    elif label in ("architecture", "machine"):
        if re.fullmatch(r"x86_64|aarch64|arm64|AMD64", value):
            found.say(line, "platform", value, strength, "machine")
        else:
            machine.platform_string(found, line, value, strength)
    elif label == "kernel" and re.match(r"\d+\.\d+", value):
        found.say(line, "platform", value.split()[0][:100], strength, "kernel")
    elif label == "system ram" and (match := re.match(r"(\d{1,6}(?:\.\d{1,3})?) GB", value)):
        found.say(line, "memory", int(float(match[1]) * 1024), strength, "total_mib")
    elif label.startswith("running") and value.lower().startswith(("yes", "true")):
        found.host("colab")
    elif label in labels.TORCH_CUDA:
        found.say(line, "builds", machine.cuda_build(value), strength, "torch")
    elif name := names.from_label(label):
        stated = _version_in(value)
        if stated:
            found.package(line, name, stated, strength)


def _cudnn(label: str, value: str) -> str | None:
    """The cuDNN version; next to it, "CUDA 11.2" may be the driver's, the toolkit's or torch's own: nobody can tell."""
    match = re.search(r"cudnn\D{0,12}(\d{1,2}\.\d+(?:\.\d+)*)", value, re.I)
    if match:
        return match[1]
    if "cuda" in label:
        parts = re.fullmatch(
            r"(?:cuda\s*)?\d{1,2}\.\d+(?:\.\d+)?\s*(?:/|,|and|&)\s*(\d{1,2}\.\d+(?:\.\d+){0,2})", value.strip(), re.I
        )
        return parts[1] if parts else None
    match = re.match(r"v?(\d{1,2}\.\d+(?:\.\d+)*)\b", value)
    return match[1] if match else None


def _version_in(value: str) -> str | None:
    """The one version that a value tells; None when it tells none, a series ("2.x"), or several."""
    described = _DESCRIBE.match(value)
    if described:
        value = described[1]  # "v2.4.0-49-g85c8b2a817f 2.4.1": git's description of TensorFlow, then its version
    bare_value = re.sub(r"\([^()]*\)", " ", value[:200])
    if re.search(r"[<>~^]|\bor\b|\bto\b|\bnot\b|\blatest\b|\d\.x\b|\d\.\*", bare_value):
        return None
    versions = list(dict.fromkeys(text.rstrip(".-") for text in _VERSION.findall(bare_value)))
    if len(versions) != 1 or not names.is_release(versions[0]):
        return None
    head = bare_value[: bare_value.index(versions[0])].strip().lower().rstrip("v= ")
    return versions[0] if len(head) < 24 and "cuda" not in head and "python" not in head else None
