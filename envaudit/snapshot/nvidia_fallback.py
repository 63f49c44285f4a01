"""The NVIDIA driver where NVML cannot be asked: /proc/driver/nvidia, and the program nvidia-smi."""

from __future__ import annotations

from envaudit.snapshot import files
from envaudit.snapshot.devices import Answer, Device

PATIENCE = 5.0
_MANY = 256  # GPUs of one machine
_FIELDS = ("name", "uuid", "driver_version", "memory.total", "compute_cap")
_OLD_FIELDS = _FIELDS[:4]  # before driver 495 there is no compute_cap
_SAYINGS = (
    ("Driver/library version mismatch", "mismatch"),
    ("Insufficient Permissions", "no-permission"),
    ("couldn't communicate with the NVIDIA driver", "not-loaded"),
)


def ask_kernel(root: str = "/") -> Answer:
    """What the kernel module says under /proc: its version and the names of the GPUs."""
    answer = Answer()
    for line in (files.text(root, "/proc/driver/nvidia/version", 4096) or "").splitlines():
        if line.startswith("NVRM version:"):
            answer.driver = _version(line.partition("Kernel Module")[2])
    if answer.driver is None:
        answer.failure, answer.because = "missing", "/proc/driver/nvidia/version does not say the driver's version"
        return answer
    devices = []
    for entry in files.names(root, "/proc/driver/nvidia/gpus")[:_MANY]:
        fields = {}
        for line in (files.text(root, f"/proc/driver/nvidia/gpus/{entry}/information", 4096) or "").splitlines():
            key, _, value = line.partition(":")
            fields[key.strip()] = value.strip()
        if fields.get("Model"):
            devices.append(Device({"name": fields["Model"]}, fields.get("GPU UUID")))
    answer.devices = devices or None  # an empty folder does not tell a machine without GPUs from a container
    return answer


def ask_smi(environ: dict[str, str], patience: float = PATIENCE) -> Answer:
    """What nvidia-smi says; given up after `patience` seconds."""
    import shutil

    answer = Answer()
    path = environ.get("PATH")
    program = shutil.which("nvidia-smi", path=path) or shutil.which("nvidia-smi", path="/usr/lib/wsl/lib")
    if program is None:
        answer.failure, answer.because = "missing", "nvidia-smi is not on PATH"
        return answer
    for fields in (_FIELDS, _OLD_FIELDS):
        output, problem = _run([program, f"--query-gpu={','.join(fields)}", "--format=csv,noheader,nounits"], patience)
        if output is None:
            answer.failure, answer.because = "hangs", problem
            return answer
        if not problem or "No devices were found" in problem:
            _read(output, answer)
            return answer
        if "is not a valid field" not in problem:
            break
    failures = [failure for saying, failure in _SAYINGS if saying in problem]
    answer.failure = failures[0] if failures else "error"
    answer.because = f"nvidia-smi: {problem}"
    return answer


def _run(command: list[str], patience: float) -> tuple[str | None, str]:
    """(output, "") of a command that went well, (output, what it said) of one that failed, (None, why) of none."""
    import subprocess

    try:
        process = subprocess.Popen(  # noqa: S603  # found on PATH, fixed arguments
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
    except OSError as error:
        return None, f"nvidia-smi cannot be started: {error.strerror}"
    try:
        output = process.communicate(timeout=patience)[0].decode("utf-8", "replace")
    except subprocess.TimeoutExpired:
        process.kill()  # and not waited for: a process stuck in a broken driver cannot be ended
        return None, f"nvidia-smi did not answer within {patience:g} seconds"
    if process.returncode == 0:
        return output, ""
    return output, " ".join(output.split())[:300] or f"exit status {process.returncode}"


def _read(output: str, answer: Answer) -> None:
    devices = []
    for line in output.splitlines()[:_MANY]:
        cells = [cell.strip() for cell in line.split(",")]
        if len(cells) < len(_OLD_FIELDS):  # "No devices were found"
            continue
        name, uuid, driver, memory = cells[:4]
        capability = cells[4] if len(cells) > 4 else ""
        answer.driver = _version(driver)
        devices.append(
            Device(
                {
                    "name": name,
                    "compute_capability": capability if capability[:1].isdecimal() else None,
                    "memory_mib": int(memory) if memory.isdecimal() else None,
                },
                uuid,
            )
        )
    answer.devices = devices


def _version(text: str) -> str | None:
    """The first word that is a driver version."""
    for word in text.split():
        if "." in word and word.replace(".", "").isdecimal():
            return word
    return None
