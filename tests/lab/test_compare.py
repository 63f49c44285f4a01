"""What happened, held against what a rule says."""

from __future__ import annotations

import pytest

from lab.compare import disagreement
from lab.isolation import Outcome

PANDAS = "ValueError: numpy.dtype size changed, may indicate binary incompatibility. Expected 96 from C header, got 88"


def outcome(status: int | None = 1, signal: str | None = None, output: str = "", timed_out: bool = False) -> Outcome:
    lines = output.splitlines()
    return Outcome(status, signal, timed_out, lines[-1] if lines else "", output, 1.0, "namespaces")


@pytest.mark.parametrize(
    ("level", "symptom", "bad", "said"),
    [
        ("error", PANDAS, outcome(output=f"Traceback\n  File x\n{PANDAS} from PyObject"), None),
        # numbers and quotes differ from one environment to the next
        ("error", PANDAS, outcome(output=PANDAS.replace("96", "216").replace("88", "208")), None),
        (
            "error",
            "ImportError: cannot import name 'url_quote'",
            outcome(output='ImportError: cannot import name "url_quote"'),
            None,
        ),
        (
            "error",
            "jaxlib is version {jaxlib}, but this needs >= {row.least}.",
            outcome(output="jaxlib is version 0.6.1, but this needs >= 0.6.2."),
            None,
        ),
        ("error", "ImportError: first\nAttributeError: second", outcome(output="AttributeError: second"), None),
        (
            "error",
            "cannot import name … from …",
            outcome(output="ImportError: cannot import name 'x' from 'y' (z.py)"),
            None,
        ),
        (
            "error",
            PANDAS,
            outcome(output="ImportError: libGL.so.1: cannot open shared object file"),
            "another error text",
        ),
        (
            "error",
            "AttributeError: module 'a' has no attribute 'b'",
            outcome(output="AttributeError: module 'c' has no attribute 'd'"),
            "another error text",
        ),
        ("error", PANDAS, outcome(status=0), "the bad side runs"),
        ("error", PANDAS, outcome(None, "SIGSEGV"), "level error, but the process dies by SIGSEGV"),
        ("crash", "Segmentation fault (core dumped)", outcome(None, "SIGSEGV"), None),
        ("crash", "Illegal instruction", outcome(None, "SIGILL"), None),
        ("crash", "Segmentation fault", outcome(output="Segmentation fault"), "level crash, but it raises (exit 1)"),
        ("crash", "F tensorflow check failed: cpu", outcome(None, "SIGABRT", "F tensorflow check failed: cpu"), None),
        ("crash", "F tensorflow check failed: cpu", outcome(None, "SIGABRT", "terminate called"), "another error text"),
        ("error", "it hangs", outcome(None, timed_out=True), None),
        ("error", PANDAS, outcome(None, timed_out=True), "the bad side does not end"),
    ],
)
def test_disagreement(level: str, symptom: str, bad: Outcome, said: str | None) -> None:
    assert disagreement(level, symptom, bad) == said
