"""Deployment to the servers that people run: HAProxy, by files and by its runtime API, Postfix, Dovecot,
PostgreSQL. Each serves the former certificate first, then the new one, and the former one again when
something is wrong with the new."""

import os
import pathlib
import shutil
import socket
import subprocess
import tempfile

import pytest

from harness.ports import reserve_port
from harness.postgres import PostgresCluster
from harness.process import Server, run
from harness.tls import served_certificate
from harness.tls_servers import serial_on_disk, write_former

NAME = "a.example"


def program(file, body):
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)
    return file


def is_open(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
        return True
    except OSError:
        return False


def served(port):
    shown = served_certificate(port, NAME)
    return shown and shown.serial_number


def served_with(port, kind):
    """By the openssl command, with STARTTLS."""
    shown = subprocess.run(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-starttls", kind],
        input="", text=True, capture_output=True, timeout=60).stdout
    found = subprocess.run(["openssl", "x509", "-noout", "-serial"], input=shown, text=True,
                           capture_output=True, timeout=60).stdout
    return int(found.strip().partition("=")[2], 16)


@pytest.fixture
def home():
    """A folder with a short name, for sockets, through which other users get."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="cairn-deploy-", dir="/tmp"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


class Haproxy:
    def __init__(self, home):
        self.home, self.port = home, reserve_port()
        self.file, self.socket = home / "site.pem", home / "admin.sock"
        write_former(home / "cert", home / "key")
        self.file.write_bytes((home / "cert").read_bytes() + (home / "key").read_bytes())
        self.list = home / "list"
        self.list.write_text(f"{self.file}\n")
        self.config = home / "haproxy.cfg"
        self.config.write_text(f"""
global
    stats socket {self.socket} level admin expose-fd listeners
defaults
    mode http
    timeout connect 5s
    timeout client 20s
    timeout server 20s
frontend web
    bind 127.0.0.1:{self.port} ssl crt-list {self.list}
    http-request return status 200
""")
        self.server = Server(["haproxy", "-W", "-db", "-f", self.config], home / "log")
        self.server.wait_until(
            lambda: is_open(self.port) and "Loading success" in self.server.tail(), timeout=60)
        self.reload = program(home / "reload", f"kill -USR2 {self.server.process.pid}")

    def target(self, *more):
        return ",".join(str(word) for word in (
            f"haproxy:{self.file}", f"config={self.config}", f"probe=127.0.0.1:{self.port}",
            "timeout=60s", *more))

    def on_disk(self):
        text = self.file.read_text()
        (self.home / "cert").write_text(text)
        (self.home / "key").write_text(text[text.index("-----BEGIN PRIVATE"):])
        return serial_on_disk(self.home / "cert", self.home / "key")


@pytest.fixture
def haproxy(home):
    server = Haproxy(home)
    yield server
    server.server.stop()


@pytest.mark.parametrize("way", ["reload", "socket"])
def test_haproxy_shows_the_new_certificate(cairn, haproxy, way):
    assert served(haproxy.port) == 4242
    target = haproxy.target(f"reload={haproxy.reload}" if way == "reload"
                            else f"socket={haproxy.socket}")
    done = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
    assert done.returncode == 0, done.stderr
    assert served(haproxy.port) == haproxy.on_disk() == cairn.serial(NAME)
    assert cairn.outcome("renew", "--force").returncode == 0
    assert served(haproxy.port) == haproxy.on_disk() == cairn.serial(NAME)


def test_a_configuration_that_haproxy_refuses_changes_nothing(cairn, haproxy):
    haproxy.config.write_text(haproxy.config.read_text() + "    nonsense here\n")
    done = cairn.outcome(*cairn.issuing(
        NAME, "--deploy", haproxy.target(f"reload={haproxy.reload}")))
    assert done.returncode == 2 and "nonsense" in done.stderr and "rolled back" in done.stderr
    assert served(haproxy.port) == haproxy.on_disk() == 4242


def test_haproxy_gets_the_former_certificate_back_by_its_socket(cairn, haproxy):
    """What is looked at is another server, which never shows the new one."""
    port = reserve_port()
    other = haproxy.home / "other.cfg"
    other.write_text(haproxy.config.read_text().replace(str(haproxy.port), str(port))
                     .replace(str(haproxy.socket), f"{haproxy.home}/other.sock"))
    with Server(["haproxy", "-W", "-db", "-f", other], haproxy.home / "other.log") as server:
        server.wait_until(lambda: is_open(port), timeout=60)
        target = haproxy.target(f"socket={haproxy.socket}").replace(
            f"probe=127.0.0.1:{haproxy.port}", f"probe=127.0.0.1:{port}").replace("60s", "1s")
        done = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
        assert done.returncode == 2 and "rolled back" in done.stderr, done.stderr
        assert served(haproxy.port) == haproxy.on_disk() == 4242


def test_a_certificate_that_haproxy_does_not_have_goes_into_its_list(cairn, haproxy):
    new = haproxy.home / "new.pem"
    target = haproxy.target(f"socket={haproxy.socket}", f"crt-list={haproxy.list}").replace(
        str(haproxy.file), str(new))
    done = cairn.outcome(*cairn.issuing("b.example", "--deploy", target))
    assert done.returncode == 0, done.stderr
    shown = served_certificate(haproxy.port, "b.example")
    assert shown.serial_number == cairn.serial("b.example")
    assert haproxy.list.read_text() == f"{haproxy.file}\n{new}\n"
    assert served(haproxy.port) == 4242


needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="these servers change their user")


def dovecot_settings(home, chain, key):
    """What Dovecot 2.3 and 2.4 name differently."""
    if run(["dovecot", "--version"]).startswith("2.3"):
        return (f"ssl_cert = <{chain}\nssl_key = <{key}\nmail_location = maildir:{home}/mail\n"
                "passdb {\n  driver = static\n  args = nopassword=y\n}\n")
    return ("dovecot_config_version = 2.4.0\ndovecot_storage_version = 2.4.0\n"
            f"ssl_server_cert_file = {chain}\nssl_server_key_file = {key}\n"
            f"mail_driver = maildir\nmail_path = {home}/mail\n"
            "passdb static {\n  fields {\n    nopassword = yes\n  }\n}\n")


@needs_root
def test_dovecot_by_its_recipe(cairn, home):
    tls, port = home / "tls", reserve_port()
    tls.mkdir()
    write_former(tls / f"{NAME}-fullchain.pem", tls / f"{NAME}-key.pem")
    config = home / "dovecot.conf"
    config.write_text(dovecot_settings(home, tls / f"{NAME}-fullchain.pem", tls / f"{NAME}-key.pem") + f"""
base_dir = {home}/run
state_dir = {home}/state
log_path = {home}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
service imap-login {{
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
""")
    with Server(["dovecot", "-F", "-c", config], home / "log") as server:
        server.wait_until(lambda: is_open(port), timeout=60)
        assert served_with(port, "imap") == 4242
        target = f"dovecot:{tls},config={config},probe=127.0.0.1:{port},timeout=60s"
        done = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
        assert done.returncode == 0, done.stderr
        assert served_with(port, "imap") == cairn.serial(NAME)
        config.write_text(config.read_text() + "nonsense = yes\n")
        former = cairn.serial(NAME)
        done = cairn.outcome("renew", "--force")
        assert done.returncode == 2 and "nonsense" in done.stderr, done.stderr
        assert served_with(port, "imap") == former != cairn.serial(NAME)


@needs_root
def test_postfix_by_its_recipe(cairn, home):
    tls, config, port = home / "tls", home / "etc", reserve_port()
    for folder in (tls, config, home / "data", home / "queue"):
        folder.mkdir()
    shutil.chown(home / "data", "postfix")
    write_former(tls / f"{NAME}-fullchain.pem", tls / f"{NAME}-key.pem")
    (config / "main.cf").write_text(f"""
compatibility_level = 3.6
queue_directory = {home}/queue
data_directory = {home}/data
maillog_file = {home}/maillog
maillog_file_prefixes = {home}
mail_owner = postfix
setgid_group = postdrop
myhostname = mail.example
mydestination =
alias_maps =
local_recipient_maps =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
smtpd_tls_security_level = may
smtpd_tls_chain_files = {tls}/{NAME}-key.pem, {tls}/{NAME}-fullchain.pem
smtpd_relay_restrictions = reject
""")
    (config / "master.cf").write_text(f"""
{port} inet n - n - - smtpd
postlog unix-dgram n - n - 1 postlogd
rewrite unix - - n - - trivial-rewrite
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
cleanup unix n - n - 0 cleanup
""")
    with Server(["postfix", "-c", config, "start-fg"], home / "log") as server:
        try:
            server.wait_until(lambda: is_open(port), timeout=60)
            assert served_with(port, "smtp") == 4242
            target = f"postfix:{tls},config={config},probe=127.0.0.1:{port},timeout=60s"
            done = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
            assert done.returncode == 0, done.stderr
            assert served_with(port, "smtp") == cairn.serial(NAME)
            assert cairn.outcome("renew", "--force").returncode == 0
            assert served_with(port, "smtp") == cairn.serial(NAME)
        finally:
            subprocess.run(["postfix", "-c", config, "stop"], capture_output=True, timeout=60)


@needs_root
def test_postgresql_by_its_recipe(cairn, home):
    tls, port = home / "tls", reserve_port()
    tls.mkdir()
    certificate, key = tls / f"{NAME}-fullchain.pem", tls / f"{NAME}-key.pem"
    write_former(certificate, key)
    shutil.chown(key, "postgres", "postgres")
    cluster = PostgresCluster()
    try:
        with open(cluster.home / "data" / "postgresql.conf", "a") as file:
            file.write(f"\nssl = on\nssl_cert_file = '{certificate}'\nssl_key_file = '{key}'\n")
        cluster.crash()
        cluster.start("listen_addresses=127.0.0.1", f"port={port}")
        assert served_with(port, "postgres") == 4242
        reload = program(home / "reload", f"kill -HUP {cluster.server.process.pid}")
        target = (f"postgresql:{tls},reload={reload},probe=127.0.0.1:{port},timeout=60s")
        done = cairn.outcome(*cairn.issuing(NAME, "--deploy", target))
        assert done.returncode == 0, done.stderr
        assert served_with(port, "postgres") == cairn.serial(NAME)
        assert (key.stat().st_mode & 0o777, key.owner()) == (0o600, "postgres")
        # A key that PostgreSQL refuses: it keeps the former, which is seen, and all is as before.
        former = cairn.serial(NAME)
        assert cairn.outcome("set", NAME, "--deploy",
                             f"{target.replace('60s', '2s')},mode=0644").returncode == 0
        done = cairn.outcome("renew", "--force")
        assert done.returncode == 2 and "rolled back" in done.stderr, done.stderr
        assert served_with(port, "postgres") == serial_on_disk(certificate, key) == former
    finally:
        cluster.remove()
