"""Configurations of Apache httpd as people have them (shapes/apache/), each run by the real server: `cairn`
proves control by it and installs the certificate in it, or refuses with a reason; and the server starts with
what is in its files at the end.

A shape begins with lines `#: KEY: VALUE`:
  names       of the certificate
  solves      "refused: TEXT": what cairn says in place of proving control
  installs    what cairn says that it does, or "refused: TEXT"
  untouched   files that do not change
  crlf        files whose lines end with CR LF
  modules     those that are enabled; all if it is not said
Then follow its files, each behind a line `=== PATH`; one that begins with "late:" is written when the server
runs already."""

import pathlib
import re

import pytest

from harness.apache import Apache
from harness.issued import read_chain
from harness.process import run
from harness.tls import served_certificate

SHAPES = sorted((pathlib.Path(__file__).parent / "shapes" / "apache").glob("*.conf"))


class Shape:
    def __init__(self, path):
        head, *parts = re.split(r"^=== (.+)\n", path.read_text(), flags=re.M)
        self.said = dict(re.findall(r"^#: ([a-z-]+): (.+)$", head, flags=re.M))
        self.files = dict(zip(parts[::2], parts[1::2]))
        for name in self.list("crlf"):
            self.files[name] = self.files[name].replace("\n", "\r\n")

    def list(self, key):
        return self.said.get(key, "").split()


@pytest.fixture(scope="session")
def old_certificate(tmp_path_factory):
    """Another certificate that servers have already, with its key."""
    folder = tmp_path_factory.mktemp("old")
    run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-subj", "/CN=old.example", "-days", "30", "-keyout", folder / "old.key",
         "-out", folder / "old.pem"])
    return folder


@pytest.fixture(params=SHAPES, ids=lambda path: path.stem)
def shape(request):
    return Shape(request.param)


@pytest.fixture
def apache(shape, old_certificate):
    server = Apache(modules=shape.list("modules") or None)
    for file in ("old.pem", "old.key"):
        (server.root / file).write_bytes((old_certificate / file).read_bytes())
    for name, text in shape.files.items():
        if not name.startswith("late:"):
            server.write(name, text)
    yield server
    server.stop()


def refusal(said):
    return said.removeprefix("refused: ") if said.startswith("refused: ") else None


def test_shape(shape, apache, ca, cairn, request):
    ca.http_port = apache.http_port
    apache.start()
    for name, text in shape.files.items():
        if name.startswith("late:"):
            apache.write(name.removeprefix("late:"), text)
    before = apache.files()
    names = shape.list("names")

    words = [word for name in names for word in ("-d", name)]
    solved = cairn.outcome("issue", *words, "--solver", f"apache:{apache.place}", "--ca", ca.directory,
                           "--ca-root", ca.api_root, "--agree-tos")
    assert apache.files() == before, "nothing of the challenge stays"
    if wanted := refusal(shape.said.get("solves", "")):
        assert solved.returncode == 2
        assert wanted in solved.stderr.replace("\n", " ")
        assert apache.server.process.poll() is None
        return
    assert solved.returncode == 0, solved.stderr
    apache.test()
    install(shape, apache, cairn, before, names, request)


def install(shape, apache, cairn, before, names, request):
    target = f"apache:{apache.root},http-port={apache.http_port},https-port={apache.https_port}"
    lineage = names[0]
    words = ["deploy", lineage, target]
    installed = cairn.outcome(*words)
    said = installed.stdout + installed.stderr
    if wanted := refusal(shape.said["installs"]):
        assert installed.returncode == 2, said
        assert wanted in said.replace("\n", " ")
        assert apache.files() == before
        apache.test()
        return
    assert installed.returncode == 0, said
    assert shape.said["installs"] in said
    after = apache.files()
    for name in shape.list("untouched"):
        assert after[name] == before[name]
    for name in set(before) & set(after):
        assert after[name][1:] == before[name][1:], f"{name}: mode and owner"
    for name in shape.list("crlf"):
        assert "\n" not in apache.read(name).replace("\r\n", "")

    leaf = read_chain((cairn.live(lineage) / "fullchain.pem").read_text())[0]
    for name in names:
        assert served_certificate(apache.https_port, name) == leaf, name
    if request.config.getoption("--every-fault") or shape.said["installs"].startswith("shows"):
        # Once more: nothing is left to do, and it starts with what is there.
        again = cairn.outcome(*words)
        assert again.returncode == 0, again.stderr
        assert apache.files() == after
        apache.restart()
        assert served_certificate(apache.https_port, names[-1]) == leaf
    apache.test()


def test_there_are_enough_of_them():
    assert len(SHAPES) >= 25

