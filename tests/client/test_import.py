"""Moving in from certbot, lego and acme.sh, and out again: installations that these programs made, with Pebble.

acme.sh is in no package: unless it is in the PATH, its folder is written here in the shape that it documents,
around an account and a certificate that lego has obtained."""

import base64
import errno
import json
import os
import shutil
import signal
import subprocess

import pytest
from cryptography.hazmat.primitives import serialization

from harness.cairn import Cairn
from harness.disk import FaultyDisk
from harness.dns_server import unique_name
from harness.issued import public_octets, read_chain
from harness.process import run

CRON = """\
# /etc/cron.d/certbot: crontab entries for the certbot package
SHELL=/bin/sh
0 */12 * * * root test -x /usr/bin/certbot -a \\! -d /run/systemd/system && certbot -q renew
"""
WANTS = "etc/systemd/system/timers.target.wants"


def tree(folder):
    """Everything below a folder: modes, contents, and where links lead."""
    def facts(path):
        if path.is_symlink():
            return os.readlink(path)
        return (path.stat().st_mode, path.read_bytes() if path.is_file() else None)
    return {str(path.relative_to(folder)): facts(path) for path in folder.rglob("*")
            if "logs" not in path.parts and "work" not in path.parts}


def served(certificate, key):
    """The serial number of the certificate that a server reads, once its key has been seen to match."""
    leaf = read_chain(certificate.read_text())[0]
    private = serialization.load_pem_private_key(key.read_bytes(), None)
    assert public_octets(private.public_key()) == public_octets(leaf.public_key())
    return leaf.serial_number


class Move:
    """A machine with another client's installation, and cairn with a state of its own."""

    def __init__(self, ca, folder):
        self.ca = ca
        self.folder = folder
        self.root = folder / "machine"
        (self.root / "etc/cron.d").mkdir(parents=True)
        (self.root / WANTS).mkdir(parents=True)
        self.environment = {name: value for name, value in os.environ.items()
                            if not name.lower().endswith("_proxy")} | {
            "REQUESTS_CA_BUNDLE": str(ca.api_root), "LEGO_CA_CERTIFICATES": str(ca.api_root),
            "CAIRN_CONFIG": str(folder / "settings"), "HOME": str(folder)}
        self.cairn = Cairn(ca, self.environment, folder)

    def imports(self, program, *arguments, code=0, **options):
        done = self.cairn.outcome("import", program, "--root", self.root, "--json", *arguments, **options)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout).get("import"), done

    def renew(self, lineage):
        done = self.cairn.outcome("renew", lineage, "--force")
        assert done.returncode == 0, done.stderr
        return self.cairn.serial(lineage)

    def account_urls(self):
        return {account["url"] for account in json.loads(
            self.cairn.outcome("account", "list", "--json").stdout)["accounts"]}


@pytest.fixture
def move(pebble, tmp_path):
    return Move(pebble, tmp_path)


class Certbot:
    def __init__(self, move):
        self.move = move
        self.folder = move.root / "etc/letsencrypt"
        (move.root / "etc/cron.d/certbot").write_text(CRON)
        (move.root / WANTS / "certbot.timer").symlink_to("/lib/systemd/system/certbot.timer")
        self.webroot = move.folder / "www"
        self.webroot.mkdir()

    def __call__(self, *arguments, code=0):
        at_once = ["--no-random-sleep-on-renew"] if arguments[0] == "renew" else []
        done = subprocess.run(
            ["certbot", *map(str, arguments), *at_once, "--non-interactive", "--config-dir", self.folder,
             "--work-dir", self.move.folder / "work", "--logs-dir", self.move.folder / "logs"],
            env=self.move.environment, capture_output=True, text=True, timeout=120)
        assert done.returncode == code, done.stdout + done.stderr
        return done.stdout + done.stderr

    def obtain(self, *names, hook="true", options=()):
        ca = self.move.ca
        self("certonly", "--server", ca.directory, "--agree-tos", "--email", "admin@example.test",
             "--standalone", "--http-01-address", "127.0.0.1", "--http-01-port", ca.http_port,
             "--deploy-hook", hook, *options, *(word for name in names for word in ("-d", name)))

    def served(self, name):
        live = self.folder / "live" / name
        serial = served(live / "fullchain.pem", live / "privkey.pem")
        assert read_chain((live / "cert.pem").read_text())[0].serial_number == serial
        return serial


@pytest.fixture
def certbot(move):
    return Certbot(move)


def test_certbot_moves_in_and_out_again(move, certbot):
    first, second = unique_name(), unique_name()
    told = move.folder / "told"
    folder_hook = certbot.folder / "renewal-hooks/deploy/tell"
    certbot.obtain(first, second, hook=f'echo "$RENEWED_LINEAGE" >> {told}; true',
                   options=["--key-type", "rsa", "--must-staple"])
    certbot("renew", "--force-renewal")
    folder_hook.write_text(f'#!/bin/sh\necho folder >> {told}.folder\n')
    folder_hook.chmod(0o755)
    told.unlink()
    before = tree(move.root)
    account, = certbot.folder.glob("accounts/*/dir/*/regr.json")
    account_url = json.loads(account.read_text())["uri"]
    serial = certbot.served(first)

    plan, _ = move.imports("certbot", "--dry-run")
    lineage, = plan["lineages"]
    assert lineage["result"] == "imported" and lineage["certificates"] == 2
    assert sorted(lineage["names"]) == sorted([first, second])
    assert lineage["solvers"] == [f"standalone:127.0.0.1:{move.ca.http_port}"]
    assert any("must_staple" in remark for remark in lineage["remarks"])
    assert not move.cairn.state.exists() and not (move.folder / "settings").exists()

    done, _ = move.imports("certbot")
    assert [each["result"] for each in done["accounts"] + done["lineages"]] == ["imported"] * 2
    assert tree(move.root) == before, "the original was touched"
    assert move.cairn.serial(first) == serial
    assert len(list((move.cairn.state / "archive" / first).glob("fullchain*.pem"))) == 2
    for path in move.cairn.state.rglob("*"):
        assert path.is_symlink() or path.is_dir() or path.stat().st_mode & 0o077 == 0, path
    again, run_again = move.imports("certbot", "--exit-code", code=1)
    assert [each["result"] for each in again["lineages"]] == ["unchanged"], run_again.stderr

    renewed = move.renew(first)
    assert renewed != serial and move.account_urls() == {account_url}
    assert told.read_text().split() == [str(move.cairn.live(first))]
    assert (move.folder / "told.folder").read_text() == "folder\n"
    assert certbot.served(first) == serial

    taken, run_taken = move.imports("certbot", "--take-over")
    assert taken["stage"] == "taken-over", run_taken.stderr
    assert certbot.served(first) == renewed
    for name in ("cert", "chain", "fullchain", "privkey"):
        assert os.readlink(certbot.folder / "live" / first / f"{name}.pem") == str(
            move.cairn.live(first) / f"{name}.pem")
    assert not (move.root / WANTS / "certbot.timer").is_symlink()
    assert not [line for line in (move.root / "etc/cron.d/certbot").read_text().splitlines()
                if "certbot -q renew" in line and not line.startswith("#")]
    assert "cairn-renew.timer" in run_taken.stderr, "nobody says that nothing renews now"
    assert "No renewals were attempted" in certbot("renew", "--force-renewal")
    assert move.renew(first) == certbot.served(first)
    assert move.imports("certbot", "--take-over", "--exit-code", code=1)

    back, _ = move.imports("certbot", "--undo")
    assert back["stage"] == "imported"
    assert tree(move.root) == before
    assert certbot.served(first) == serial
    certbot("renew", "--force-renewal")
    added, _ = move.imports("certbot")
    assert [each["result"] for each in added["lineages"]] == ["added"]
    assert certbot.served(first) == move.cairn.serial(first), "the newest is live"


def test_what_cannot_be_taken_is_told_and_left(move, certbot):
    good, odd, here = unique_name(), unique_name(), unique_name()
    for name in (good, odd, here):
        certbot.obtain(name)
    conf = certbot.folder / "renewal" / f"{odd}.conf"
    conf.write_text(conf.read_text().replace("authenticator = standalone", "authenticator = dns-strange"))
    assert move.cairn.outcome("issue", "-d", here, "--solver", f"standalone:127.0.0.1:{move.ca.http_port}",
                              "--ca", move.ca.directory, "--ca-root", move.ca.api_root,
                              "--agree-tos").returncode == 0
    serial = move.cairn.serial(here)
    done, told = move.imports("certbot", "--take-over", code=2)
    results = {each["name"]: each for each in done["lineages"]}
    assert results[good]["result"] == "imported"
    assert "dns-strange" in results[odd]["obstacles"][0]
    assert "already" in results[here]["obstacles"][0] and odd in told.stderr
    assert move.cairn.serial(here) == serial, "what was here was touched"
    # The account of certbot is another one than that of cairn.
    assert results[good]["account"] == "certbot"
    assert certbot.served(good) == move.cairn.serial(good)
    # What is left there is renewed there.
    assert (move.root / WANTS / "certbot.timer").is_symlink()
    said, _ = move.imports("certbot", "--only", odd, "--solver", f"standalone:127.0.0.1:{move.ca.http_port}")
    assert said["lineages"][0]["result"] == "imported"
    assert move.renew(odd) and move.renew(good)


class TakenOver:
    """A machine that is copied anew for each death; nobody is asked on the way."""

    def __init__(self, move, certbot, names):
        self.move, self.certbot, self.names = move, certbot, names
        self.places = [move.root, move.cairn.state, move.folder / "settings"]
        self.pristine = self._keep("pristine")
        self.taken_over = None
        self.serials = {name: certbot.served(name) for name in names}

    def _keep(self, name):
        for place in filter(os.path.exists, self.places):
            shutil.copytree(place, self.move.folder / name / place.name, symlinks=True)
        return self.move.folder / name

    def _bring_back(self, kept):
        for place in self.places:
            shutil.rmtree(place, ignore_errors=True)
            if (kept / place.name).exists():
                shutil.copytree(kept / place.name, place, symlinks=True)

    def fresh(self, *, taken_over=False):
        if taken_over and self.taken_over:
            self._bring_back(self.taken_over)
            return
        self._bring_back(self.pristine)
        if taken_over:
            self.move.imports("certbot", "--take-over")
            self.taken_over = self._keep("taken-over")

    def check(self, where):
        for name in self.names:
            assert self.certbot.served(name) == self.serials[name], where

    def check_taken(self, where):
        self.check(where)
        for name in self.names:
            path = self.certbot.folder / "live" / name / "privkey.pem"
            assert os.readlink(path) == str(self.move.cairn.live(name) / "privkey.pem"), where
        assert not (self.move.root / WANTS / "certbot.timer").is_symlink(), where
        assert not list((self.move.cairn.state / "imports").glob("*.links/*")), where

    def check_back(self, where):
        self.check(where)
        assert tree(self.move.root) == tree(self.pristine / self.move.root.name), where


@pytest.fixture
def machine(move, certbot):
    # Both in one order of the CA each; what is tested is on the disk.
    names = [unique_name(), unique_name()]
    for name in names:
        certbot.obtain(name)
    return TakenOver(move, certbot, names)


@pytest.mark.parametrize("way", ["--take-over", "--undo"])
def test_whatever_ends_it_servers_read_a_pair_that_matches(machine, request, tmp_path, way):
    move = machine.move
    is_undo = way == "--undo"
    disk = FaultyDisk(tmp_path, tmp_path)
    machine.fresh(taken_over=is_undo)
    disk.arm()
    done = move.cairn.outcome("import", "certbot", way, "--root", move.root, environment=disk.variables())
    assert done.returncode == 0, done.stderr
    calls = disk.calls()
    assert len(calls) > 30
    (machine.check_back if is_undo else machine.check_taken)("clean")

    points = [(number, manner, errno.ENOSPC) for number in range(1, len(calls) + 1)
              for manner in ("killed", "killed_behind", "undone")]
    if not request.config.getoption("--every-fault"):
        step = len(points) // 13
        points = points[1::step + (step % 3 == 0)]  # in each manner
    ends = 0
    for number, manner, error in points:
        machine.fresh(taken_over=is_undo)
        disk.arm(nth=number, manner=manner, error=error)
        done = move.cairn.outcome("import", "certbot", way, "--root", move.root, environment=disk.variables())
        disk.disarm()
        where = f"call {number} of {len(calls)}, {calls[number - 1]} ({manner}): {done.stderr}"
        assert done.returncode in (0, 2, -signal.SIGKILL), where
        ends += done.returncode != 0
        machine.check(where)
        if is_undo:
            move.imports("certbot", "--undo")
            machine.check_back(where)
        elif number % 2:
            move.imports("certbot", "--take-over")
            machine.check_taken(where)
        else:
            move.imports("certbot", "--undo")
            machine.check_back(where)
    assert ends > len(points) // 2


class Lego:
    def __init__(self, move):
        self.move = move
        self.folder = move.folder / "lego"

    def call(self, name, command):
        return ["lego", "--server", self.move.ca.directory, "--path", str(self.folder), "--accept-tos",
                "--email", "admin@example.test", "--domains", name,
                "--http", "--http.port", f"127.0.0.1:{self.move.ca.http_port}", *command]

    def obtain(self, name):
        run(self.call(name, ["run"]), env=self.move.environment)
        return json.loads(next(self.folder.glob("accounts/*/*/account.json")).read_text())

    def served(self, name):
        files = self.folder / "certificates"
        return served(files / f"{name}.crt", files / f"{name}.key")


def test_lego_moves_in_and_out_again(move):
    lego, name = Lego(move), unique_name()
    account = lego.obtain(name)
    before = tree(lego.folder)
    serial = lego.served(name)
    refused, _ = move.imports("lego", lego.folder, "--ca", move.ca.directory, code=2)
    assert "--solver" in refused["lineages"][0]["obstacles"][0]

    # The line of cron says how names are proved, and what the hook is.
    hook = move.folder / "hook"
    hook.write_text(f"#!/bin/sh\necho $CAIRN_LIVE_DIR >> {move.folder}/told\n")
    hook.chmod(0o755)
    line = " ".join(lego.call(name, ["renew", "--renew-hook", str(hook)]))
    cron = move.root / "etc/cron.d/lego"
    cron.write_text(f"0 4 * * * root {line}\n")
    done, _ = move.imports("lego", lego.folder)
    assert [each["result"] for each in done["lineages"]] == ["imported"], done
    assert done["lineages"][0]["deploy"] == [str(hook)]
    assert tree(lego.folder) == before
    taken, _ = move.imports("lego", lego.folder, "--take-over")
    assert lego.served(name) == serial and cron.read_text().startswith("#")
    renewed = move.renew(name)
    assert lego.served(name) == renewed != serial
    assert move.account_urls() == {account["registration"]["uri"]}
    assert (move.folder / "told").read_text().split() == [str(move.cairn.live(name))]
    move.imports("lego", lego.folder, "--undo")
    assert tree(lego.folder) == before and not cron.read_text().startswith("#")


def encoded(text):
    return f"__ACME_BASE64__START_{base64.b64encode(text.encode()).decode()}__ACME_BASE64__END_"


@pytest.fixture
def acme_sh(move):
    """(folder, name, account's URL): by the program itself where it is in the PATH."""
    folder = move.folder / ".acme.sh"
    name = unique_name()
    installed = move.folder / "ssl"
    installed.mkdir()
    reload = f"cat $CERT_PATH > {move.folder}/told && echo $Le_Domain >> {move.folder}/told"
    if program := shutil.which("acme.sh"):
        home = ["--home", folder, "--config-home", folder]
        run([program, "--issue", "--standalone", "--httpport", str(move.ca.http_port), "-d", name,
             "--server", move.ca.directory, "--ca-bundle", move.ca.api_root, "--accountemail",
             "admin@example.test", *home], env=move.environment)
        run([program, "--install-cert", "--ecc", "-d", name, "--key-file", installed / "key.pem",
             "--fullchain-file", installed / "full.pem", "--reloadcmd", reload, *home], env=move.environment)
        conf = (folder / "ca/localhost/dir/ca.conf").read_text()
        return folder, name, conf.split("ACCOUNT_URL='")[1].split("'")[0]
    print("acme.sh is not in the PATH: its folder is written by the test")
    lego = Lego(move)
    account = lego.obtain(name)
    place = folder / "ca/localhost/dir"
    place.mkdir(parents=True)
    key, = lego.folder.glob("accounts/*/*/keys/*.key")
    shutil.copy(key, place / "account.key")
    (place / "account.json").write_text(json.dumps(account["registration"]["body"]))
    url = account["registration"]["uri"]
    (place / "ca.conf").write_text(f"CA_EMAIL='admin@example.test'\nACCOUNT_URL='{url}'\n"
                                   "CA_KEY_HASH='0123='\n")
    (folder / "account.conf").write_text(
        "\n#LOG_LEVEL=1\nACCOUNT_EMAIL='admin@example.test'\n"
        f"CA_BUNDLE='{move.ca.api_root}'\nUSER_PATH='/usr/bin:/bin'\nUPGRADE_HASH='12'\n")
    home = folder / f"{name}_ecc"
    home.mkdir()
    chain = (lego.folder / f"certificates/{name}.crt").read_text()
    leaf, issuers = chain.split("-----END CERTIFICATE-----\n", 1)
    (home / f"{name}.cer").write_text(leaf + "-----END CERTIFICATE-----\n")
    (home / "ca.cer").write_text(issuers.lstrip())
    (home / "fullchain.cer").write_text(chain)
    shutil.copy(lego.folder / f"certificates/{name}.key", home / f"{name}.key")
    shutil.copy(home / f"{name}.key", installed / "key.pem")
    shutil.copy(home / "fullchain.cer", installed / "full.pem")
    (home / f"{name}.conf").write_text(
        f"Le_Domain='{name}'\nLe_Alt='no'\nLe_Webroot='no'\nLe_PreHook=''\nLe_PostHook=''\n"
        f"Le_RenewHook=''\nLe_API='{move.ca.directory}'\nLe_Keylength='ec-256'\n"
        f"Le_HTTPPort='{move.ca.http_port}'\nLe_LocalAddress='127.0.0.1'\n"
        "Le_CertCreateTime='1700000000'\nLe_NextRenewTime='1705000000'\n"
        f"Le_RealCertPath=''\nLe_RealCACertPath=''\nLe_RealKeyPath='{installed}/key.pem'\n"
        f"Le_ReloadCmd='{encoded(reload)}'\nLe_RealFullChainPath='{installed}/full.pem'\n")
    return folder, name, url


def test_acme_sh_moves_in_and_out_again(move, acme_sh):
    folder, name, account_url = acme_sh
    crontab = move.root / "var/spool/cron/crontabs/root"
    crontab.parent.mkdir(parents=True)
    crontab.write_text(f'7 0 * * * "{folder}"/acme.sh --cron --home "{folder}" > /dev/null\n')
    crontab.chmod(0o600)
    before, installed = tree(folder), tree(move.folder / "ssl")

    def read():
        files = move.folder / "ssl"
        home = folder / f"{name}_ecc"
        serial = served(files / "full.pem", files / "key.pem")
        assert served(home / "fullchain.cer", home / f"{name}.key") == serial
        return serial

    serial = read()
    done, _ = move.imports("acme.sh")
    lineage, = done["lineages"]
    assert (lineage["lineage"], lineage["result"]) == (name, "imported")
    assert tree(folder) == before
    move.imports("acme.sh", "--take-over")
    assert read() == serial
    assert crontab.read_text().startswith("#") and crontab.stat().st_mode & 0o777 == 0o600
    renewed = move.renew(name)
    assert read() == renewed != serial
    assert move.account_urls() == {account_url}
    told = (move.folder / "told").read_text()
    assert read_chain(told)[0].serial_number == renewed and told.endswith(f"{name}\n")
    move.imports("acme.sh", "--undo")
    assert tree(folder) == before and tree(move.folder / "ssl") == installed
    assert crontab.read_text().startswith("7 0")


def test_undo_does_not_bring_back_what_somebody_has_replaced(machine):
    machine.fresh(taken_over=True)
    live = machine.certbot.folder / "live" / machine.names[0] / "cert.pem"
    live.unlink()
    live.write_text("mine")
    _, told = machine.move.imports("certbot", "--undo", code=2)
    assert "somebody has put another file there" in told.stderr and live.read_text() == "mine"


def test_others_who_read_the_key_are_not_locked_out(machine):
    if os.geteuid() != 0:
        pytest.skip("only root can give a file to somebody else")
    machine.fresh()
    name = machine.names[0]
    folder = machine.certbot.folder
    os.chown(folder / "archive" / name / "privkey1.pem", 65534, -1)
    done, _ = machine.move.imports("certbot", "--take-over", code=2)
    told = {each["name"]: each for each in done["lineages"]}
    assert "belongs to another user" in told[name]["take_over_obstacles"][0]
    assert os.readlink(folder / "live" / name / "privkey.pem").startswith("../../archive")
    assert os.readlink(folder / "live" / machine.names[1] / "privkey.pem").startswith("/")
    assert (machine.move.root / WANTS / "certbot.timer").is_symlink()
