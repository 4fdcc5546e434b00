"""How much memory a process took."""

from __future__ import annotations

import resource
from pathlib import Path


def peak_megabytes() -> float:
    """The most that this process ever held. Linux says it of the process alone (proc(5), VmHWM); what getrusage says counts the process
    that started this one, too, and is asked where there is no /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text(encoding="ascii").splitlines() if status.exists() else []
    peak = next((line.split()[1] for line in lines if line.startswith("VmHWM")), None)
    return float(peak or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) / 1024
