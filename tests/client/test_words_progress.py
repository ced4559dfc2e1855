"""What a terminal shows while cairn works, and what everything else gets instead."""

import contextlib
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import threading
import time

import pytest

from harness.odd_ca import Answer

NAME = "a.example"
MOVES = re.compile(r"\r(?!\n)|\x1b\[K")


class Terminal:
    """A terminal of so many columns that somebody looks at."""

    def __init__(self, columns):
        self.reader, self.writer = pty.openpty()
        fcntl.ioctl(self.writer, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        self.seen = b""
        self.thread = threading.Thread(target=self._look)
        self.thread.start()

    def _look(self):
        with contextlib.suppress(OSError):
            while octets := os.read(self.reader, 1 << 16):
                self.seen += octets

    def text(self):
        """All that it was told, once nobody has it open any more."""
        os.close(self.writer)
        self.thread.join(20)
        os.close(self.reader)
        return self.seen.decode()


def shown(cairn, *words, columns=80, environment=None):
    terminal = Terminal(columns)
    run = subprocess.run(
        cairn.command_line(*words), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=terminal.writer, timeout=60,
        env=cairn.environment | {"TERM": "xterm"} | (environment or {}))
    return run.returncode, terminal.text()


def lines_left(text):
    """What can be read when it is over: the moving line is overwritten by what follows it."""
    return [re.split(r"\r\x1b\[K", line)[-1] for line in text.replace("\r\n", "\n").split("\n")]


@pytest.fixture(autouse=True)
def slow(ca):
    """Long enough for the line to move."""
    def hold(request):
        if request.path == "/new-order":
            threading.Event().wait(0.5)

    ca.intercept = hold


@pytest.mark.parametrize("columns", [80, 20, 200])
def test_a_terminal_has_a_line_that_moves(cairn, columns):
    code, text = shown(cairn, *cairn.issuing(NAME), columns=columns)
    assert code == 0, text
    drawn = [piece for piece in re.findall(r"\r\x1b\[K([^\r\n]*)", text) if piece[:1] in tuple("|/-\\")]
    assert len({piece[0] for piece in drawn}) > 1, "it does not move"
    assert all(len(piece) < columns for piece in drawn)
    left = lines_left(text)
    assert left[0].startswith("Registering an account"), text
    assert [line for line in left if "Ordering a certificate for a.example" in line]
    assert not [line for line in left if line[:1] in tuple("|/-\\")]


def test_colours_are_for_those_who_want_them(cairn, ca):
    ca.verdict = lambda authorization: authorization.update(status="invalid")
    code, text = shown(cairn, *cairn.issuing(NAME))
    assert code == 2 and "\x1b[1;31merror: \x1b[0m" in text
    code, text = shown(cairn, *cairn.issuing(NAME), environment={"NO_COLOR": "1"})
    assert code == 2 and "error: " in text and not re.search(r"\x1b\[[0-9;]*m", text)


@pytest.mark.parametrize("change", [
    {"environment": {"TERM": "dumb"}}, {"environment": {"TERM": ""}}, {"words": ["-q"]},
    {"words": ["--messages", "json"]}], ids=str)
def test_nothing_moves_where_it_must_not(cairn, change):
    code, text = shown(cairn, *cairn.issuing(NAME), *change.get("words", []),
                       environment=change.get("environment"))
    assert code == 0 and not MOVES.search(text), text


def test_a_pipe_gets_plain_lines(cairn):
    run = cairn.outcome(*cairn.issuing(NAME), environment={"TERM": "xterm"})
    assert run.returncode == 0
    assert "\r" not in run.stderr and "\x1b" not in run.stderr
    assert [line.split()[0] for line in run.stderr.splitlines()] == [
        "Registering", "Ordering", "Proving", "Asking", "The"]


def test_several_lineages_have_a_bar(cairn, ca):
    for name in ("a.example", "b.example", "c.example"):
        assert cairn.outcome(*cairn.issuing(name)).returncode == 0

    def verdict(authorization):
        # One is under way when the others have ended.
        if authorization["identifier"]["value"] == "c.example":
            ca.pausing().release()
            time.sleep(2)
            ca.pausing().acquire()
        return ca.look(authorization)

    ca.verdict = verdict
    code, text = shown(cairn, "renew", "--force")
    assert code == 0, text
    assert re.search(r"\[#+-+\] [12]/3 .\.example: ", text), text


def test_verbose_tells_what_each_request_came_to(cairn, ca):
    ca.intercept = lambda request: (
        Answer(503, b"\x1b[2Jbusy", {"Retry-After": "1"})
        if request.path == "/new-order" and ca.count("/new-order") == 1 else None)
    run = cairn.outcome(*cairn.issuing(NAME, "-v"))
    assert run.returncode == 0, run.stderr
    assert re.search(rf"POST {re.escape(ca.spell('/new-order'))}: 503 after \d+ ms", run.stderr)
    assert re.search(rf"POST {re.escape(ca.spell('/new-order'))}: 201 after \d+ ms", run.stderr)
    assert "GET " + ca.directory in run.stderr and "\x1b" not in run.stderr
    assert "503" not in cairn.outcome("renew", "--force").stderr
