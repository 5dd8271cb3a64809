"""The process that serves: uvicorn, with exit code 0 when it is told to stop.

After its shutdown uvicorn raises the signal again for the previous handler. The default handler would end the process
as if it had been killed.
"""

import ctypes
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import parent_process
from multiprocessing.process import BaseProcess
from threading import Thread
from types import FrameType
from typing import Final, NoReturn

import uvicorn

# Of glibc's <malloc.h>.
_M_ARENA_MAX: Final = -8


def run(command: Sequence[str] | None = None) -> NoReturn:
    """Serve until told to stop; then end with code 0.

    Args:
        command: Uvicorn's command line, without its name; by default that of this process.
    """
    signal.signal(signal.SIGTERM, _end)
    uvicorn.main(command)
    sys.exit()


def _end(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


def end_with_supervisor() -> None:
    """Stop this worker once its supervisor is gone, however it ended: else the worker would hold the port."""
    if (supervisor := parent_process()) is not None:
        Thread(target=_follow, args=(supervisor,), daemon=True).start()


def share_memory() -> None:
    """Let all threads allocate from two of glibc's arenas; call it before they start.

    With an arena for each thread, what one thread frees serves no other: a tenth of the memory of a busy server. Python
    runs one thread at a time, so they hardly wait for each other (mallopt(3)).
    """
    # Another C library has no arenas, or no such call.
    with suppress(AttributeError):
        ctypes.CDLL(None).mallopt(_M_ARENA_MAX, 2)


def _follow(supervisor: BaseProcess) -> None:
    supervisor.join()
    signal.raise_signal(signal.SIGTERM)


# uvicorn's worker processes import this file too.
if __name__ == "__main__":
    run()
