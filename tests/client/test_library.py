"""The installed library: its CMake package, its pkg-config file and its examples, compiled as a program of
somebody else's."""

import os
import pathlib
import re
import shutil
import signal
import socket
import ssl
import subprocess

import pytest

from harness.dns_server import unique_name
from harness.ports import reserve_port
from harness.process import BIN, Server, run

ROOT = pathlib.Path(__file__).parents[2]
# The build folder that the programs under test come from.
BUILD = BIN.parent
pytestmark = pytest.mark.skipif(not (BUILD / "CMakeCache.txt").exists(),
                                reason=f"{BIN} is in no build folder, from which to install")
OWN_HEADER = re.compile(r'#include <cairn/([^>]+)>')
FOREIGN_HEADER = re.compile(r'#include (<(?!cairn/|sys/)[^>]*/[^>]*>|".*)')


def cached(name):
    """A variable of the build that the programs under test come from."""
    for line in (BUILD / "CMakeCache.txt").read_text().splitlines():
        if line.startswith(f"{name}:"):
            return line.split("=", 1)[1]
    return ""


@pytest.fixture(scope="module")
def prefix(tmp_path_factory):
    folder = tmp_path_factory.mktemp("installed")
    # Links in place of copies: the libraries of a build with sanitizers are large.
    run(["cmake", "--install", BUILD, "--component", "library", "--prefix", folder],
        env=os.environ | {"CMAKE_INSTALL_MODE": "ABS_SYMLINK_OR_COPY"})
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def examples(prefix, tmp_path_factory):
    """The folder of the compiled examples."""
    folder = tmp_path_factory.mktemp("examples")
    # A folder of the program's own that is called as one of the library's.
    shutil.copytree(ROOT / "examples", folder / "source")
    for module in ("base", "client"):
        (folder / "source" / module).mkdir()
        for header in ("clock.h", "solver.h"):
            (folder / "source" / module / header).write_text("#error not this one\n")
    linker = ["-DCMAKE_EXE_LINKER_FLAGS=-fuse-ld=mold"] if shutil.which("mold") else []
    run(["cmake", "-S", folder / "source", "-B", folder / "build", "-G", "Ninja",
         f"-DCMAKE_PREFIX_PATH={prefix}", f"-DCMAKE_CXX_COMPILER={cached('CMAKE_CXX_COMPILER')}",
         f"-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror -I{folder}/source", *linker], timeout=300)
    run(["cmake", "--build", folder / "build"], timeout=900)
    yield folder / "build"
    shutil.rmtree(folder)


def test_the_guide_shows_what_the_examples_hold():
    """Each block of C++ in it is a part of an example, which is compiled and run."""
    sources = "".join((ROOT / "examples" / name).read_text()
                      for name in ("tls_server.cpp", "test_ca.cpp"))
    blocks = re.findall(r"```cpp\n(.*?)```", (ROOT / "docs" / "library.md").read_text(), re.DOTALL)
    assert len(blocks) > 3
    for block in blocks:
        assert block in sources, block


def headers(prefix):
    return sorted((prefix / "include").rglob("*.h"))


def test_headers_stand_on_nothing_but_the_standard_library(prefix):
    assert headers(prefix)
    for header in headers(prefix):
        text = header.read_text()
        assert not FOREIGN_HEADER.findall(text), header
        assert not text.splitlines()[1].startswith("// Private to "), header
        for included in OWN_HEADER.findall(text):
            assert (prefix / "include" / "cairn" / included).is_file(), (header, included)


def test_headers_of_the_interface_are_there(prefix):
    there = {str(header.relative_to(prefix / "include" / "cairn")) for header in headers(prefix)}
    assert there >= {
        "client/library/certificate_keeper.h", "client/solver.h", "client/session.h",
        "client/account.h", "client/order_flow.h", "client/renewal_info.h", "client/progress.h",
        "protocol/jws.h", "protocol/directory.h", "protocol/order.h", "protocol/problem.h",
        "pki/csr.h", "pki/chain.h", "pki/crl.h", "pki/lint.h", "crypto/key.h",
        "test_authority/test_authority.h"}
    assert "pki/pem.h" not in there, "a private header"
    assert "base/task.h" not in there, "it shows Asio"


def test_every_header_compiles_by_pkg_config_and_the_library_links(prefix, tmp_path):
    """All headers in one program, each for the first time or again; and what it calls is found."""
    main = tmp_path / "main.cpp"
    main.write_text(
        "".join(f"#include <{header.relative_to(prefix / 'include')}>\n"
                for header in headers(prefix))
        + "#include <cstdio>\n"
        "int main() {\n"
        "    const auto key = cairn::crypto::PrivateKey::generate(cairn::crypto::KeyType::ec_p256);\n"
        "    const auto name = cairn::protocol::Identifier::dns(\"a.example\").value();\n"
        "    std::puts(cairn::client::lineage_of({.names = {name.value()}}).text().c_str());\n"
        "    return key.public_key() == key.public_key() ? 0 : 1;\n"
        "}\n")
    pkg_config = next(prefix.rglob("cairn.pc")).parent
    flags = run(["pkg-config", "--cflags", "--libs", "cairn"],
                env=os.environ | {"PKG_CONFIG_PATH": str(pkg_config)}).split()
    linker = ["-fuse-ld=mold"] if shutil.which("mold") else []
    run([cached("CMAKE_CXX_COMPILER"), "-std=c++23", "-Wall", "-Wextra", "-Werror", main, "-o",
         tmp_path / "main", *flags, *linker], timeout=300)
    assert run([tmp_path / "main"]) == "a.example\n"


def test_the_version_is_asked_for(prefix, tmp_path):
    def found(wanted, component="client"):
        (tmp_path / "CMakeLists.txt").write_text(
            "cmake_minimum_required(VERSION 3.25)\nproject(t LANGUAGES CXX)\n"
            f"find_package(cairn {wanted} QUIET COMPONENTS {component})\n"
            'message(STATUS "found=${cairn_FOUND} version=${cairn_VERSION}")\n')
        output = run(["cmake", "-S", tmp_path, "-B", tmp_path / "build", "-G", "Ninja",
                      f"-DCMAKE_PREFIX_PATH={prefix}"])
        return re.search(r"found=(\S*) version=(\S*)", output).groups()

    version = re.search(r"project\(cairn VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert found(version) == ("TRUE", version) or found(version) == ("1", version)
    assert found("97.0")[0] in ("0", "FALSE")
    assert found(version, "nonsense")[0] in ("0", "FALSE")


def test_a_process_issues_from_a_ca_inside_it(examples, tmp_path):
    output = run([examples / "test_ca", tmp_path / "state"], env=os.environ | {"TMPDIR": tmp_path})
    assert output.startswith("*.example.test until ")
    assert output.endswith(": trusted\n")
    assert [path.name for path in tmp_path.iterdir()] == ["state"], "the CA left something"


class Connection:
    """A TLS connection to a server that echoes lines."""

    def __init__(self, port, name, root):
        self.stream = ssl.create_default_context(cafile=root).wrap_socket(
            socket.create_connection(("127.0.0.1", port), timeout=60), server_hostname=name)

    def serial(self):
        return self.stream.getpeercert()["serialNumber"]

    def echo(self, line):
        self.stream.sendall(line)
        answer = b""
        while not answer.endswith(b"\n"):
            answer += self.stream.recv(1000)
        return answer


@pytest.mark.parametrize("solver", ["own-tls", "standalone"])
def test_a_running_server_takes_the_new_certificate_into_use(examples, start_ca, dns, tmp_path, solver):
    authority = start_ca()
    name = unique_name()
    dns.add(name, "A", "127.0.0.1")
    # Where the CA looks for tls-alpn-01.
    port = authority.tls_alpn_port
    log = tmp_path / "tls_server.log"
    if solver == "standalone":
        solver += f":127.0.0.1:{authority.http_port}"
    server = Server([examples / "tls_server", port, tmp_path / "state", name, solver,
                     authority.directory, authority.api_root], log)
    try:
        def connection():
            return connection_to(port, name, authority.api_root)

        first = server.wait_until(connection, 60)
        assert first.echo(b"one\n") == b"one\n"

        # The CA wants it renewed now (RFC 9773), and says so when it is asked.
        run([BIN / "cairn-ca", "renewal", "pull-forward", authority.home, "--certificate",
             first.serial()])
        server.signal(signal.SIGHUP)
        second = server.wait_until(
            lambda: (found := connection()) and found.serial() != first.serial() and found,
            60)
        assert second.echo(b"two\n") == b"two\n"
        assert first.echo(b"still here\n") == b"still here\n"

        # The program `cairn` finds all of it in the same folder.
        status = run([BIN / "cairn", "status", "--state", tmp_path / "state"])
        assert name in status
        assert log.read_text() == ""
    finally:
        server.stop()


def test_a_server_starts_with_what_stands_while_its_ca_is_away(examples, start_ca, dns, tmp_path):
    authority = start_ca()
    name = unique_name()
    dns.add(name, "A", "127.0.0.1")
    port = reserve_port()
    words = [examples / "tls_server", port, tmp_path / "state", name,
             f"standalone:127.0.0.1:{authority.http_port}", authority.directory, authority.api_root]

    def serial_of_one_run():
        server = Server(words, tmp_path / "log")
        try:
            return server.wait_until(
                lambda: connection_to(port, name, authority.api_root), 60).serial()
        finally:
            server.stop()

    first = serial_of_one_run()
    authority.stop()
    assert serial_of_one_run() == first


def connection_to(port, name, root):
    """None as long as the server does not listen, or has no certificate."""
    try:
        return Connection(port, name, root)
    except (ConnectionError, ssl.SSLError):
        return None


def test_what_cannot_be_is_said(examples, tmp_path):
    done = subprocess.run(
        [examples / "tls_server", "1", tmp_path / "state", "not a name", "standalone", "nobody", ""],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    assert done.returncode == 1
    assert "not a name" in done.stderr
    assert "Next: " in done.stderr
    assert not (tmp_path / "state").exists()
