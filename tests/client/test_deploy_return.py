"""A renewal that nginx or Apache refuses: the lineage goes back to what they showed, and the newer certificate is
tried again without another order."""

import contextlib
import json
import os
import pathlib
import re
import signal
import time

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from harness.apache import Apache
from harness.disk import FaultyDisk
from harness.issued import read_chain
from harness.nginx import Nginx
from harness.ports import reserve_port
from harness.tls import served_certificate

NAME = "a.example"
STATES = pathlib.Path(__file__).parents[1] / "vectors" / "states"
# At this level of OpenSSL's a server shows no RSA key of 2048 bits.
STRICT = "DEFAULT@SECLEVEL=3"
NGINX_SITE = f"server {{\n    listen @HTTP@;\n    server_name a.example;\n    ssl_ciphers {STRICT};\n}}\n"
APACHE_SITE = """\
<VirtualHost *:@HTTP@>
    ServerName a.example
    DocumentRoot @ROOT@/www
</VirtualHost>
"""


@pytest.fixture
def nginx(ca, tmp_path):
    with Nginx(tmp_path / "nginx", {"sites-enabled/a": NGINX_SITE}, ca.http_port, reserve_port()) as server:
        yield server


@pytest.fixture
def apache():
    server = Apache({"sites-available/site.conf": APACHE_SITE})
    yield server
    file = server.root / "run" / "apache2.pid"
    if server.server and server.server.process.poll() is not None and file.exists():
        with contextlib.suppress(ProcessLookupError):
            end(server)  # it was started anew
    server.stop()


def end(apache):
    file = apache.root / "run" / "apache2.pid"
    os.kill(int(file.read_text()), signal.SIGTERM)
    deadline = time.monotonic() + 60
    while file.exists():
        assert time.monotonic() < deadline
        time.sleep(0.05)


class Learners:
    """What learns of a certificate beside the server."""

    def __init__(self, folder):
        self.files = folder / "copies"
        self.told = folder / "told"
        self.failures = folder / "failures"
        self.hook = self.program(folder / "hook", f'echo "$CAIRN_LINEAGE" >>{self.told}')
        self.failure_hook = self.program(folder / "failure-hook", f'env >>{self.failures}')

    @staticmethod
    def program(file, line):
        file.write_text(f"#!/bin/sh\n{line}\n")
        file.chmod(0o700)
        return file

    def words(self):
        return ["--deploy-hook", self.hook, "--deploy", f"files:{self.files}", "--failure-hook", self.failure_hook]

    def count(self):
        return len(self.told.read_text().splitlines())

    def serial(self):
        return read_chain((self.files / "fullchain.pem").read_text())[0].serial_number


def first(cairn, tmp_path, solver, target):
    """A certificate with an elliptic key everywhere, and a plan that wants another."""
    others = Learners(tmp_path)
    run = cairn.outcome(*cairn.issuing(NAME, solver=solver), *others.words(), "--deploy", target, timeout=150)
    assert run.returncode == 0, run.stderr
    assert others.count() == 1
    run = cairn.outcome("set", NAME, "--key-type", "rsa2048")
    assert run.returncode == 0, run.stderr
    return others, cairn.serial(NAME)


def standing(cairn):
    run = cairn.outcome("status", NAME, "--json")
    return {each["target"]: each for each in json.loads(run.stdout)["certificates"][0]["targets"]}


def check_refused(cairn, ca, others, former, shown):
    """The run that gets the refused certificate, and the next, which orders none."""
    orders = len(ca.orders)
    for _ in range(2):
        run = cairn.outcome("renew", timeout=150)
        assert run.returncode == 2
        # Where it ends a moment too late, that is only seen at its port.
        assert any(reason in run.stderr for reason in ("key too small", "has ended", "could not see")), run.stderr
        assert "leads to certificate 1 again" in run.stderr
        assert "without another order" in run.stderr
        assert len(ca.orders) == orders + 1
        assert shown() == cairn.serial(NAME) == others.serial() == former
        assert others.count() == 1, "a hook was told of a certificate that is not live"
    assert "certificate 1 again" in cairn.outcome("explain", NAME).stdout
    assert "certificate 1 again" in others.failures.read_text()
    metrics = cairn.state / "cairn.prom"
    assert cairn.outcome("status", "--prometheus", metrics).returncode == 0
    metrics = metrics.read_text()
    for kind in ("nginx", "apache"):
        if f'target="{kind}:' in metrics:
            assert re.search(f'cairn_deploy_target_current{{.*target="{kind}:.*"}} 0\n', metrics)
            assert re.search(f'cairn_deploy_target_failed_since_timestamp_seconds{{.*target="{kind}:.*"}} \\d+\n', metrics)
    assert re.search('cairn_deploy_target_current{.*target="files:.*"} 1\n', metrics)
    assert re.search('cairn_deploy_target_last_success_timestamp_seconds{.*target="files:.*"} \\d+\n', metrics)
    states = standing(cairn)
    assert [state["state"] for target, state in states.items() if target.split(":")[0] in ("nginx", "apache")] == [
        "failed"]


def check_accepted(cairn, ca, others, former, shown):
    orders = len(ca.orders)
    run = cairn.outcome("renew", timeout=150)
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == orders, "it was kept"
    assert cairn.serial(NAME) == others.serial() == shown() != former
    assert isinstance(read_chain((cairn.live(NAME) / "cert.pem").read_text())[0].public_key(), rsa.RSAPublicKey)
    assert others.count() == 2
    assert {state["state"] for state in standing(cairn).values()} == {"current"}


def nginx_target(cairn, nginx):
    cairn.solvers["nginx"] = "nginx:" + nginx.option()
    return "nginx:" + nginx.option(f"https-port={nginx.https_port}")


def restore(file, cairn, ca, folder):
    """The state of a former version."""
    places = {"@DIR@": str(folder), "@ROOTS@": str(ca.api_root), "@CA@": f"localhost:{ca.port}",
              "@HTTP@": str(ca.http_port)}
    for name, text in json.loads((STATES / file).read_text()).items():
        for mark, meant in places.items():
            text = text.replace(mark, meant)
        path = cairn.state / name
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        if text.startswith("-> "):
            path.symlink_to(text.removeprefix("-> "))
        else:
            path.write_text(text)
            path.chmod(0o600)


def test_a_state_of_the_version_before_goes_back_too(cairn, ca, nginx, tmp_path):
    target = nginx_target(cairn, nginx)
    others = Learners(tmp_path)
    others.told.write_text(f"{NAME}\n")  # by the former version
    restore("before_withheld.json", cairn, ca, tmp_path)
    run = cairn.outcome("set", NAME, "--solver", cairn.solvers["nginx"], *others.words(), "--deploy", target)
    assert run.returncode == 0, run.stderr
    run = cairn.outcome("renew", timeout=150)
    assert run.returncode == 0 and not ca.orders, run.stderr
    former = cairn.serial(NAME)
    nginx.wait_until(lambda: nginx.shown(NAME).serial_number == former)
    assert cairn.outcome("set", NAME, "--key-type", "rsa2048").returncode == 0
    # The account of the former version is not known to this CA.
    run = cairn.outcome("account", "register", "--ca", ca.directory, "--ca-root", ca.api_root, "--agree-tos")
    assert run.returncode == 0, run.stderr
    check_refused(cairn, ca, others, former, lambda: nginx.shown(NAME).serial_number)


def test_nginx_shows_the_former_one_until_it_takes_the_new(cairn, ca, nginx, tmp_path):
    others, former = first(cairn, tmp_path, "nginx", nginx_target(cairn, nginx))
    check_refused(cairn, ca, others, former, lambda: nginx.shown(NAME).serial_number)
    assert nginx.test() == "", "it starts with what is there"
    site = nginx.folder / "sites-enabled" / "a"
    site.write_text(site.read_text().replace(STRICT, "DEFAULT"))
    check_accepted(cairn, ca, others, former, lambda: nginx.wait_until(
        lambda: (serial := nginx.shown(NAME).serial_number) != former and serial))


def test_another_plan_is_ordered_for_and_the_refused_one_forgotten(cairn, ca, nginx, tmp_path):
    others, former = first(cairn, tmp_path, "nginx", nginx_target(cairn, nginx))
    assert cairn.outcome("renew", timeout=150).returncode == 2
    orders = len(ca.orders)
    run = cairn.outcome("issue", "--name", NAME, "--key-type", "ec-p256", timeout=150)
    assert run.returncode == 0, run.stderr
    assert len(ca.orders) == orders, "the one that is live again is what is wanted"
    assert cairn.serial(NAME) == nginx.shown(NAME).serial_number == former
    assert others.count() == 1, "the hook knows it already"
    run = cairn.outcome("renew", "--force", timeout=150)
    assert run.returncode == 0, run.stderr
    assert cairn.serial(NAME) == others.serial() != former
    nginx.wait_until(lambda: nginx.shown(NAME).serial_number == cairn.serial(NAME))


def test_killed_on_the_way_back(cairn, ca, nginx, tmp_path, request):
    _, former = first(cairn, tmp_path, "nginx", nginx_target(cairn, nginx))
    assert cairn.outcome("renew", timeout=150).returncode == 2
    disk = FaultyDisk(tmp_path, cairn.state)
    disk.arm()
    assert cairn.outcome("renew", environment=disk.variables(), timeout=150).returncode == 2
    renames = [number for number, (name, _) in enumerate(disk.calls(), 1) if name == "rename"]
    assert len(renames) > 5
    deaths = 0
    for number in renames if request.config.getoption("--every-fault") else renames[1::max(1, len(renames) // 5)]:
        for manner in ("killed_behind",):
            disk.arm(nth=number, manner=manner)
            died = cairn.outcome("renew", environment=disk.variables(), timeout=150)
            disk.disarm()
            deaths += died.returncode == -signal.SIGKILL
            assert nginx.shown(NAME).serial_number == former
            assert cairn.outcome("renew", timeout=150).returncode == 2
            assert nginx.test() == ""
            assert cairn.serial(NAME) == nginx.shown(NAME).serial_number == former, (number, disk.calls())
    assert deaths > 2


def apache_target(cairn, ca, apache):
    ca.http_port = apache.http_port
    cairn.state = apache.root / "state"
    cairn.state.mkdir(mode=0o700)
    cairn.solvers["apache"] = f"apache:{apache.place}"
    return f"apache:{apache.place},https-port={apache.https_port}"


def apache_shows(apache):
    return lambda: served_certificate(apache.https_port, NAME).serial_number


def pid_of(apache):
    return int((apache.root / "run" / "apache2.pid").read_text())


def test_apache_is_not_told_to_read_what_ends_it(cairn, ca, apache, tmp_path):
    target = apache_target(cairn, ca, apache)
    ssl_conf = apache.root / "mods-available" / "ssl.conf"
    ssl_conf.write_text(ssl_conf.read_text().replace("HIGH:!aNULL", STRICT))
    apache.start()
    process = pid_of(apache)
    others, former = first(cairn, tmp_path, "apache", target)
    check_refused(cairn, ca, others, former, apache_shows(apache))
    assert pid_of(apache) == process and pathlib.Path(f"/proc/{process}").exists()
    ssl_conf.write_text(ssl_conf.read_text().replace(STRICT, "DEFAULT"))
    check_accepted(cairn, ca, others, former, apache_shows(apache))
    assert pid_of(apache) == process


def test_apache_is_started_again_where_it_has_ended(cairn, ca, apache, tmp_path):
    """By a level that its environment alone has, which nobody sees but by what happens."""
    target = apache_target(cairn, ca, apache)
    policy = apache.root / "openssl.cnf"
    policy.write_text("openssl_conf = all\n[all]\nssl_conf = ssl\n[ssl]\nsystem_default = level\n"
                      f"[level]\nCipherString = {STRICT}\n")
    with (apache.root / "envvars").open("a") as file:
        file.write(f"export OPENSSL_CONF={policy}\n")
    apache.start()
    process = pid_of(apache)
    others, former = first(cairn, tmp_path, "apache", target)
    check_refused(cairn, ca, others, former, apache_shows(apache))
    assert pid_of(apache) != process
    policy.write_text(policy.read_text().replace(STRICT, "DEFAULT"))
    end(apache)
    apache.server = None
    apache.start()
    check_accepted(cairn, ca, others, former, apache_shows(apache))
