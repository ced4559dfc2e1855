"""Programs that tests run: to their end with a deadline, or as servers that are stopped for sure."""

import ctypes
import os
import pathlib
import signal
import subprocess
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


class Server:
    """A program that runs until it is stopped; its output goes to a log file.

    Started on the main thread only: the program is killed when the thread that started it ends.
    """

    def __init__(self, arguments, log, **options):
        self.arguments = [str(argument) for argument in arguments]
        self.log = pathlib.Path(log)
        with open(self.log, "ab") as output:
            self.process = subprocess.Popen(
                self.arguments, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL), **options,
            )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()

    def wait_until(self, ready, timeout=20):
        """Calls `ready` until it returns something true, which is the result."""
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
