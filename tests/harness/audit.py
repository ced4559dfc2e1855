"""The audit log of a cairn-ca, as its files have it and as `cairn-ca audit` tells of it."""

import json
import subprocess

from harness.process import BIN

EMPTY = "0" * 64


def files(ca):
    """In the order of their lines."""
    return sorted((ca.home / "audit").glob("audit-*.jsonl*"))


def lines(ca, event=None):
    """All whole lines of the log, or those of one event, as objects."""
    read = [json.loads(line) for file in files(ca) for line in file.read_text().splitlines()
            if line.endswith("}")]
    return [line for line in read if event in (None, line["event"])]


def verify(folder, *arguments, code=0):
    """What `cairn-ca audit verify` answers with --json."""
    done = subprocess.run([str(word) for word in
                           (BIN / "cairn-ca", "audit", "verify", folder, *arguments, "--json")],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == code, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert answer["version"] == 1
    assert answer["ok"] == (code == 0)
    return answer


def show(folder, *arguments):
    """The lines that `cairn-ca audit show` tells with --json."""
    done = subprocess.run([str(word) for word in
                           (BIN / "cairn-ca", "audit", "show", folder, *arguments, "--json")],
                          capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["lines"]


def check_whole(ca):
    """Of a CA that is stopped or not: its log is whole, up to what a crash tore, and tells of every
    certificate of the store."""
    url = ca.settings.get("store.url")
    report = verify(ca.home, *(["--set", f"store.url={json.dumps(url)}"] if url else []))
    assert report["findings"] == []
    issued = {line["serial"] for line in lines(ca, "certificate.issue")}
    for certificate in ca.store.certificates():
        assert hexadecimal(certificate.serial_number) in issued
    return report


def hexadecimal(serial):
    return f"{serial:x}".rjust(len(f"{serial:x}") + len(f"{serial:x}") % 2, "0")
