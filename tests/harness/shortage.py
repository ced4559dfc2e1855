"""A shortage of one program: its sockets and connections fail with an error of the system."""

import contextlib
import errno
import os
import pathlib

from harness.shims import compiled

_SOURCE = pathlib.Path(__file__).with_suffix(".c")


class Shortage:
    """Keeps its file in `folder`. A program that is started with `environment` is subject to it."""

    def __init__(self, folder):
        self._file = folder / "shortage"
        self.environment = {
            "LD_PRELOAD": str(compiled(_SOURCE)), "SHORTAGE": str(self._file),
            # The sanitizer must be loaded first.
            "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":verify_asan_link_order=0"}

    @contextlib.contextmanager
    def of(self, call, transport, error):
        """Meanwhile `call` ("socket", "connect") on "udp" or "tcp" fails with `error` ("EMFILE")."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{call} {transport} {getattr(errno, error)}\n")
        fresh.rename(self._file)
        try:
            yield
        finally:
            self._file.unlink()
