"""Apache httpd as solver and as target: what happens when something goes wrong in the middle."""

import errno
import signal
import socket
import subprocess
import threading

import pytest

from harness.apache import Apache
from harness.disk import FaultyDisk
from harness.issued import read_chain
from harness.tls import served_certificate

NAME = "site.example"
SITE = """\
# The site.
<VirtualHost *:@HTTP@>
    ServerName site.example
    ServerAlias www.site.example
    DocumentRoot @ROOT@/www
    Redirect permanent /old https://elsewhere.example/
</VirtualHost>
"""
MARK = "cairn answers a challenge"


@pytest.fixture
def apache():
    server = Apache({"sites-available/site.conf": SITE})
    (server.root / "state").mkdir(mode=0o700)
    yield server
    server.stop()


@pytest.fixture
def site(apache, ca, cairn):
    """It runs; the CA validates at its port, and cairn's state is beside its files."""
    ca.http_port = apache.http_port
    cairn.state = apache.root / "state"
    return apache.start()


def configuration(apache):
    return {name: what for name, what in apache.files().items() if not name.startswith("state/")}


def issuing(ca, apache, *arguments):
    return ["issue", "-d", NAME, "--solver", f"apache:{apache.place}", "--ca", ca.directory,
            "--ca-root", ca.api_root, "--agree-tos", *arguments]


def target(apache, *more):
    return ",".join([f"apache:{apache.root}", f"http-port={apache.http_port}",
                     f"https-port={apache.https_port}", *more])


def test_the_lines_are_there_for_the_challenge_alone(site, ca, cairn):
    before = configuration(site)
    seen = []
    usual = ca.verdict

    def look(authorization):
        seen.append(site.read("sites-available/site.conf"))
        usual(authorization)

    ca.verdict = look
    done = cairn.outcome(*issuing(ca, site))
    assert done.returncode == 0, done.stderr
    assert MARK in seen[0]
    assert configuration(site) == before
    assert not list((cairn.state / "edits" / ".apache").iterdir())


def test_a_failed_proof_takes_them_away_too(site, ca, cairn):
    before = configuration(site)

    def refuse(authorization):
        authorization["status"] = "invalid"
        authorization["challenges"][0]["status"] = "invalid"

    ca.verdict = refuse
    done = cairn.outcome(*issuing(ca, site))
    assert done.returncode == 2
    assert configuration(site) == before


def test_it_is_refused_while_the_server_does_not_run(apache, ca, cairn):
    done = cairn.outcome(*issuing(ca, apache))
    assert done.returncode == 2
    assert "it does not run" in done.stderr
    assert not ca.orders, "seen before the CA was asked"


def test_wildcards_are_refused(site, ca, cairn):
    done = cairn.outcome("issue", "-d", "*.site.example", "--solver", f"apache:{site.place}",
                         "--ca", ca.directory, "--ca-root", ca.api_root, "--agree-tos")
    assert done.returncode == 2
    assert "wildcard" in done.stderr.lower()


def points_of(disk, words, cairn, at_most, request, manner):
    """A whole run, and some of the calls by which it changes the files of the configuration (all of them
    with --every-fault): their numbers, with the manner of each."""
    disk.arm()
    run = cairn.outcome(*words, environment=disk.variables())
    disk.disarm()
    assert run.returncode == 0, run.stderr
    points = [(number, kind) for number, (name, _) in enumerate(disk.calls(), 1) for kind in manner(name)]
    assert points
    if request.config.getoption("--every-fault") or len(points) <= at_most:
        return points
    return [points[round(place * (len(points) - 1) / (at_most - 1))] for place in range(at_most)]


def kills(name):
    return ["killed", "killed_within"] if name == "write" else ["killed", "killed_behind"]


def test_killed_at_every_step_of_a_challenge(site, ca, cairn, tmp_path, request):
    """The server starts with what is there, and the next run takes everything away."""
    before = configuration(site)
    disk = FaultyDisk(tmp_path, site.root / "sites-available")
    words = [*issuing(ca, site), "--force"]
    deaths = 0
    for number, manner in points_of(disk, words, cairn, 6, request, kills):
        disk.arm(nth=number, manner=manner)
        died = cairn.outcome(*words, environment=disk.variables())
        disk.disarm()
        deaths += died.returncode == -signal.SIGKILL
        site.test()
        assert cairn.outcome("renew").returncode == 0
        assert configuration(site) == before, (number, manner)
    assert deaths > 3
    site.restart()


def test_kill_at_the_cas_look(site, ca, cairn):
    before = configuration(site)
    running = []
    usual = ca.verdict

    def look(authorization):
        ca.verdict = usual
        running[0].kill()
        running[0].wait()
        usual(authorization)

    ca.verdict = look
    running.append(subprocess.Popen(cairn.command_line(*issuing(ca, site)),
                                    stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
    running[0].wait(60)
    assert MARK in site.read("sites-available/site.conf"), "it was killed in time"
    site.test()
    # Somebody edits the file meanwhile, which stays.
    file = site.root / "sites-available" / "site.conf"
    file.write_text(file.read_text().replace("# The site.", "# The site of the club."))
    again = cairn.outcome(*issuing(ca, site))
    assert again.returncode == 0, again.stderr
    assert site.read("sites-available/site.conf") == \
        before["sites-available/site.conf"][0].decode().replace("site.\n", "site of the club.\n", 1)


def test_a_full_disk_at_every_step_of_a_challenge(site, ca, cairn, tmp_path, request):
    before = configuration(site)
    disk = FaultyDisk(tmp_path, site.root / "sites-available")
    words = [*issuing(ca, site), "--force"]
    for number, _ in points_of(disk, words, cairn, 4, request, lambda name: ["undone"]):
        disk.arm(nth=number, error=errno.ENOSPC)
        run = cairn.outcome(*words, environment=disk.variables())
        disk.disarm()
        assert run.returncode in (0, 2)
        site.test()
        # What could not be taken down goes with the next run.
        assert configuration(site) == before or cairn.outcome("renew").returncode == 0
        assert configuration(site) == before, (number, run.stderr)


def test_install_with_two_keys_redirect_and_hsts(site, ca, cairn):
    before = configuration(site)
    done = cairn.outcome(*issuing(ca, site, "--key-type", "ec-p256", "--key-type", "rsa2048",
                                  "--deploy", target(site, "redirect=yes", "hsts=yes")))
    assert done.returncode == 0, done.stderr
    text = site.read("sites-available/site.conf")
    for file in ("fullchain.pem", "privkey.pem", "fullchain-rsa2048.pem", "privkey-rsa2048.pem"):
        assert f"{cairn.live(NAME)}/{file}\n" in text
    leaf = read_chain((cairn.live(NAME) / "fullchain.pem").read_text())[0]
    assert served_certificate(site.https_port, NAME) == leaf
    head = get(site.http_port, NAME)
    assert head.startswith("HTTP/1.1 301")
    assert f"Location: https://{NAME}:{site.https_port}/" in head
    assert "Location" not in get(site.http_port, "www.site.example"), "it is not in the certificate"
    # A renewal has the server read the files again, and changes none of its own.
    changed = configuration(site)
    renewed = cairn.outcome("renew", NAME, "--force")
    assert renewed.returncode == 0, renewed.stderr
    assert configuration(site) == changed
    fresh = read_chain((cairn.live(NAME) / "fullchain.pem").read_text())[0]
    assert fresh != leaf
    assert served_certificate(site.https_port, NAME) == fresh
    undone = cairn.outcome("deploy", NAME, "--take-back")
    assert undone.returncode == 0, undone.stderr
    assert configuration(site) == before


def get(port, host):
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(f"GET / HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
        return connection.makefile("rb").read().decode("latin-1")


def test_a_port_of_another_program_is_not_listened_at(apache, ca, cairn):
    ca.http_port = apache.http_port
    apache.write("ports.conf", "Listen 127.0.0.1:@HTTP@\n")
    apache.start()
    before = apache.files()
    with socket.create_server(("127.0.0.1", apache.https_port)):
        done = cairn.outcome(*issuing(ca, apache, "--deploy", target(apache)))
    assert done.returncode == 2
    assert "another program's" in done.stderr
    assert apache.files() == before
    # At another address it is in nobody's way.
    with socket.create_server(("127.0.0.9", apache.https_port)):
        done = cairn.outcome(*issuing(ca, apache, "--deploy", target(apache)))
    assert done.returncode == 0, done.stderr


def test_killed_at_every_step_of_an_installation(site, ca, cairn, tmp_path, request):
    assert cairn.outcome(*issuing(ca, site)).returncode == 0
    before = configuration(site)
    words = ["deploy", NAME, target(site)]
    disk = FaultyDisk(tmp_path, site.root / "sites-available")
    leaf = read_chain((cairn.live(NAME) / "fullchain.pem").read_text())[0]
    points = points_of(disk, words, cairn, 4, request, kills)
    for number, manner in points:
        site.write("sites-available/site.conf", SITE)
        disk.arm(nth=number, manner=manner)
        cairn.outcome(*words, environment=disk.variables())
        disk.disarm()
        site.test()
        again = cairn.outcome(*words)
        assert again.returncode == 0, again.stderr
        assert served_certificate(site.https_port, NAME) == leaf, (number, manner)
        assert configuration(site) != before
    site.test()


def test_two_runs_take_turns(site, ca, cairn):
    """Two orders at once, each with lines of its own in the same file."""
    before = configuration(site)
    results = []

    def issue(name):
        words = issuing(ca, site)
        words[2] = name
        results.append(cairn.outcome(*words, timeout=200))

    threads = [threading.Thread(target=issue, args=(name,)) for name in (NAME, "www.site.example")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [done.returncode for done in results] == [0, 0], [done.stderr for done in results]
    assert configuration(site) == before


def test_a_full_disk_at_steps_of_an_installation(site, ca, cairn, tmp_path, request):
    """Of the configuration and of the state, which is beside it."""
    assert cairn.outcome(*issuing(ca, site)).returncode == 0
    assert cairn.outcome("set", NAME, "--deploy", target(site)).returncode == 0
    leaf = read_chain((cairn.live(NAME) / "fullchain.pem").read_text())[0]
    disk = FaultyDisk(tmp_path, site.root)
    disk.arm()
    assert cairn.outcome("deploy", NAME, environment=disk.variables()).returncode == 0
    installed = configuration(site)
    steps = [number for number, (_, file) in enumerate(disk.calls(), 1) if not file.startswith("state/attempts")]
    assert len(steps) > 20, disk.calls()
    failures = 0
    for number in steps if request.config.getoption("--every-fault") else steps[2::len(steps) // 4]:
        assert cairn.outcome("deploy", NAME, "--take-back").returncode == 0
        disk.arm(nth=number, error=errno.ENOSPC)
        run = cairn.outcome("deploy", NAME, environment=disk.variables())
        disk.disarm()
        failures += run.returncode == 2
        assert run.returncode in (0, 2)
        site.test()
        run = cairn.outcome("deploy", NAME)
        assert run.returncode == 0, (number, run.stderr)
        assert served_certificate(site.https_port, NAME) == leaf, number
        assert configuration(site) == installed, number
    assert failures > 0
