"""A wall clock for one program, which a test moves while the program runs.

The clocks of the test, of PostgreSQL and of other programs stay as they are, so that skew between them
can be tried, and the program's own monotonic and boot-time clocks too, as when somebody sets the time
of a machine."""

import contextlib
import os
import pathlib
import struct

from harness.shims import compiled

_SOURCE = pathlib.Path(__file__).with_name("clock_shim.c")


class WallClock:
    def __init__(self, folder):
        """Keeps its files in `folder`; the clock is right at first."""
        self._library = compiled(_SOURCE)
        self._file = folder / "clock_offset"
        self.set(0)

    def set(self, seconds):
        """How far the clock is ahead (negative: behind). A running program sees it at once."""
        if not self._file.exists():
            self._file.write_bytes(bytes(8))
        with open(self._file, "r+b", buffering=0) as file:
            file.write(struct.pack("=q", round(seconds * 1_000_000_000)))

    @contextlib.contextmanager
    def ahead(self, seconds):
        self.set(seconds)
        try:
            yield
        finally:
            self.set(0)

    def environment(self):
        """The environment of a program that has this clock."""
        sanitizer = os.environ.get("ASAN_OPTIONS", "")
        return os.environ | {
            "LD_PRELOAD": str(self._library),
            "CAIRN_TEST_CLOCK": str(self._file),
            # The sanitizer must be loaded first; this library replaces only some functions.
            "ASAN_OPTIONS": f"{sanitizer}:verify_asan_link_order=0".lstrip(":"),
        }
