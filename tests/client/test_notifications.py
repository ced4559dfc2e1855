"""Whom cairn tells of trouble, in what way, how often, and what it does where it cannot."""

import base64
import contextlib
import datetime
import http.server
import json
import socket
import ssl
import subprocess
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from harness.mounts import in_own_mounts, why_not
from harness.serving import serve

NAME = "a.example"


@pytest.fixture
def identity(tmp_path):
    """A certificate for localhost with its key, in one file, which is its own root."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.utcnow()
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(
            [x509.DNSName("localhost"), x509.DNSName("mail.test")]), False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), True)
        .sign(key, hashes.SHA256()))
    file = tmp_path / "localhost.pem"
    file.write_bytes(
        certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption()))
    return file


def tls_context(identity):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(identity)
    return context


class Webhook:
    """Takes posts over HTTPS."""

    def __init__(self, identity):
        self.posts, self.status = [], 204
        hook = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((dict(self.headers), json.loads(body)))
                self.send_response(hook.status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = tls_context(identity).wrap_socket(self.server.socket, server_side=True)
        self.thread = serve(self.server)
        self.url = f"https://localhost:{self.server.server_address[1]}/hook"

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()

    def taken(self):
        posts, self.posts = self.posts, []
        return posts


@pytest.fixture
def webhook(identity):
    hook = Webhook(identity)
    yield hook
    hook.stop()


class MailServer:
    """Takes mail by SMTP: over TLS from the start, after STARTTLS, or plain."""

    def __init__(self, identity, tls_from_start, offers_tls=True):
        self.context = tls_context(identity)
        self.tls_from_start, self.offers_tls = tls_from_start, offers_tls
        self.mails, self.logins, self.plain_mails = [], [], 0
        self.over = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.settimeout(0.2)
        self.port = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def stop(self):
        self.over.set()
        self.thread.join()
        self.listener.close()

    def _serve(self):
        while not self.over.is_set():
            with contextlib.suppress(OSError):
                connection, _ = self.listener.accept()
                connection.settimeout(10)
                with contextlib.suppress(OSError):
                    self._talk(connection)
                connection.close()

    def _talk(self, connection):
        is_tls = self.tls_from_start
        if is_tls:
            connection = self.context.wrap_socket(connection, server_side=True)
        lines = connection.makefile("rb")
        say = lambda text: connection.sendall(text.encode() + b"\r\n")
        say("220 mail.test ESMTP")
        mail = {"to": []}
        while line := lines.readline():
            words = line.decode().strip()
            verb = words.split(" ")[0].upper()
            if verb == "EHLO":
                say("250-mail.test")
                if is_tls:
                    say("250-AUTH PLAIN")
                elif self.offers_tls:
                    say("250-STARTTLS")
                say("250 8BITMIME")
            elif verb == "STARTTLS":
                say("220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                lines, is_tls = connection.makefile("rb"), True
            elif verb == "AUTH":
                if words.count(" ") == 1:
                    say("334 ")
                    words += " " + lines.readline().decode().strip()
                self.logins.append(words.split(" ")[2])
                say("235 welcome")
            elif verb == "MAIL":
                mail["from"] = words
                say("250 ok")
            elif verb == "RCPT":
                mail["to"].append(words)
                say("250 ok")
            elif verb == "DATA":
                say("354 send it")
                text = b""
                while (line := lines.readline()) != b".\r\n":
                    text += line
                mail["text"] = text.decode()
                self.mails.append(mail)
                self.plain_mails += not is_tls
                say("250 taken")
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("502 no")


def settings(cairn, tmp_path, text):
    """The folder of a cairn.toml with this text."""
    folder = tmp_path / "config"
    folder.mkdir(exist_ok=True)
    (folder / "cairn.toml").write_text(text)
    (folder / "cairn.toml").chmod(0o600)
    cairn.environment["CAIRN_CONFIG"] = str(folder)
    return folder


def hook_settings(cairn, tmp_path, webhook, identity, more="", notify=""):
    return settings(cairn, tmp_path, f"""
[notify]
{notify}
[notify.webhook]
url = "{webhook.url}"
root_file = "{identity}"
{more}
""")


def states(posts):
    return [(notice["kind"], notice["state"], notice["lineage"])
            for _, body in posts for notice in body["notices"]]


@pytest.fixture
def failing(cairn, ca):
    """Lets renewals fail, and then succeed again."""
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    look, ca.verdict = ca.verdict, ca.stays_pending
    return lambda fails: setattr(ca, "verdict", ca.stays_pending if fails else look)


def test_a_failure_is_told_once_and_its_end_too(cairn, webhook, identity, tmp_path, failing):
    hook_settings(cairn, tmp_path, webhook, identity,
                  'header = "X-Token"\nsecret = "very secret"')
    assert cairn.outcome("renew", "--force").returncode == 2
    (headers, body), = webhook.taken()
    assert headers["X-Token"] == "very secret"
    assert headers["Content-Type"] == "application/json"
    assert body["version"] == 1 and NAME in body["text"]
    notice, = body["notices"]
    assert (notice["kind"], notice["state"], notice["lineage"]) == ("failure", "began", NAME)
    assert "nobody answers" in notice["came_back"] and notice["next"]
    # The same once more: nobody is told again.
    assert cairn.outcome("renew", "--force").returncode == 2
    assert webhook.taken() == []
    failing(False)
    assert cairn.outcome("renew", "--force").returncode == 0
    assert states(webhook.taken()) == [("failure", "over", NAME)]
    # All is well: silence.
    assert cairn.outcome("renew").returncode == 0
    assert cairn.outcome("renew", "--force").returncode == 0
    assert webhook.taken() == []


def test_another_failure_is_told_at_once(cairn, ca, webhook, identity, tmp_path, failing):
    hook_settings(cairn, tmp_path, webhook, identity)
    assert cairn.outcome("renew", "--force").returncode == 2
    webhook.taken()
    (cairn.state / "renewal" / f"{NAME}.json").write_text("{")
    assert cairn.outcome("renew", "--force").returncode == 2
    assert states(webhook.taken()) == [("failure", "began", NAME)]


def test_what_lasts_is_told_again_after_the_time_of_the_settings(
        cairn, webhook, identity, tmp_path, failing):
    hook_settings(cairn, tmp_path, webhook, identity, notify='repeat = "1s"')
    assert cairn.outcome("renew", "--force").returncode == 2
    assert states(webhook.taken()) == [("failure", "began", NAME)]
    # A second later by the clock of the ledger, without waiting for it.
    ledger = cairn.state / "notices.json"
    kept = json.loads(ledger.read_text())
    for entry in kept["told"]:
        entry["told"] = "2020-01-01T00:00:00Z"
    ledger.write_text(json.dumps(kept))
    assert cairn.outcome("renew", "--force").returncode == 2
    assert states(webhook.taken()) == [("failure", "lasts", NAME)]


def test_a_certificate_that_expires_soon_is_told(cairn, ca, webhook, identity, tmp_path):
    hook_settings(cairn, tmp_path, webhook, identity, notify='before_expiry = "90d"')
    # Most of its life is over.
    ca.validity = datetime.timedelta(days=-80), datetime.timedelta(days=10)
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.verdict = ca.stays_pending
    assert cairn.outcome("renew").returncode == 2
    told = webhook.taken()
    assert ("expiry", "began", NAME) in states(told)
    notice = next(each for each in told[0][1]["notices"] if each["kind"] == "expiry")
    assert notice["not_after"] and "it was not renewed" in notice["came_back"]


def test_what_could_not_be_told_is_told_by_the_next_run(
        cairn, webhook, identity, tmp_path, failing):
    hook_settings(cairn, tmp_path, webhook, identity)
    webhook.status = 500
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 2
    assert "warning: Nobody could be told of this run" in run.stderr
    assert "it answered 500" in run.stderr
    webhook.taken()
    webhook.status = 200
    assert cairn.outcome("renew", "--force").returncode == 2
    assert states(webhook.taken()) == [("failure", "began", NAME)]


@pytest.mark.parametrize("tls_from_start", [True, False])
def test_mail_by_a_server(cairn, identity, tmp_path, failing, tls_from_start):
    server = MailServer(identity, tls_from_start)
    try:
        scheme = "smtps" if tls_from_start else "smtp"
        password = '\nuser = "cairn"\npassword = "word"' if tls_from_start else ""
        settings(cairn, tmp_path, f"""
[notify.mail]
to = ["ops@a.example", "root@a.example"]
from = "cairn@a.example"
server = "{scheme}://localhost:{server.port}"
root_file = "{identity}"{password}
""")
        assert cairn.outcome("renew", "--force").returncode == 2
    finally:
        server.stop()
    mail, = server.mails
    assert "<cairn@a.example>" in mail["from"]
    assert [to.split(":")[1].split(">")[0] for to in mail["to"]] == [
        "<ops@a.example", "<root@a.example"]
    head, _, body = mail["text"].partition("\r\n\r\n")
    assert "To: ops@a.example, root@a.example" in head
    assert f"{NAME}: trouble" in head and "Auto-Submitted: auto-generated" in head
    assert f"{NAME}: could not prove control" in body and "nobody answers" in body
    assert bool(server.logins) == tls_from_start


def test_mail_is_sent_plain_to_this_machine_alone(cairn, tmp_path, identity):
    # A name that is not this machine's: STARTTLS is wanted, and nobody answers there anyway.
    settings(cairn, tmp_path, """
[notify.mail]
to = ["ops@a.example"]
server = "smtp://mail.invalid:2525"
""")
    run = cairn.outcome("notify", "test")
    assert run.returncode == 2 and "smtp://mail.invalid:2525" in run.stderr


@pytest.mark.parametrize("offers_tls", [True, False])
def test_mail_to_another_machine_is_sent_after_starttls_alone(cairn, identity, tmp_path, offers_tls):
    """A name that is not this machine's, though here it leads to it."""
    if reason := why_not():
        pytest.skip(reason)
    hosts = tmp_path / "hosts"
    hosts.write_text("127.0.0.1 localhost mail.test\n")
    server = MailServer(identity, tls_from_start=False, offers_tls=offers_tls)
    try:
        settings(cairn, tmp_path, f"""
[notify.mail]
to = ["ops@a.example"]
server = "smtp://mail.test:{server.port}"
root_file = "{identity}"
user = "cairn"
password = "word"
""")
        run = subprocess.run(
            [*in_own_mounts(f"mount --bind {hosts} /etc/hosts"),
             *cairn.command_line("notify", "test")],
            env=cairn.environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=60)
    finally:
        server.stop()
    assert server.plain_mails == 0
    assert run.returncode == (0 if offers_tls else 2), run.stderr
    assert (len(server.mails), len(server.logins)) == ((1, 1) if offers_tls else (0, 0))
    if offers_tls:
        assert base64.b64decode(server.logins[0]) == b"\0cairn\0word"


def test_mail_by_a_program(cairn, tmp_path, failing):
    program = tmp_path / "sendmail"
    program.write_text(f"#!/bin/sh\necho \"$*\" > {tmp_path}/words\ncat > {tmp_path}/mail\n")
    program.chmod(0o755)
    settings(cairn, tmp_path, f"""
[notify.mail]
to = ["ops@a.example"]
program = "{program} -t -i"
""")
    assert cairn.outcome("renew", "--force").returncode == 2
    assert (tmp_path / "words").read_text() == "-t -i\n"
    mail = (tmp_path / "mail").read_text()
    assert mail.startswith("Date: ") and "To: ops@a.example\n" in mail and "\r" not in mail


def test_a_program_is_told(cairn, tmp_path, failing):
    program = tmp_path / "page"
    program.write_text(f"#!/bin/sh\ncat > {tmp_path}/json\necho \"$CAIRN_SUBJECT\" > "
                       f"{tmp_path}/subject\n")
    program.chmod(0o755)
    settings(cairn, tmp_path, f'[notify]\nprogram = "{program}"\n')
    assert cairn.outcome("renew", "--force").returncode == 2
    notice, = json.loads((tmp_path / "json").read_text())["notices"]
    assert notice["lineage"] == NAME
    assert f"{NAME}: trouble" in (tmp_path / "subject").read_text()


def test_a_test_finds_out_whether_it_arrives(cairn, webhook, identity, tmp_path):
    run = cairn.outcome("notify", "test")
    assert run.returncode == 2 and "names nobody to tell" in run.stderr
    hook_settings(cairn, tmp_path, webhook, identity)
    run = cairn.outcome("notify", "test", "--json")
    assert run.returncode == 0, run.stderr
    assert json.loads(run.stdout)["ways"] == ["webhook"]
    (_, body), = webhook.taken()
    assert body["notices"] == [] and "This is a test" in body["text"]


def test_settings_are_read_strictly(cairn, tmp_path):
    folder = settings(cairn, tmp_path, '[notify]\nprogramm = "x"\nrepeat = "often"\n')
    run = cairn.outcome("notify", "test", "--json")
    assert run.returncode == 2
    error = json.loads(run.stdout)["error"]
    assert str(folder / "cairn.toml") in error["tried"]
    assert "did you mean notify.program?" in error["came_back"]
    assert "notify.repeat" in error["came_back"]


def test_a_mistake_keeps_nothing_from_being_renewed(cairn, ca, webhook, identity, tmp_path):
    # Nor from being issued, where it is in what only renewals use.
    hook_settings(cairn, tmp_path, webhook, identity, notify='repeat = "often"')
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    assert "warning: Could not read the settings" in run.stderr and "notify.repeat" in run.stderr
    for number, text in enumerate(
            ['[notify]\nprogramm = "page"\n', "notify = 1\n", '[hooks]\ntimeout = "soon"\n',
             '[served]\nx = ["a:b:c:d"]\n', 'emial = "a@b"\n', 'ca = ["buypass"]\n', "= 1\n",
             "\0\xff"], 2):
        folder = settings(cairn, tmp_path, text)
        run = cairn.outcome("renew", "--force", "--json")
        assert run.returncode == 2, text
        assert len(ca.certificates) == number, run.stderr
        answer = json.loads(run.stdout)
        assert [each["result"] for each in answer["certificates"]] == ["renewed"]
        assert answer["result"] == "failed"
        assert str(folder / "cairn.toml") in answer["error"]["tried"]
        assert run.stderr.count("Could not read the settings") == 1
        # What nobody waits for is no mistake either that goes unseen.
        assert cairn.outcome("renew", "-q").returncode == 2
    # What decides from whom a certificate comes has to be right.
    settings(cairn, tmp_path, 'ca = ["buypass"]\n')
    run = cairn.outcome(*cairn.issuing("b.example"))
    assert run.returncode == 2 and "Buypass has ended" in run.stderr
    assert not (cairn.state / "renewal" / "b.example.json").exists()


def test_of_several_ways_to_be_told_those_without_mistake_are_used(
        cairn, webhook, identity, tmp_path, failing):
    hook_settings(cairn, tmp_path, webhook, identity, '[notify.mail]\nto = ["nobody"]\n')
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 2 and '"nobody" is no mail address' in run.stderr
    assert states(webhook.taken()) == [("failure", "began", NAME)]


def test_a_secret_that_others_can_read_is_refused(cairn, webhook, identity, tmp_path):
    folder = hook_settings(cairn, tmp_path, webhook, identity, 'secret = "word"')
    (folder / "cairn.toml").chmod(0o644)
    run = cairn.outcome("notify", "test")
    assert run.returncode == 2
    assert "others can read it" in run.stderr and "chmod 600" in run.stderr
    assert "word" not in run.stderr.replace("password", "")


def test_a_dry_run_tells_nobody(cairn, ca, webhook, identity, tmp_path, failing):
    hook_settings(cairn, tmp_path, webhook, identity)
    assert cairn.outcome("renew", "--dry-run", "--ca", ca.directory, "--ca-root", ca.api_root,
                         "--agree-tos").returncode == 2
    assert webhook.taken() == []
