"""The NVIDIA driver asked through its own library, NVML (distribution nvidia-ml-py, module `pynvml`).

Old releases of the module and of the driver lack functions: what cannot be asked stays unknown.
"""

from __future__ import annotations

from envaudit.snapshot.devices import Answer, Device

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

# seconds: eight data-center GPUs without persistence mode start slowly, a GPU that fell off the bus never answers
PATIENCE = 30.0

# nvmlReturn_t
_NO_PERMISSION = 4
_NOT_FOUND = 6
_LIBRARY_NOT_FOUND = 12
_FUNCTION_NOT_FOUND = 13
_FAILURES = {4: "no-permission", 9: "not-loaded", 12: "missing", 18: "mismatch"}


def ask(patience: float = PATIENCE) -> Answer:
    """What NVML says.  Asked in a thread of its own, given up after `patience` seconds."""
    import threading

    answer = Answer()
    thread = threading.Thread(target=_ask, args=(answer,), daemon=True)
    thread.start()
    thread.join(patience)
    if not thread.is_alive():
        return answer
    late = Answer()
    late.driver, late.cuda = answer.driver, answer.cuda
    late.failure, late.because = "hangs", f"NVML did not answer within {patience:g} seconds"
    return late


def _ask(answer: Answer) -> None:
    try:
        import pynvml
    except Exception as error:  # any module may bear that name on the audited path
        answer.failure, answer.because = "missing", f"module pynvml cannot be imported: {error}"
        return
    try:
        _, error_code, text = _call(pynvml, "nvmlInit")
        if error_code:
            answer.failure, answer.because = _FAILURES.get(error_code, "error"), text
            return
        _driver(pynvml, answer)
        _devices(pynvml, answer)
        _call(pynvml, "nvmlShutdown")
    except Exception as error:  # a module that is not NVIDIA's, or of a release nobody has seen
        answer.failure, answer.because = "error", f"pynvml: {type(error).__name__}: {error}"


def _call(pynvml: Any, name: str, *arguments: object) -> tuple[Any, int, str]:
    """(value, error code, error text) of one function; the code is 0 when it went well."""
    function = getattr(pynvml, name, None)
    if function is None:
        return None, _FUNCTION_NOT_FOUND, f"this pynvml has no {name}"
    try:
        value = function(*arguments)
    except pynvml.NVMLError as error:
        return None, error.value, f"{name}: {error}"
    return (value.decode("utf-8", "replace") if isinstance(value, bytes) else value), 0, ""


def _driver(pynvml: Any, answer: Answer) -> None:
    answer.driver = _call(pynvml, "nvmlSystemGetDriverVersion")[0]
    number, error_code, _ = _call(pynvml, "nvmlSystemGetCudaDriverVersion_v2")
    if error_code:
        answer.no_libcuda = error_code in (_NOT_FOUND, _LIBRARY_NOT_FOUND)  # driver 580 says the first
        number = _call(pynvml, "nvmlSystemGetCudaDriverVersion")[0]  # the driver's own number, with or without libcuda
    if number:
        answer.cuda = f"{number // 1000}.{number % 1000 // 10}"


def _devices(pynvml: Any, answer: Answer) -> None:
    count, error_code, text = _call(pynvml, "nvmlDeviceGetCount")
    if error_code:
        answer.failure, answer.because = _FAILURES.get(error_code, "error"), text
        return
    devices = []
    for index in range(count):
        handle, error_code, text = _call(pynvml, "nvmlDeviceGetHandleByIndex", index)
        if error_code == _NO_PERMISSION:  # counted by NVML, but not given to this container or job: CUDA skips it too
            answer.because = text
            continue
        if error_code:
            answer.because = f"GPU {index}: {text}"
        devices.append(Device({}) if error_code else _device(pynvml, handle))
    if count and not devices:
        answer.failure = "no-permission"
        return
    answer.devices = devices


def _device(pynvml: Any, handle: object) -> Device:
    device = _facts(pynvml, handle)
    mode, error_code, _ = _call(pynvml, "nvmlDeviceGetMigMode", handle)
    device.gpu["mig"] = bool(mode and mode[0])  # an error means a GPU or a driver without MIG
    if mode and mode[0]:
        count, error_code, _ = _call(pynvml, "nvmlDeviceGetMaxMigDeviceCount", handle)
        device.slices = None if error_code else _slices(pynvml, handle, device, count)
    return device


def _slices(pynvml: Any, handle: object, whole: Device, count: int) -> list[Device]:
    slices = []
    for index in range(count):
        part, error_code, _ = _call(pynvml, "nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
        if error_code:  # this place is empty
            continue
        device = _facts(pynvml, part)
        device.gpu["mig"] = True
        device.gpu["name"] = device.gpu["name"] or whole.gpu["name"]
        device.gpu["compute_capability"] = whole.gpu["compute_capability"]
        slices.append(device)
    return slices


def _facts(pynvml: Any, handle: object) -> Device:
    capability = _call(pynvml, "nvmlDeviceGetCudaComputeCapability", handle)[0]
    memory = _call(pynvml, "nvmlDeviceGetMemoryInfo", handle)[0]
    return Device(
        {
            "name": _call(pynvml, "nvmlDeviceGetName", handle)[0],
            "compute_capability": "{}.{}".format(*capability) if capability else None,
            "memory_mib": int(memory.total) >> 20 if memory else None,
        },
        _call(pynvml, "nvmlDeviceGetUUID", handle)[0],
    )
