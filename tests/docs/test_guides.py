"""The guides by task: the commands of each page are run, block by block as somebody would paste them as root,
on a machine of their own (harness/machine.py).

What a page takes for granted is there: the public CA at its own name, trusted by the system, and its staging
directory; a name server that takes updates; a web server at port 80; mail and services as programs that note
what they were asked for. Other machines there are none.

A comment before a block says if it is different:

  <!-- serves -->             its last command runs on until the page ends
  <!-- fails -->, <!-- fails: WHY -->   its last command has to end with 2
  <!-- not run: WHY -->       cannot be run by a test
"""

import re
import subprocess

import pytest

from harness.document import REPOSITORY, blocks_of
from harness.machine import Machine
from harness.process import Failed

GUIDES = ["one-web-server", "wildcard", "own-dns-provider", "fleet", "private-ca", "perspectives", "moving", "when-it-fails"]
# Beside the guides, with the server as Debian installs it in the place of the web server at port 80.
SERVERS = ["nginx", "apache"]
PUBLIC = {"127.0.0.2": "acme-v02.api.letsencrypt.org",
          "127.0.0.3": "acme-staging-v02.api.letsencrypt.org"}
INTERFACE = "api.dns.example"
PROGRAMS = ["systemctl", "your-dns-tool", "sendmail"]

KNOT = """\
server:
    rundir: "/srv/knot"
    listen: 127.0.0.1@53
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
control:
    listen: "/srv/knot/control"
log:
  - target: stdout
    any: warning
database:
    storage: "/srv/knot/database"
key:
  - id: cairn-key
    algorithm: hmac-sha256
    secret: c2VjcmV0IG9mIHRoZSBndWlkZSwgMzIgb2N0ZXRzLi4=
acl:
  - id: with-key
    key: cairn-key
    action: update
  - id: the-hook
    address: 127.0.0.1
    action: update
template:
  - id: default
    file: "/srv/knot/%s.zone"
    zonefile-sync: -1
    journal-content: none
    acl: [with-key, the-hook]
zone:
  - domain: .
  - domain: com.
  - domain: example.com.
  - domain: example.
"""
ZONE = """\
$TTL 0
@ SOA ns.example.com. hostmaster.example.com. 1 3600 600 86400 0
@ NS ns.example.com.
"""
ZONES = {
    ".": "com. NS ns.example.com.\nexample. NS ns.example.com.\nns.example.com. A 127.0.0.1\n",
    "com.": "example.com. NS ns.example.com.\nns.example.com. A 127.0.0.1\n",
    "example.com.": "@ A 127.0.0.1\nns A 127.0.0.1\nwww A 127.0.0.1\napi A 127.0.0.1\n",
    "example.": "*.corp A 127.0.0.1\n",
}


class Internet:
    """What a page takes for granted; `machine` of somebody who makes a CA has no web server."""

    def __init__(self, machine, guide):
        self.machine = machine
        self._resolve()
        if guide not in ("private-ca", "perspectives"):
            for address, name in PUBLIC.items():
                self._certify(address, name)
            if guide in SERVERS:
                getattr(self, f"_run_{guide}")()
            else:
                self._serve()
        for program in PROGRAMS:
            machine.write(f"/usr/local/bin/{program}", f'#!/bin/sh\necho "$@" >> /srv/{program}.log\n', 0o755)
        if guide == "own-dns-provider":
            self._offer_interface()
        if guide == "moving":
            self._live_elsewhere()
        # The tool that the page leaves to its reader.
        machine.write("/usr/local/bin/your-dns-tool", (
            "#!/bin/sh\nprintf 'server 127.0.0.1\\nzone example.com\\nupdate %s %s. 0 TXT \"%s\"\\nsend\\n' "
            "$([ $1 = add ] && echo add || echo delete) \"$2\" \"$3\" | knsupdate\n"), 0o755)

    def _serve(self):
        self.machine.check("mkdir -p /var/www/html")
        self.machine.start(
            "exec python3 -m http.server --bind 127.0.0.1 --directory /var/www/html 80",
            lambda said: self.machine.listens(80))

    def _write_page(self):
        self.machine.write("/var/www/html/index.html", "<p>www.example.com</p>\n")

    def _run_nginx(self):
        self.machine.check("mount -t tmpfs tmpfs /run")
        self._write_page()
        self.machine.write("/etc/nginx/sites-enabled/www", (
            "server {\n    listen 127.0.0.1:80;\n    server_name www.example.com;\n"
            "    root /var/www/html;\n}\n"))
        self.machine.start("exec nginx -g 'daemon off;'", lambda said: self.machine.listens(80))

    def _run_apache(self):
        self.machine.check("mount -t tmpfs tmpfs /run; mkdir -p /run/lock /run/apache2")
        self._write_page()
        # The CAs have port 443 of other addresses.
        self.machine.write("/etc/apache2/ports.conf", "Listen 127.0.0.1:80\n")
        self.machine.write("/etc/apache2/sites-enabled/www.conf", (
            "<VirtualHost *:80>\n    ServerName www.example.com\n    DocumentRoot /var/www/html\n</VirtualHost>\n"))
        self.machine.start(". /etc/apache2/envvars; exec apache2 -D FOREGROUND",
                           lambda said: self.machine.listens(80))

    def _live_elsewhere(self):
        """Certificates of certbot and lego, and what renews them."""
        lego = ("lego --path /srv/lego --accept-tos --email admin@example.com --domains api.example.com"
                " --http --http.webroot /var/www/html")
        self.machine.check(
            "certbot certonly --non-interactive --agree-tos --email admin@example.com --webroot -w /var/www/html"
            " -d www.example.com --deploy-hook 'systemctl reload nginx'\n"
            f"{lego} run\n"
            f"echo '0 4 * * * root {lego} renew' > /etc/cron.d/lego\n"
            "mkdir -p /etc/systemd/system/timers.target.wants\n"
            "ln -sf /lib/systemd/system/certbot.timer /etc/systemd/system/timers.target.wants/certbot.timer")

    def _offer_interface(self):
        """The interface of a DNS provider, whose certificate the system trusts."""
        machine = self.machine
        machine.write("/srv/interface.py", (REPOSITORY / "tests/harness/example_interface.py").read_text())
        machine.check(
            "cd /srv; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -keyout interface.key"
            f" -out interface.pem -subj /CN={INTERFACE} -addext subjectAltName=DNS:{INTERFACE}\n"
            "cp interface.pem /etc/ssl/certs/$(openssl x509 -noout -hash -in interface.pem).0\n"
            "cat interface.pem >> /etc/ssl/certs/ca-certificates.crt\n"
            f"echo 127.0.0.4 {INTERFACE} >> /etc/hosts")
        machine.start("exec python3 /srv/interface.py /srv/interface.pem /srv/interface.key",
                      lambda said: machine.listens(443, "127.0.0.4"))

    def _resolve(self):
        machine = self.machine
        machine.check("mkdir -p /srv/knot/database")
        machine.write("/srv/knot/knot.conf", KNOT)
        for zone, text in ZONES.items():
            machine.write(f"/srv/knot/{zone[:-1]}.zone", ZONE + text)
        machine.write("/etc/resolv.conf", "nameserver 127.0.0.1\n")
        machine.write("/etc/hosts", "127.0.0.1 localhost ca.corp.example\n" + "".join(
            f"{address} {name}\n" for address, name in PUBLIC.items()))
        machine.start("exec knotd -c /srv/knot/knot.conf",
                      lambda said: machine.run("kdig @127.0.0.1 www.example.com A | grep -q 127.0.0.1")[0] == 0)

    def _certify(self, address, name):
        """A public CA, which the system trusts."""
        folder = f"/srv/{name}"
        self.machine.check(
            f"cairn-ca init {folder} --name {name} --host {name} --listen {address}:443\n"
            f"cp {folder}/pki/root.pem /etc/ssl/certs/$(openssl x509 -noout -hash -in {folder}/pki/root.pem).0\n"
            f"cat {folder}/pki/root.pem >> /etc/ssl/certs/ca-certificates.crt")
        self.machine.start(
            f"exec cairn-ca serve {folder} --set 'validation.allow_networks=[\"127.0.0.0/8\"]'"
            " --set 'validation.dns_servers=[\"127.0.0.1\"]' --set validation.dnssec=false"
            f" --set 'directory.terms_of_service=\"https://{name}/terms\"'"
            f" --set 'server.admin_listen=\"{address}:8080\"'",
            lambda said: '"event":"serving"' in said)


@pytest.fixture
def machine():
    try:
        own = Machine()
    except (Failed, OSError, subprocess.CalledProcessError) as error:
        pytest.skip(str(error))
    yield own
    own.stop()


def has_live(machine, *names):
    for name in names:
        live = f"/var/lib/cairn/live/{name}"
        machine.check(f"openssl verify -untrusted {live}/chain.pem {live}/cert.pem")


def check_one_web_server(machine):
    assert machine.read("/srv/systemctl.log").splitlines()[0] == "reload nginx"
    assert machine.run("ls /var/lib/cairn/live/www.example.com")[0] != 0, "it was deleted"


def check_wildcard(machine):
    has_live(machine, "example.com", "shop.example.com")
    assert "present" not in machine.read("/var/log/change-dns")
    found = machine.check("kdig @127.0.0.1 +short _acme-challenge.example.com TXT")
    assert not found.strip(), "a record was left behind"


def check_own_dns_provider(machine):
    has_live(machine, "example.com")
    found = machine.check("kdig @127.0.0.1 +short _acme-challenge.example.com TXT")
    assert not found.strip(), "a record was left behind"


def check_fleet(machine):
    has_live(machine, "www.example.com", "api")
    assert "cairn_" in machine.read("/var/lib/cairn/cairn.prom")
    assert machine.read("/srv/systemctl.log").splitlines() == ["reload api"]


def check_private_ca(machine):
    has_live(machine, "intranet.corp.example", "wiki.corp.example")


def check_perspectives(machine):
    live = "/var/lib/cairn/live/intranet.corp.example"
    machine.check(f"openssl verify -CAfile /srv/root.pem -untrusted {live}/chain.pem {live}/cert.pem")


def check_moving(machine):
    has_live(machine, "www.example.com", "api.example.com")
    for path, name in {"/etc/letsencrypt/live/www.example.com/privkey.pem": "www.example.com",
                       "/srv/lego/certificates/api.example.com.key": "api.example.com"}.items():
        assert machine.check(f"readlink {path}").strip() == f"/var/lib/cairn/live/{name}/privkey.pem"
    assert machine.run("ls /etc/systemd/system/timers.target.wants/certbot.timer")[0] != 0
    assert machine.read("/etc/cron.d/lego").startswith("#")
    assert "reload nginx" in machine.read("/srv/systemctl.log")


def check_when_it_fails(machine):
    has_live(machine, "www.example.com")


def shows_live(machine, name):
    shown = machine.check(
        f"openssl s_client -connect 127.0.0.1:443 -servername {name} </dev/null 2>&1 | openssl x509 -noout -serial")
    assert shown == machine.check(f"openssl x509 -noout -serial -in /var/lib/cairn/live/{name}/cert.pem")


def check_nginx(machine):
    has_live(machine, "www.example.com")
    shows_live(machine, "www.example.com")
    answer = machine.check("exec 3<>/dev/tcp/127.0.0.1/80\n"
                           "printf 'GET / HTTP/1.0\\r\\nHost: www.example.com\\r\\n\\r\\n' >&3\nhead -1 <&3")
    assert " 200 " in answer, "the redirect was taken back"


def check_apache(machine):
    has_live(machine, "www.example.com")
    shows_live(machine, "www.example.com")
    machine.check("cairn deploy www.example.com --take-back\n. /etc/apache2/envvars; apache2 -t")


def page_of(guide):
    return f"docs/{guide}.md" if guide in SERVERS else f"docs/guide/{guide}.md"


@pytest.mark.parametrize("guide", GUIDES + SERVERS)
def test_what_a_guide_says_works(guide, machine):
    Internet(machine, guide)
    for block in blocks_of(page_of(guide)):
        if block.language != "sh" or block.mark.startswith("not run: "):
            continue
        if block.mark == "serves":
            machine.start(block.text, lambda said: '"event":"serving"' in said)
            continue
        code, said = machine.run(block.text)
        assert code == (2 if block.mark.startswith("fails") else 0), f"{block.name} ended with {code}\n{said}"
    globals()[f"check_{guide.replace('-', '_')}"](machine)


@pytest.mark.parametrize("guide", GUIDES + SERVERS)
def test_every_block_of_a_guide_says_what_it_is(guide):
    for block in blocks_of(page_of(guide)):
        assert block.language in {"sh", "toml", "text"}, f"{block.name}: ```{block.language}"
        assert not block.mark or block.mark in ("serves", "fails") or block.mark.startswith(
            ("not run: ", "fails: "))


def test_every_guide_is_run_and_linked():
    pages = {page.stem for page in (REPOSITORY / "docs" / "guide").glob("*.md")}
    assert pages == set(GUIDES)
    readme = (REPOSITORY / "README.md").read_text()
    for page in pages:
        assert f"(docs/guide/{page}.md)" in readme


def test_units_that_are_named_are_there():
    units = {unit for guide in GUIDES for unit in re.findall(
        r"systemctl enable --now (\S+)", (REPOSITORY / f"docs/guide/{guide}.md").read_text())}
    there = {file.name for file in (REPOSITORY / "packaging" / "systemd").glob("*")}
    assert units and units <= there
