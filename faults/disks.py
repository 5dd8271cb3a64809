"""File systems of our own: one that is too small, one that loses its power, one that turns read-only.

They need root. A power cut is ext4's own shutdown without a flush of its journal: what was not synced is gone.
"""

import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from time import sleep

from faults.outcome import NotRunError

# From linux/fs.h and fs/ext4: EXT4_IOC_SHUTDOWN, and its flag that drops the journal too.
_SHUTDOWN, _WITHOUT_JOURNAL = 0x8004587D, 2
# From linux/fs.h: FIFREEZE and FITHAW.
_FREEZE, _THAW = 0xC0045877, 0xC0045878


def _mount(*arguments: str) -> None:
    if os.geteuid() != 0:
        raise NotRunError("mounting a file system needs root")
    done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotRunError(f"a file system cannot be mounted here: {done.stderr.strip()}")


def _unmount(folder: Path) -> None:
    for _ in range(100):
        done = subprocess.run(["umount", str(folder)], capture_output=True, text=True, check=False)
        if done.returncode == 0 or "not mounted" in done.stderr:
            return
        sleep(0.1)
    raise AssertionError(f"{folder} cannot be unmounted: {done.stderr}")


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system in memory, of that size."""
    folder.mkdir(parents=True, exist_ok=True)
    _mount("-t", "tmpfs", "-o", f"size={megabytes}m,mode=0755", "tmpfs", str(folder))
    try:
        yield folder
    finally:
        _unmount(folder)


def fill(folder: Path) -> Path:
    """Write a file until the disk is full; return the file."""
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        for size in (1 << 20, 1 << 12, 1):
            with suppress(OSError):
                while True:
                    file.write(bytes(size))
    return filler


class JournaledDisk:
    """An ext4 file system in a file, mounted at `folder`."""

    def __init__(self, image: Path, folder: Path, megabytes: int = 512) -> None:
        self.image, self.folder = image, folder
        folder.mkdir(parents=True, exist_ok=True)
        with image.open("wb") as file:
            file.truncate(megabytes << 20)
        try:
            subprocess.run(["mkfs.ext4", "-q", "-F", str(image)], check=True)
        except FileNotFoundError:
            raise NotRunError("mkfs.ext4 is not installed") from None

    def mount(self) -> None:
        _mount("-o", "loop,errors=remount-ro", str(self.image), str(self.folder))
        self.folder.chmod(0o755)

    def unmount(self) -> None:
        _unmount(self.folder)

    def cut_power(self) -> None:
        """Refuse all further input and output, and forget what was not synced. Mount it anew afterwards."""
        try:
            self._tell(_SHUTDOWN, struct.pack("I", _WITHOUT_JOURNAL))
        except OSError as error:
            raise NotRunError(f"this kernel does not shut an ext4 file system down: {error}") from None

    @contextmanager
    def hanging(self) -> Iterator[None]:
        """Let whoever writes wait until the block ends."""
        try:
            self._tell(_FREEZE, struct.pack("I", 0))
        except OSError as error:
            raise NotRunError(f"this kernel does not freeze an ext4 file system: {error}") from None
        try:
            yield
        finally:
            self._tell(_THAW, struct.pack("I", 0))

    def _tell(self, request: int, value: bytes) -> None:
        handle = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(handle, request, value)
        finally:
            os.close(handle)

    def turn_read_only(self) -> None:
        """Make it read-only under its users, as the kernel does after an error of the disk."""
        shown = subprocess.run(
            ["findmnt", "-n", "-o", "SOURCE", str(self.folder)], capture_output=True, text=True, check=True
        )
        switch = Path("/sys/fs/ext4") / Path(shown.stdout.strip()).name / "trigger_fs_error"
        try:
            switch.write_text("faults")
        except OSError as error:
            raise NotRunError(f"this kernel has no errors of ext4 on demand: {error}") from None
