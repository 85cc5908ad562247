"""A System V shared memory segment, which an X server on this machine writes pixels into (MIT-SHM)."""

import ctypes
import os

_IPC_PRIVATE = 0
_IPC_CREAT = 0o1000
_IPC_RMID = 0
_FAILED = ctypes.c_void_p(-1).value

_libc = ctypes.CDLL(None, use_errno=True)
_libc.shmget.argtypes = [ctypes.c_int, ctypes.c_size_t, ctypes.c_int]
_libc.shmat.argtypes = [ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
_libc.shmat.restype = ctypes.c_void_p
_libc.shmdt.argtypes = [ctypes.c_void_p]
_libc.shmctl.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_void_p]


class SharedMemory:
    """Memory of `size` bytes that another process of this user can attach by `id`. OSError where the system has none."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.id = _libc.shmget(_IPC_PRIVATE, size, _IPC_CREAT | 0o600)
        if self.id == -1:
            raise _error("shmget")
        address = _libc.shmat(self.id, None, 0)
        if address == _FAILED:
            error = _error("shmat")
            self.forget()
            raise error
        self._address: int = address

    def forget(self) -> None:
        """Let nobody else attach it; it goes with the last process that did, however that one ends."""
        _libc.shmctl(self.id, _IPC_RMID, None)

    def view(self, size: int) -> memoryview:
        """The first `size` bytes, which go on changing as the server writes; of no use after `close`."""
        return memoryview((ctypes.c_ubyte * size).from_address(self._address)).cast("B")

    def close(self) -> None:
        """Detach it; no view of it must be read afterwards."""
        _libc.shmdt(self._address)


def _error(call: str) -> OSError:
    number = ctypes.get_errno()
    return OSError(number, f"{call}: {os.strerror(number)}")
