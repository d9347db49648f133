"""Named points at which a test may kill the process, to see what a power cut would leave.

    TAIZHANG_FAILPOINT=seal.committed taizhang log checkpoint

dies of SIGKILL where the work has reached that point, and does nothing anywhere else. The names
stand where they are used; `tests/faults` kills at each of them.
"""

from __future__ import annotations

import os
import signal

__all__ = ["reached"]

_armed = os.environ.get("TAIZHANG_FAILPOINT")


def reached(point: str) -> None:
    """Die here if this is the point that was asked for."""
    if point == _armed:
        os.kill(os.getpid(), signal.SIGKILL)
