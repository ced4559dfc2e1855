"""What a signal does to a run: what was put up for the CA is taken down, unless the signal is to be ignored."""

import signal
import subprocess
import time

import pytest

NAME = "a.example"


def begin(cairn, ca, folder, **options):
    """A run whose CA has not looked yet, once its answer stands."""
    ca.verdict = lambda authorization: None
    process = subprocess.Popen(
        cairn.command_line("issue", "-d", NAME, "--solver", f"webroot:{folder}", "--ca", ca.directory, "--ca-root",
                           ca.api_root, "--agree-tos"),
        env=cairn.environment, text=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, **options)
    deadline = time.monotonic() + 60
    while not any(path.is_file() for path in folder.rglob("*")):
        assert time.monotonic() < deadline and process.poll() is None
        time.sleep(0.05)
    return process


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_what_was_put_up_is_taken_down(cairn, ca, tmp_path, number):
    folder = tmp_path / "webroot"
    folder.mkdir()
    # A shell has what it starts in the background ignore SIGINT, these tests too.
    process = begin(cairn, ca, folder, preexec_fn=lambda: signal.signal(number, signal.SIG_DFL))
    process.send_signal(number)
    if number == signal.SIGHUP:
        process.send_signal(number)  # of a terminal that is closed both the kernel and the shell tell
    _, told = process.communicate(timeout=60)
    assert process.returncode == 2 and "interrupted" in told
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_what_is_to_be_ignored_is_ignored(cairn, ca, tmp_path):
    folder = tmp_path / "webroot"
    folder.mkdir()
    process = begin(cairn, ca, folder, preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    process.send_signal(signal.SIGHUP)
    with ca.pausing():
        ca.verdict = lambda authorization: authorization.update(status="valid")
        for authorization in ca.authorizations.values():
            authorization["status"] = authorization["challenges"][0]["status"] = "valid"
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0, told
    assert (cairn.live(NAME) / "fullchain.pem").exists()
