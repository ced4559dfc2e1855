"""A disk that fails one program when a test says so, and notes with which calls it is written to.

`done`: a write or sync is carried out, and says that it was not. `half_done`: half of a write is, and the
next call of the kind fails. `killed`: the program is killed instead of the call, `killed_behind`: after it,
`killed_within`: after half of a write."""

import ctypes
import errno
import mmap
import os
import pathlib

from harness.shims import compiled

_SOURCE = pathlib.Path(__file__).with_name("disk_shim.c")
_MANNERS = {"undone": 0, "done": 1, "half_done": 2, "killed": 3, "killed_behind": 4,
            "killed_within": 5}


class _Call(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 16), ("file", ctypes.c_char * 112)]


class _Control(ctypes.Structure):
    _fields_ = [("folder", ctypes.c_char * 512), ("wanted", _Call), ("is_armed", ctypes.c_int32),
                ("nth", ctypes.c_int32), ("error", ctypes.c_int32), ("manner", ctypes.c_int32),
                ("matched", ctypes.c_int32), ("failed", ctypes.c_int32), ("seen", ctypes.c_int32),
                ("unused", ctypes.c_int32), ("calls", _Call * 4000)]


class FaultyDisk:
    def __init__(self, files, folder):
        """Keeps its own files in `files`; what is written below `folder` is its matter."""
        self._library = compiled(_SOURCE)
        self._file = files / "disk_control"
        self._file.write_bytes(bytes(ctypes.sizeof(_Control)))
        with open(self._file, "r+b") as file:
            self._control = _Control.from_buffer(mmap.mmap(file.fileno(), 0))
        self._control.folder = str(folder).encode()

    def arm(self, name="", file="", nth=0, error=errno.EIO, manner="undone"):
        """Begins to note calls anew; the `nth` with this name and file (if given) fails with `error`,
        unless it is 0."""
        control = self._control
        control.is_armed = 0
        control.wanted.name, control.wanted.file = name.encode(), file.encode()
        control.nth, control.error, control.manner = nth, error, _MANNERS[manner]
        control.matched = control.failed = control.seen = 0
        control.is_armed = 1

    def disarm(self):
        self._control.is_armed = 0

    @property
    def has_failed(self):
        return self._control.failed > 0

    def calls(self):
        """The calls since it was armed, in their order: (name, file below the folder, or ".")."""
        assert self._control.seen <= len(self._control.calls)
        return [(call.name.decode(), call.file.decode())
                for call in self._control.calls[:self._control.seen]]

    def environment(self):
        """The environment of the program with this disk."""
        return os.environ | self.variables()

    def variables(self):
        """What of it makes the difference."""
        sanitizer = os.environ.get("ASAN_OPTIONS", "")
        return {
            "LD_PRELOAD": str(self._library),
            "CAIRN_TEST_DISK": str(self._file),
            # The sanitizer must be loaded first; this library replaces only some functions.
            "ASAN_OPTIONS": f"{sanitizer}:verify_asan_link_order=0".lstrip(":"),
        }
