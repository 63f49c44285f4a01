"""What paths and prompts in a text tell: Colab, Kaggle, WSL, conda, a container; the Python of a traceback."""

from __future__ import annotations

import re

from envaudit.recorded.found import TRACE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.recorded.found import Found
    from envaudit.recorded.page import Page

_SITE = re.compile(
    r"[/\\]python([23]\.\d{1,2})[/\\](?:site|dist)-packages|[/\\]Python([23])(\d{1,2})[/\\][Ll]ib[/\\]", re.I
)
_MARKS = (
    ("/kaggle/working", "kaggle"),
    ("/kaggle/input", "kaggle"),
    ("file:///colabtools", "colab"),
    ("dist-packages/google/colab", "colab"),
    ("dist-packages/colab_kernel_launcher", "colab"),
    ("/content/drive/MyDrive", "colab"),
    ("microsoft-standard-WSL", "wsl"),
    ("/databricks/python", "databricks"),
)
_CONDA = re.compile(
    r"[/\\](?:[\w.-]*(?:ana|mini|mamba)(?:conda|forge)\d?|\.conda)(?:[/\\]envs[/\\][\w.-]+)?[/\\](?:lib[/\\]python|Lib[/\\])",
    re.I,
)
_CONTAINER = re.compile(r"\broot@[0-9a-f]{12}:/")


def read(page: Page, found: Found) -> None:
    for line, text in enumerate(page.lines):
        if "/" not in text and "\\" not in text and "WSL" not in text:
            continue
        for mark, host in _MARKS:
            if mark in text:
                found.host(host)
        if "root@" in text and _CONTAINER.search(text):
            found.host("docker")
        if "ython" in text and not page.is_command(line):
            site = _SITE.search(text)
            if site:
                found.say(line, "python", site[1] or f"{site[2]}.{site[3]}", TRACE)
                if _CONDA.search(text):
                    found.host("conda")
