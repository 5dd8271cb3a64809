"""The state of a TCP connection, as Linux knows it."""

import ctypes
import socket
import sys
from typing import Final

# The first byte of TCP_INFO while both sides have the connection open (tcp_states.h).
_ESTABLISHED: Final = 1
_TCP_INFO: Final = getattr(socket, "TCP_INFO", None)
# PyDLL keeps the interpreter's lock: giving it away for a microsecond could cost milliseconds to get it back. A socket
# object would do as well, but uvloop makes a new one for each use.
_getsockopt: Final = ctypes.PyDLL(None).getsockopt if sys.platform == "linux" and _TCP_INFO is not None else None
if _getsockopt is not None:
    _getsockopt.argtypes = (ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)


def is_closed(descriptor: int) -> bool:
    """Whether the other side has closed a TCP connection; False where the system does not tell."""
    if _getsockopt is None:
        return False
    state, size = ctypes.c_ubyte(), ctypes.c_uint(1)
    failed = _getsockopt(descriptor, socket.IPPROTO_TCP, _TCP_INFO, ctypes.byref(state), ctypes.byref(size))
    return not failed and state.value != _ESTABLISHED
