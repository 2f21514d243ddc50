"""Children that do not outlive their parent, however it ends (Linux)."""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG = 1


class Tether:
    """Given to a new process as `preexec_fn`: the kernel signals it when its parent is gone.

    The kernel counts the thread that started the child as its parent: start from the main thread.
    """

    def __init__(self, signal_at_death: signal.Signals) -> None:
        self._parent = os.getpid()
        self._signal = int(signal_at_death)
        self._prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

    def __call__(self) -> None:
        if self._prctl is not None:
            self._prctl(_PR_SET_PDEATHSIG, self._signal)
        if os.getppid() != self._parent:
            os._exit(1)
