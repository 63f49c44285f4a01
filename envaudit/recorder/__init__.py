"""The flight recorder of a notebook kernel: cell marks in a shared mapping, samples and exit status by a sidecar."""
