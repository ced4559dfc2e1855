"""What is done to a CA before it is ever served, or while it is made, stands in its audit log as well."""

import hashlib
import json
import shutil
import stat
import subprocess

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from harness import audit
from harness.authority import CairnCa
from harness.operator_commands import Operator
from harness.process import BIN, run


@pytest.fixture
def ca(tmp_path, dns):
    """Made, and not started."""
    ca = CairnCa(tmp_path, dns, starts=False)
    yield ca
    if hasattr(ca, "server") and ca.server.process.poll() is None:
        assert ca.stop() == 0, ca.server.tail()


def certificate(path):
    return x509.load_pem_x509_certificate(path.read_bytes())


def digest(certificate):
    return hashlib.sha256(certificate.public_bytes(Encoding.DER)).hexdigest()


def key_digest(certificate):
    return hashlib.sha256(certificate.public_key().public_bytes(
        Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def only(lines):
    assert len(lines) == 1, lines
    return lines[0]


def serve_and_check(ca):
    """The first server goes on behind what stands there, and signs it."""
    before = audit.lines(ca)
    ca.start()
    assert audit.lines(ca)[:len(before)] == before
    assert ca.stop() == 0
    assert not (ca.home / "audit" / "head.json").exists()
    report = audit.check_whole(ca)
    assert report["signed"] == report["last"] and report["remarks"] == []
    # One chain alone, so that a copy of its heads is enough to check it.
    heads = ca.home.with_name("heads.json")
    heads.write_text(json.dumps(Operator(ca).json("audit", "head")))
    assert len(json.loads(heads.read_text())["heads"]) == 1
    assert audit.verify(ca.home, "--head", heads)["heads"] == 1


def test_the_log_begins_with_init(ca):
    root, issuer = (certificate(ca.home / "pki" / name) for name in ("root.pem", "intermediate.pem"))
    begin = audit.lines(ca)[0]
    assert (begin["event"], begin["operation"]) == ("operation.begin", "init")
    assert begin["operator"].startswith("user ")
    told = json.loads(begin["arguments"])
    assert (told["name"], told["kind"], told["root"]) == ("Cairn Test", "private", digest(root))
    keys = {line["use"]: line for line in audit.lines(ca, "key.create")}
    assert keys["root"]["key"] == key_digest(root) and keys["issuer"]["key"] == key_digest(issuer)
    for made in (root, issuer):
        line = only([line for line in audit.lines(ca, "signature") if line["sha256"] == digest(made)])
        assert line["signer"] == key_digest(root) and line["key"] == key_digest(made)
        assert line["serial"] == audit.hexadecimal(made.serial_number)
    assert audit.lines(ca)[-1]["event"] == "operation.end"
    report = audit.verify(ca.home)
    assert report["heads"] == 1 and report["signed"] == report["last"] == len(audit.lines(ca))
    for path in (ca.home / "audit").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    assert stat.S_IMODE((ca.home / "audit").stat().st_mode) == 0o700
    serve_and_check(ca)
    own = certificate(ca.home / "pki" / "server.pem")
    assert [line for line in audit.lines(ca, "signature") if line["sha256"] == digest(own)]


def test_acts_on_issuers_before_the_first_start_stand_there(ca):
    before = len(audit.lines(ca))
    for verb, name in (("create", "next"), ("csr", "other")):
        run([BIN / "cairn-ca", "issuer", verb, ca.home, name])
        assert f"issuer {verb} {name}" in audit.lines(ca, "operation.begin")[-1]["arguments"]
        assert audit.verify(ca.home)["signed"] == len(audit.lines(ca))
    made = certificate(ca.home / "pki" / "next.pem")
    signed = [line for line in audit.lines(ca)[before:] if line["event"] == "signature"]
    assert [line["kind"] for line in signed] == ["authority certificate", "certificate request"]
    assert signed[0]["sha256"] == digest(made) and signed[0]["key"] == key_digest(made)
    # What is refused leaves nothing.
    lines = len(audit.lines(ca))
    done = subprocess.run([BIN / "cairn-ca", "issuer", "create", ca.home, "next"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2 and len(audit.lines(ca)) == lines
    serve_and_check(ca)


def test_acts_on_issuers_of_a_served_ca_have_their_signatures(ca):
    ca.start()
    run([BIN / "cairn-ca", "issuer", "create", ca.home, "running"])
    assert ca.stop() == 0
    run([BIN / "cairn-ca", "issuer", "create", ca.home, "stopped"])
    for name in ("running", "stopped"):
        made = certificate(ca.home / "pki" / f"{name}.pem")
        line = only([line for line in audit.lines(ca, "signature") if line["sha256"] == digest(made)])
        assert line["kind"] == "authority certificate" and line["operator"].startswith("user ")
    # A signature of a root that is kept elsewhere is told by who was there.
    chain = ca.home / "pki" / "intermediate.pem"
    Operator(ca).json("audit", "note", "key ceremony 7", "--signed", chain)
    assert audit.lines(ca, "signature")[-1]["sha256"] == digest(certificate(chain))
    audit.check_whole(ca)


@pytest.mark.parametrize("change", ["cut", "edited", "no head", "head changed"])
def test_what_is_changed_before_the_first_start_is_found(ca, change):
    folder = ca.home / "audit"
    (file,) = audit.files(ca)
    text = file.read_text()
    if change == "cut":
        file.write_text("".join(text.splitlines(keepends=True)[:-2]))
    elif change == "edited":
        file.write_text(text.replace('"operation":"init"', '"operation":"exit"'))
    elif change == "no head":
        (folder / "head.json").unlink()
    else:
        head = json.loads((folder / "head.json").read_text())
        (folder / "head.json").write_text(json.dumps(head | {"line": head["line"] - 1}))
    if change != "no head":  # what the start says itself
        audit.verify(ca.home, code=2)
    ca.start()
    assert ca.stop() == 0
    assert audit.verify(ca.home, code=2)["findings"]


def test_each_node_goes_on_with_a_key_of_its_own(ca, tmp_path):
    """A folder that is copied before the first start brings no key along."""
    shutil.copytree(ca.home, tmp_path / "second")
    serve_and_check(ca)
    before = audit.lines(ca)
    key = (ca.home / "audit" / "key.pem").read_text()
    shutil.rmtree(ca.home)
    shutil.copytree(tmp_path / "second", ca.home)
    serve_and_check(ca)
    assert (ca.home / "audit" / "key.pem").read_text() != key
    common = json.loads((tmp_path / "second" / "audit" / "head.json").read_text())["line"]
    assert audit.lines(ca)[:common] == before[:common]


def test_nothing_is_made_that_cannot_be_recorded(ca):
    shutil.rmtree(ca.home / "audit")
    (ca.home / "audit").write_text("")
    done = subprocess.run([BIN / "cairn-ca", "issuer", "create", ca.home, "next"], capture_output=True,
                          text=True, timeout=60)
    assert done.returncode == 2 and "it cannot be recorded in the audit log" in done.stderr
    assert not list((ca.home / "pki").glob("next*"))
