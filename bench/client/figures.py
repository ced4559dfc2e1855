#!/usr/bin/env python3
"""The client's figures, each beside certbot and lego on the same work in the same run where they can do
it: `./dev bench client`. Prints a table in Markdown, and writes it to the file of --report.

Everything runs on loopback against one cairn-ca. Processor time is user and system time of the process and
its children, from wait4(2); wall times are medians.
"""

import argparse
import contextlib
import datetime
import os
import pathlib
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tests"), str(pathlib.Path(__file__).parent)]

DUE = datetime.timedelta(days=70)


class Usage:
    """What a program took."""

    def __init__(self, wall, cpu, memory):
        self.wall, self.cpu, self.memory = wall, cpu, memory

    @staticmethod
    def of(words, environment=None, codes=(0,)):
        began = time.perf_counter()
        with open(os.devnull, "r+b") as nothing, tempfile.TemporaryFile() as told:
            process = subprocess.Popen([str(word) for word in words], stdin=nothing, stdout=nothing,
                                       stderr=told, env=environment)
            _, status, used = os.wait4(process.pid, 0)
            wall = time.perf_counter() - began
            process.returncode = os.waitstatus_to_exitcode(status)
            if process.returncode not in codes:
                told.seek(0)
                raise SystemExit(f"{words[0]} ended with {process.returncode}:\n"
                                 f"{told.read()[-2000:].decode(errors='replace')}")
        return Usage(wall, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)

    @staticmethod
    def median(usages):
        return Usage(*(statistics.median(getattr(usage, part) for usage in usages)
                       for part in ("wall", "cpu", "memory")))


def processor_seconds(process):
    fields = pathlib.Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def none_due(cairn, folder, count):
    """`cairn renew` over lineages of which none is due, when what it verifies did not change."""
    from states import make_state

    state = folder / "none-due"
    # Nobody is there to be asked: whether the CA has something to say of each is not what this measures.
    make_state(state, count, "https://localhost:1/directory", "", "standalone")
    renewing = [cairn, "renew", "--state", state, "--quiet"]
    Usage.of(renewing)
    time.sleep(2)
    verifying = Usage.of(renewing)
    return verifying, Usage.median([Usage.of(renewing) for _ in range(5)])


def certbot_none_due(folder, count):
    from states import Issuer, add_certbot_lineage

    home, issuer = folder / "certbot-none-due", Issuer()
    for number in range(count):
        add_certbot_lineage(home, issuer, f"host-{number:05}.test")
    folders = [word for part in ("config", "work", "logs") for word in (f"--{part}-dir", home)]
    return Usage.median([Usage.of(["certbot", "renew", "-n", "--no-random-sleep-on-renew", "-q", *folders])
                         for _ in range(3)])


def start_up(cairn, folder, rounds=21):
    """From the start of the process to its connection to the CA, in seconds."""
    times = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        words = [cairn, "issue", "-d", "a.test", "--solver", f"standalone:127.0.0.1:{free_port()}",
                 "--ca", f"https://127.0.0.1:{server.getsockname()[1]}/directory", "--agree-tos",
                 "--state", folder / "start-up"]
        for _ in range(rounds):
            began = time.perf_counter()
            process = subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            server.accept()[0].close()
            times.append(time.perf_counter() - began)
            process.kill()
            process.wait()
    return statistics.median(times)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return server.getsockname()[1]


def one_certificate(cairn, ca, folder, environment, rounds):
    """The whole process for one new certificate with an account that stands, in turns."""
    clients = {"cairn": [], "lego": [], "certbot": []}
    home = folder / "one"
    for number in range(rounds + 1):
        name = f"one-{number}.test"
        words = {
            "cairn": [cairn, "issue", "-d", name, "--solver", f"standalone:127.0.0.1:{ca.http_port}",
                      "--ca", ca.directory, "--ca-root", ca.api_root, "--agree-tos", "--email",
                      "a@example.test", "--state", home / "cairn"],
            "lego": ["lego", "--server", ca.directory, "--email", "a@example.test", "--accept-tos",
                     "--path", home / "lego", "--http", "--http.port", f"127.0.0.1:{ca.http_port}",
                     "--key-type", "ec256", "-d", name, "run"],
            "certbot": ["certbot", "certonly", "-n", "--standalone", "--http-01-port", ca.http_port,
                        "--http-01-address", "127.0.0.1", "--server", ca.directory, "--agree-tos", "-m",
                        "a@example.test", "--key-type", "ecdsa", "-d", name, "--config-dir",
                        home / "certbot", "--work-dir", home / "certbot-work", "--logs-dir",
                        home / "certbot-logs"]}
        for client, usages in clients.items():
            if not shutil.which(str(words[client][0])):
                continue
            usage = Usage.of(words[client], environment)
            # The first of each makes its account.
            if number > 0:
                usages.append(usage)
    return {client: Usage.median(usages) for client, usages in clients.items() if usages}


def all_due(cairn, ca, folder, environment, count):
    """One run over lineages that are all due: what it and the CA took."""
    from states import make_state

    state = folder / "all-due"
    # The account first.
    Usage.of([cairn, "issue", "-d", "first.test", "--solver", f"standalone:127.0.0.1:{ca.http_port}",
              "--ca", ca.directory, "--ca-root", ca.api_root, "--agree-tos", "--state", state],
             environment)
    webroot = folder / "webroot"
    with serving(webroot, ca.http_port):
        make_state(state, count, ca.directory, ca.api_root, f"webroot:{webroot}", DUE)
        before = processor_seconds(ca.server.process.pid)
        client = Usage.of([cairn, "renew", "--state", state, "--quiet"], environment)
        return client, processor_seconds(ca.server.process.pid) - before


@contextlib.contextmanager
def serving(folder, port):
    """A web server for the folder."""
    folder.mkdir()
    server = subprocess.Popen(
        [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1", "--directory", folder],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        deadline = time.monotonic() + 10
        while True:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", port), 1).close()
                break
            if time.monotonic() > deadline:
                raise SystemExit("the web server does not start")
            time.sleep(0.05)
        yield
    finally:
        server.terminate()
        server.wait()


def figures(options, folder):
    """Rows of the table: what, the value, the goal."""
    from harness.authority import CairnCa
    from harness.dns_server import DnsServer

    cairn = options.bin / "cairn"
    seconds = start_up(cairn, folder)
    yield "start-up to the first connection", f"{seconds * 1000:.1f} ms", "5 ms"
    verifying, known = none_due(cairn, folder, options.lineages)
    count = f"`cairn renew`, {options.lineages} lineages, none due"
    yield f"{count}: CPU", f"{known.cpu:.2f} s", "0.5 s for 5,000"
    yield f"{count}: memory", f"{known.memory:.0f} MiB", "40 MiB"
    yield f"{count}: wall", f"{known.wall:.2f} s", ""
    yield f"{count}, all read and verified: CPU", f"{verifying.cpu:.2f} s", "once a day"
    if shutil.which("certbot"):
        certbot = certbot_none_due(folder, options.certbot_lineages)
        ratio = (certbot.cpu / options.certbot_lineages) / (known.cpu / options.lineages)
        yield (f"`certbot renew`, {options.certbot_lineages} lineages, none due: CPU", f"{certbot.cpu:.2f} s", "")
        yield "cairn over certbot, per lineage", f"1/{ratio:.0f}", "1/500"
    dns = DnsServer()
    try:
        ca = CairnCa(folder, dns)
        try:
            root = str(ca.api_root)
            environment = {name: value for name, value in os.environ.items()
                           if not name.lower().endswith("_proxy")} | {
                "REQUESTS_CA_BUNDLE": root, "SSL_CERT_FILE": root, "LEGO_CA_CERTIFICATES": root}
            clients = one_certificate(cairn, ca, folder, environment, options.rounds)
            ours = clients["cairn"]
            for client, usage in clients.items():
                yield (f"one certificate by {client}: CPU; wall; memory",
                       f"{usage.cpu * 1000:.0f} ms; {usage.wall * 1000:.0f} ms; {usage.memory:.0f} MiB", "")
            for client, goal in (("lego", "0.6; 0.3"), ("certbot", "1/25 = 0.04; 1/40 = 0.025")):
                if client in clients:
                    yield (f"cairn over {client}: CPU; wall",
                           f"{ours.cpu / clients[client].cpu:.2f}; {ours.wall / clients[client].wall:.3f}", goal)
            client, served = all_due(cairn, ca, folder, environment, options.due)
            yield (f"`cairn renew`, {options.due} lineages, all due: wall; CPU of client; CPU of CA",
                   f"{client.wall:.1f} s; {client.cpu:.1f} s; {served:.1f} s", "")
            yield ("certificates a second; memory", f"{options.due / client.wall:.0f}; {client.memory:.0f} MiB", "")
        finally:
            ca.stop()
    finally:
        dns.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, default=ROOT / "build" / "release" / "bin")
    parser.add_argument("--lineages", type=int, default=5000, help="of which none is due")
    parser.add_argument("--certbot-lineages", type=int, default=50, help="the same, for certbot")
    parser.add_argument("--due", type=int, default=200, help="lineages that are all due")
    parser.add_argument("--rounds", type=int, default=5, help="certificates by each client")
    parser.add_argument("--report", type=pathlib.Path, help="also write the table there")
    options = parser.parse_args()
    # Before the harness is read: it finds the programs by this.
    os.environ["CAIRN_BIN"] = str(options.bin)
    lines = ["| figure | measured | goal |", "|---|---|---|"]
    print("\n".join(lines), flush=True)
    with tempfile.TemporaryDirectory(prefix="cairn-bench-") as folder:
        for row in figures(options, pathlib.Path(folder)):
            lines.append(f"| {' | '.join(row)} |")
            print(lines[-1], flush=True)
    if options.report:
        options.report.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
