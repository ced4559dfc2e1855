"""The state of cairn as backups, links and mistakes leave it."""

import json
import os
import shutil

import pytest

from cryptography.hazmat.primitives import serialization

from harness.issued import public_octets, read_chain
from harness.troubled import copied_with_links_followed, copied_without_links, read_only

NAME = "a.example"
STEMS = ["cert", "chain", "fullchain", "privkey"]


@pytest.fixture
def issued(cairn):
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    return cairn


def check_served(cairn, serial):
    """A server that reads live/ finds this certificate and its key, through links."""
    live = cairn.live(NAME)
    leaf = read_chain((live / "cert.pem").read_text())[0]
    assert leaf.serial_number == serial
    assert read_chain((live / "fullchain.pem").read_text())[0] == leaf
    key = serialization.load_pem_private_key((live / "privkey.pem").read_bytes(), None)
    assert public_octets(key.public_key()) == public_octets(leaf.public_key())
    for stem in STEMS:
        assert (live / f"{stem}.pem").is_symlink()


def listed(cairn):
    run = cairn.outcome("status", "--json")
    assert run.returncode == 0, run.stderr
    entry, = json.loads(run.stdout)["certificates"]
    return entry


@pytest.mark.parametrize("name", ["live", "archive", "live/" + NAME, "archive/" + NAME])
def test_folders_may_be_links_to_other_places(cairn, ca, tmp_path, name):
    place = cairn.state / name
    place.parent.mkdir(parents=True)
    elsewhere = tmp_path / "far" / "away" / "from" / "here"
    elsewhere.mkdir(parents=True)
    place.symlink_to(elsewhere)
    for command in (cairn.issuing(NAME), ["renew", "--force"]):
        run = cairn.outcome(*command)
        assert run.returncode == 0, run.stderr
        check_served(cairn, ca.certificates[-1].serial_number)
    assert "not due" in cairn.outcome("renew").stderr
    assert len(ca.certificates) == 2
    assert place.is_symlink()


def test_live_that_becomes_a_link_is_noticed_and_mended(issued, ca, tmp_path):
    live = issued.state / "live"
    shutil.move(live, tmp_path / "moved")
    live.symlink_to(tmp_path / "moved")
    assert issued.serial(NAME) is None, "the links should lead nowhere now"
    assert listed(issued)["state"] == "broken"
    run = issued.outcome("renew")
    assert run.returncode == 0, run.stderr
    check_served(issued, ca.certificates[0].serial_number)
    assert listed(issued)["state"] == "ok"
    assert len(ca.orders) == 1


def test_a_dangling_link_is_refused_before_anything_is_ordered(cairn, ca, tmp_path):
    cairn.state.mkdir()
    (cairn.state / "live").symlink_to(tmp_path / "nowhere")
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 2
    assert "live" in run.stderr and "Next:" in run.stderr
    assert len(ca.orders) == 0
    (tmp_path / "nowhere").mkdir()
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    check_served(cairn, ca.certificates[0].serial_number)


@pytest.mark.parametrize("renewed_before", [0, 2])
@pytest.mark.parametrize("copy", [copied_with_links_followed, copied_without_links])
def test_restored_state_is_mended_and_nothing_is_ordered(issued, ca, copy, renewed_before):
    for _ in range(renewed_before):
        assert issued.outcome("renew", "--force").returncode == 0
    serial, orders = issued.serial(NAME), len(ca.orders)
    copy(issued.state)
    if copy is copied_with_links_followed:
        assert listed(issued)["state"] == "ok"
    run = issued.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert "mended" in run.stderr
    check_served(issued, serial)
    assert len(ca.orders) == orders
    # Everything is still there, and the next renewals work.
    assert len(list((issued.state / "archive" / NAME).glob("privkey?.pem"))) == renewed_before + 1
    for _ in range(2):
        assert issued.outcome("renew", "--force").returncode == 0
        check_served(issued, ca.certificates[-1].serial_number)
    assert len(ca.orders) == orders + 2
    assert "mended" not in issued.outcome("renew").stderr


def test_restored_live_files_that_the_archive_lacks_are_kept(issued, ca):
    # A backup of the live files alone is newer than that of the archive.
    old = issued.state.with_name("old")
    shutil.copytree(issued.state, old, symlinks=True)
    assert issued.outcome("renew", "--force").returncode == 0
    newest = issued.serial(NAME)
    shutil.copytree(issued.live(NAME), old.with_name("live-files"), symlinks=False)
    shutil.rmtree(issued.state)
    old.rename(issued.state)
    shutil.rmtree(issued.live(NAME))
    shutil.copytree(old.with_name("live-files"), issued.live(NAME))
    run = issued.outcome("renew")
    assert run.returncode == 0, run.stderr
    check_served(issued, newest)
    assert len(ca.orders) == 2
    assert (issued.state / "archive" / NAME / "privkey1.pem").exists()


def test_a_mixture_is_refused_with_a_sentence_that_works(issued, ca):
    # A certificate in live/ that belongs to no key here: nothing of it may be lost or ordered.
    copied_with_links_followed(issued.state)
    other = issued.state.with_name("other")
    other.mkdir()
    (issued.live(NAME) / "privkey.pem").write_text("what somebody has put here")
    run = issued.outcome("renew", "--force")
    assert run.returncode == 2
    advice = [line for line in run.stderr.splitlines() if line.startswith("Next:")]
    assert len(advice) == 1 and str(issued.live(NAME)) in advice[0]
    assert len(ca.orders) == 1
    assert (issued.live(NAME) / "privkey.pem").read_text() == "what somebody has put here"
    issued.live(NAME).rename(other / "live")  # as the sentence says
    assert issued.outcome("renew", "--force").returncode == 0
    check_served(issued, ca.certificates[-1].serial_number)


def test_status_changes_nothing(issued):
    copied_with_links_followed(issued.state)
    before = sorted((str(path), path.lstat().st_mtime_ns) for path in issued.state.rglob("*"))
    issued.outcome("status")
    assert before == sorted((str(path), path.lstat().st_mtime_ns) for path in issued.state.rglob("*"))


def test_read_only_state_can_be_read_and_orders_nothing(issued, ca):
    with read_only(issued.state):
        assert listed(issued)["state"] == "ok"
        run = issued.outcome("renew", "--force")
        assert run.returncode == 2 and "Read-only file system" in run.stderr
    assert len(ca.orders) == 1


# What `status` shows is true.


def test_a_state_folder_that_is_not_there_is_an_error(issued, tmp_path):
    for command in (["status"], ["status", "--json"], ["renew"], ["account", "list"]):
        issued.state = tmp_path / "mistyped"
        run = issued.outcome(*command)
        assert run.returncode == 2, command
        assert str(tmp_path / "mistyped") in run.stderr and "--state" in run.stderr
        assert "no certificates" not in run.stderr
        assert not issued.state.exists()


def spoil_with_file(state):
    shutil.rmtree(state / "renewal")
    (state / "renewal").write_text("")


def spoil_with_dangling_link(state):
    shutil.rmtree(state / "renewal")
    (state / "renewal").symlink_to("nowhere")


def spoil_with_loop(state):
    shutil.rmtree(state / "renewal")
    (state / "renewal").symlink_to("renewal")


@pytest.mark.parametrize("spoil", [spoil_with_file, spoil_with_dangling_link, spoil_with_loop])
@pytest.mark.parametrize("command", ["status", "renew"])
def test_a_state_folder_that_cannot_be_read_is_an_error(issued, spoil, command):
    spoil(issued.state)
    run = issued.outcome(command)
    assert run.returncode == 2
    assert str(issued.state / "renewal") in run.stderr


def test_another_users_state_is_an_error(issued):
    if os.getuid() != 0:
        pytest.skip("only root can become another user")

    def become_nobody():
        os.setgid(65534)
        os.setuid(65534)

    try:
        run = issued.outcome("status", preexec_fn=become_nobody)
    except PermissionError:
        pytest.skip("another user may not run the program where it is")
    assert run.returncode == 2
    assert "Permission denied" in run.stderr and "no certificates" not in run.stderr


def test_a_folder_of_something_else_is_an_error(issued, tmp_path):
    issued.state = tmp_path / "something"
    issued.state.mkdir()
    run = issued.outcome("status")
    assert run.returncode == 0 and "no certificates" in run.stderr
    (issued.state / "passwd").write_text("")
    run = issued.outcome("status")
    assert run.returncode == 2 and "--state" in run.stderr


def test_a_corrupt_plan_is_told(issued):
    plan = issued.state / "renewal" / f"{NAME}.json"
    for text in ("{", "{}", "", plan.read_text()[:-20]):
        plan.write_text(text)
        entry = listed(issued)
        assert entry["state"] == "broken" and f"{NAME}.json" in entry["error"]["came_back"]
        assert entry["serial"], "the certificate is there still"
        assert "broken" in issued.outcome("status").stdout
    plan.unlink()
    entry = listed(issued)
    assert entry["state"] == "broken" and "renewal" in entry["error"]["came_back"]


def test_a_revoked_certificate_is_revoked_and_due(issued, ca):
    run = issued.outcome("revoke", NAME, "--reason", "superseded")
    assert run.returncode == 0, run.stderr
    entry = listed(issued)
    assert entry["state"] == "revoked" and entry["due"] is True
    assert entry["revocation"]["reason"] == "superseded"
    assert "revoked" in issued.outcome("status").stdout
    run = issued.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert len(ca.certificates) == 2
    assert listed(issued)["state"] == "ok"
    assert "not due" in issued.outcome("renew").stderr


def test_a_revocation_is_known_however_it_was_asked_for(issued, ca, tmp_path):
    file = tmp_path / "revoke-me.pem"
    file.write_bytes((issued.live(NAME) / "fullchain.pem").read_bytes())
    # The run before died before it could record it.
    ca.revoked[ca.certificates[0].serial_number] = 0
    run = issued.outcome("revoke", "--cert", file)
    assert "already" in run.stderr
    assert listed(issued)["state"] == "revoked"


def test_a_compromised_key_is_not_used_again(cairn, ca):
    assert cairn.outcome(*cairn.issuing(NAME, "--reuse-key")).returncode == 0
    assert cairn.outcome("renew", "--force").returncode == 0
    first, second = (public_octets(leaf.public_key()) for leaf in ca.certificates)
    assert first == second
    assert cairn.outcome("revoke", NAME, "--reason", "keyCompromise").returncode == 0
    run = cairn.outcome("renew")
    assert run.returncode == 0, run.stderr
    assert public_octets(ca.certificates[2].public_key()) != first
