"""The NVIDIA GPUs of a machine, and which of them a CUDA program sees."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from envaudit.snapshot.model import Gpu

_MANY = 256  # devices named in CUDA_VISIBLE_DEVICES; no machine has more


class Device:
    """One GPU, or one MIG slice of it.

    gpu     what the snapshot says of it
    uuid    "GPU-…" or "MIG-…", None where it is not known
    slices  the MIG slices of a GPU in MIG mode ([] when none was made), None when it is not in MIG mode
    """

    __slots__ = ("gpu", "slices", "uuid")

    def __init__(self, gpu: Gpu, uuid: str | None = None, slices: list[Device] | None = None) -> None:
        self.gpu = gpu
        self.uuid = uuid
        self.slices = slices


class Answer:
    """What one way of asking for the driver found; it is filled in step by step.

    driver    its version
    cuda      newest CUDA version that it speaks, "12.4"
    devices   every GPU in bus order, None when it is not known which there are
    failure   None, or how it failed: "missing" (this way cannot be taken), "mismatch", "no-permission", "not-loaded",
              "hangs", "error"
    because   the same in words
    no_libcuda  True when the driver works, but the library that CUDA programs need is not there
    """

    __slots__ = ("because", "cuda", "devices", "driver", "failure", "no_libcuda")

    def __init__(self) -> None:
        self.driver: str | None = None
        self.cuda: str | None = None
        self.devices: list[Device] | None = None
        self.failure: str | None = None
        self.because = ""
        self.no_libcuda = False


def visible(devices: list[Device], environ: dict[str, str]) -> tuple[list[Gpu], int, bool]:
    """(the GPUs that a CUDA program sees, how many GPUs CUDA_VISIBLE_DEVICES hides, whether it is sure which).

    Where it is not sure, the GPUs have only the facts that all of the machine's GPUs share.

    Where a GPU is in MIG mode its slices stand for it.  A program sees one slice at most and then no whole GPU (MIG
    user guide, "CUDA device enumeration").
    """
    chosen = _chosen(devices, environ)
    hidden = sum(1 for device in devices if not any(part in chosen for part in (device, *(device.slices or ()))))
    parts: list[Device] = []
    for device in chosen:
        parts += [device] if device.slices is None else device.slices
    if not _in_bus_order(devices, chosen, environ):
        return [_common(devices)] * len(parts), hidden, False
    for part in parts:
        if part.uuid and part.uuid.startswith("MIG-"):
            return [part.gpu], hidden, True
    return [part.gpu for part in parts], hidden, True


def _chosen(devices: list[Device], environ: dict[str, str]) -> list[Device]:
    value = environ.get("CUDA_VISIBLE_DEVICES")
    if value is None:
        return devices
    chosen: list[Device] = []
    for entry in value.split(",", _MANY)[:_MANY]:
        device = _named(entry.strip(), devices)
        if device is None:  # an invalid entry ends the list (CUDA programming guide)
            break
        if device in chosen:  # a device named twice leaves none
            return []
        chosen.append(device)
    return chosen


def _named(entry: str, devices: list[Device]) -> Device | None:
    if entry.startswith(("GPU-", "MIG-")):  # the start of a UUID is enough where only one device has it
        everything = [part for device in devices for part in (device, *(device.slices or ()))]
        fitting = [part for part in everything if part.uuid and part.uuid.startswith(entry)]
        return fitting[0] if len(fitting) == 1 else None
    digits = entry[1:] if entry.startswith("+") else entry
    length = next((at for at, letter in enumerate(digits) if not "0" <= letter <= "9"), len(digits))
    number = int(digits[: min(length, 9)]) if length else -1  # CUDA reads a number's start: "1x" is 1
    return devices[number] if 0 <= number < len(devices) else None


def _in_bus_order(devices: list[Device], chosen: list[Device], environ: dict[str, str]) -> bool:
    """Whether a number in CUDA_VISIBLE_DEVICES surely means the GPU that the driver lists at that place.

    CUDA numbers GPUs fastest first unless CUDA_DEVICE_ORDER=PCI_BUS_ID; that matters only where they differ.
    """
    value = environ.get("CUDA_VISIBLE_DEVICES")
    return (
        value is None
        or value.strip().startswith(("GPU-", "MIG-"))
        or len(chosen) == len(devices)
        or environ.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID"
        or all(device.gpu == devices[0].gpu for device in devices)
    )


def _common(devices: list[Device]) -> Gpu:
    """What holds for every one of `devices`."""
    first = devices[0].gpu
    return {key: value for key, value in first.items() if all(d.gpu.get(key) == value for d in devices)}  # type: ignore[return-value]  # keys of a Gpu
