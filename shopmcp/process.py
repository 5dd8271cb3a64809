"""The process that `manage.py serve` becomes: uvicorn, with its own options.

Told to stop, uvicorn answers the calls at hand, closes everything, and then hands the signal on to whoever handled it
before. Left to itself that would end the process as if it had been killed.
"""

import signal
import sys
from types import FrameType

import uvicorn


def run() -> None:
    """Serve until told to stop; then end with code 0."""
    signal.signal(signal.SIGTERM, _end)
    uvicorn.main()


def _end(signum: int, frame: FrameType | None) -> None:
    sys.exit(0)


# Further workers import this file as well, and are started by uvicorn.
if __name__ == "__main__":
    run()
