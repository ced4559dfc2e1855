"""What a CA does to a client that it wishes ill: silence, floods, words for terminals, and how a test sees
that nothing came of it. For harness.odd_ca, whose answers they replace."""

import contextlib
import json
import re
import threading
import time

from harness.odd_ca import Answer

MOST_SECONDS = 600
GIB = 1 << 30

# Clears a screen, forges a line, reorders letters: escape, control of both kinds, direction.
TERMINAL = "\x1b[2J\x1b]0;owned\x07\r\nforged: all is well\x9b31m\u202e"
# Everything but the line feed that moves a cursor or cannot be seen.
UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]")


def silence():
    """Says nothing, and does not hang up."""
    threading.Event().wait(MOST_SECONDS)
    yield b""


def drip(octets, pause=1):
    """An octet each `pause` seconds."""
    for position in range(len(octets)):
        yield octets[position:position + 1]
        threading.Event().wait(pause)


def flood(head, part, octets=10 * GIB):
    """`head`, and then `part` again and again, to so many octets."""
    yield head
    for _ in range(octets // len(part)):
        yield part


def long_answer(octets=10 * GIB):
    return flood(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % octets,
                 b"[" * 65536, octets)


def endless_chunks():
    return flood(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
                 b"10000\r\n" + b"\0" * 65536 + b"\r\n")


def endless_fields():
    return flood(b"HTTP/1.1 200 OK\r\n", b"X-Field: more of it\r\n" * 1000)


def endless_field():
    return flood(b"HTTP/1.1 200 OK\r\nX-Field: ", b"a" * 65536)


def endless_hints():
    return flood(b"", b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n" * 1000)


def endless_status():
    return flood(b"HTTP/1.1 200 ", b"OK" * 32768)


def at(path, make):
    """A habit `intercept`: requests for paths that begin so are answered with what `make` makes, the
    others as ever."""
    return lambda request: make() if request.path.startswith(path) else None


def raw_at(path, parts):
    """The same for octets that are no answer at all."""
    return at(path, lambda: Answer(raw=parts()))


@contextlib.contextmanager
def within(seconds):
    began = time.monotonic()
    yield
    taken = time.monotonic() - began
    assert taken < seconds, f"it took {taken:.1f} s"


def check_plain(*texts):
    """Asserts that nothing in them would move a terminal's cursor or deceive the reader."""
    for text in texts:
        assert not UNSEEN.search(text), repr(UNSEEN.search(text)[0])
        assert "\nforged" not in text
        assert len(text) < 100_000


def check_refused(run, sentence):
    """Asserts that a run of cairn has failed with a sentence like this, and told it as text."""
    assert run.returncode == 2, (run.returncode, run.stderr)
    assert re.search(sentence, run.stderr), run.stderr
    check_plain(run.stdout, run.stderr)


def check_told(cairn):
    """Asserts that what is told afterwards is plain text and JSON."""
    for words in (["status"], ["status", "--json"]):
        run = cairn.outcome(*words)
        assert run.returncode == 0, run.stderr
        check_plain(run.stdout, run.stderr)
    json.loads(run.stdout)
