"""Programs that tests run: to their end with a deadline, or as servers that are always stopped."""

import contextlib
import ctypes
import os
import pathlib
import pty
import signal
import socket
import subprocess
import threading
import time

BIN = pathlib.Path(
    os.environ.get("CAIRN_BIN", pathlib.Path(__file__).parents[2] / "build" / "dev" / "bin")
)

_libc = ctypes.CDLL(None, use_errno=True)
_PR_SET_PDEATHSIG = 1


class Failed(AssertionError):
    """A program did not do what the test needs; the message holds its output."""


def run(arguments, timeout=60, expect=0, **options):
    """Runs a program to its end. Returns its standard output; `expect` is its exit code."""
    arguments = [str(argument) for argument in arguments]
    try:
        done = subprocess.run(
            arguments, timeout=timeout, text=True, stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, errors="replace", **options,
        )
    except subprocess.TimeoutExpired as late:
        output = "".join(
            part.decode(errors="replace") if isinstance(part, bytes) else part or ""
            for part in (late.stdout, late.stderr)
        )
        raise Failed(f"{' '.join(arguments)}: not done in {timeout} s\n{output}") from None
    if done.returncode != expect:
        raise Failed(
            f"{' '.join(arguments)}: exit code {done.returncode}, not {expect}\n"
            f"{done.stdout}\n{done.stderr}"
        )
    return done.stdout


class UnreadOutput:
    """Something to write to that nobody reads until `read_into` is called: a "pipe", a "socket" or a
    "terminal"."""

    def __init__(self, kind="pipe"):
        if kind == "pipe":
            self._reader, self._writer = os.pipe()
        elif kind == "socket":
            self._reader, self._writer = (end.detach() for end in socket.socketpair())
        else:
            self._reader, self._writer = pty.openpty()

    def fileno(self):
        return self._writer

    def fill(self):
        """Leaves no room in it."""
        os.set_blocking(self._writer, False)
        with contextlib.suppress(BlockingIOError):
            while True:
                os.write(self._writer, b"." * 4095 + b"\n")
        os.set_blocking(self._writer, True)

    def read_into(self, file):
        """Appends everything to `file` that was written and will be, as long as this process lives."""
        os.close(self._writer)
        threading.Thread(target=self._copy, args=(self._reader, file), daemon=True).start()

    @staticmethod
    def _copy(reader, file):
        with open(file, "ab", buffering=0) as copy, contextlib.suppress(OSError):
            while part := os.read(reader, 65536):
                copy.write(part)


class Server:
    """A program that runs until it is stopped; its output goes to a log file, or to `output`.

    Started on the main thread only: the program is killed when the thread that started it ends.
    """

    def __init__(self, arguments, log, output=None, **options):
        self.arguments = [str(argument) for argument in arguments]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as log_file:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=output or log_file,
                stderr=subprocess.STDOUT, start_new_session=True,
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL), **options,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until(self, ready, timeout=20):
        """Calls `ready` until it returns something true, and returns that."""
        deadline = time.monotonic() + timeout
        while True:
            if self.process.poll() is not None:
                raise Failed(f"{self.arguments[0]} ended with {self.process.returncode}\n{self.tail()}")
            if result := ready():
                return result
            if time.monotonic() > deadline:
                raise Failed(f"{self.arguments[0]}: not ready in {timeout} s\n{self.tail()}")
            time.sleep(0.05)

    def tail(self, lines=60):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])

    def signal(self, number):
        self.process.send_signal(number)

    def wait(self, timeout=20):
        """Waits for the end of the program; its exit code."""
        try:
            return self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            raise Failed(f"{self.arguments[0]}: not ended in {timeout} s\n{self.tail()}") from None

    def kill(self):
        """Ends the program and all that it started, without warning."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self, timeout=20):
        """Ends the program in good order and returns its exit code; kills it if that takes longer."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(timeout)
            except subprocess.TimeoutExpired:
                self.kill()
        return self.process.returncode
