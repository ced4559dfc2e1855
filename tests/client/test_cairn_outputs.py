"""Output never decides what cairn does: the exit code is the same, whether anybody reads or not."""

import json
import os
import resource
import subprocess

import pytest

from harness.troubled import closed_pipe, closing, fill, full_disk, small_disk, unread_pipe

NAME = "a.example"
OUTPUTS = {"full disk": full_disk, "closed pipe": closed_pipe, "unread pipe": unread_pipe}


def messages_in(folder):
    """The files of a state folder that contain text meant for people."""
    return [path for path in folder.rglob("*") if path.is_file()
            and b"Ordering a certificate" in path.read_bytes()]


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("descriptor", ["stdout", "stderr"])
def test_a_renewal_goes_on_whatever_becomes_of_its_words(cairn, ca, kind, descriptor):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    before = cairn.serial(NAME)
    with OUTPUTS[kind]() as output:
        run = cairn.outcome("renew", "--force", "--json", **{descriptor: output})
    assert run.returncode == 0, (run.stdout, run.stderr)
    assert cairn.serial(NAME) not in (None, before)
    assert len(ca.certificates) == 2


@pytest.mark.parametrize("kind", OUTPUTS)
def test_a_failure_is_told_by_the_exit_code_alone(cairn, kind):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    cairn.authority.verdict = lambda authorization: authorization.update(status="invalid")
    with OUTPUTS[kind]() as output:
        run = cairn.outcome("renew", "--force", stderr=output)
    assert run.returncode == 2


@pytest.mark.parametrize("closed", [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)], ids=str)
def test_closed_descriptors_take_no_words_into_files(cairn, ca, closed):
    run = cairn.outcome(*cairn.issuing(NAME), preexec_fn=closing(*closed))
    assert run.returncode == 0, (run.stdout, run.stderr)
    assert cairn.serial(NAME) == ca.certificates[0].serial_number
    assert messages_in(cairn.state) == []
    for lock in (cairn.state / "locks").iterdir():
        assert lock.read_bytes() == b"", f"something was written into {lock}"


def test_a_limit_on_the_size_of_files_does_not_kill_it(cairn, tmp_path):
    # Standard error is a log file that may not grow any more (RLIMIT_FSIZE).
    log = tmp_path / "log"
    log.write_bytes(b"x" * 1_000_000)

    def limit():
        resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))

    with open(log, "ab") as output:
        run = cairn.outcome(*cairn.issuing(NAME), stderr=output, preexec_fn=limit)
    assert run.returncode == 0
    assert cairn.serial(NAME)


@pytest.mark.parametrize("command", [["status"], ["status", "--json"], ["account", "list", "--json"]],
                         ids=" ".join)
def test_a_command_that_only_tells_fails_if_it_cannot(cairn, command):
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    with full_disk() as output:
        run = cairn.outcome(*command, stdout=output)
    assert run.returncode == 2
    assert "Could not print the answer: No space left on device" in run.stderr


def test_help_and_version_survive_a_closed_pipe(cairn):
    for words in (["--help"], ["--version"], ["issue", "--help"]):
        with closed_pipe() as output:
            run = subprocess.run([cairn.command_line("x")[0], *words], stdout=output,
                                 stderr=subprocess.PIPE, timeout=20)
        assert run.returncode == 0, run.stderr


def test_nothing_is_printed_twice_or_lost_on_a_sound_output(cairn):
    run = cairn.outcome(*cairn.issuing(NAME, "--json"))
    assert json.loads(run.stdout)["lineage"] == NAME
    assert run.stderr.count("Ordering a certificate") == 1
    obtained, = json.loads(run.stdout)["certificates"]
    assert os.path.exists(obtained["files"]["private_key"])


def test_nothing_is_ordered_while_there_is_no_room_for_it(cairn, ca, tmp_path):
    with small_disk(tmp_path / "disk") as disk:
        cairn.state = disk / "state"
        assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
        before, orders = cairn.serial(NAME), len(ca.orders)
        filler = fill(disk)
        run = cairn.outcome("renew", "--force")
        assert run.returncode == 2
        assert "No space left on device" in run.stderr
        assert len(ca.orders) == orders
        assert cairn.serial(NAME) == before
        filler.unlink()
        assert cairn.outcome("renew", "--force").returncode == 0
        assert cairn.serial(NAME) != before
