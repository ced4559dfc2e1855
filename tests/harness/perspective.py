"""Remote network perspectives that tests run: cairn-va, each on a loopback address of its own."""

import json
import re
import subprocess

import requests

from harness.ports import reserve_port
from harness.process import BIN, Server, run


class Perspective:
    """A cairn-va in `folder`/NAME, made by `cairn-va init` and running."""

    def __init__(self, folder, ca, name, region, address="127.0.0.1", dns=None, settings=None,
                 host=None):
        """`ca`: the harness.authority.CairnCa that asks it, and whose ports it validates at. `dns`: its
        own name server, if not the CA's. `host`: where it runs, if not here (harness.network)."""
        self.ca = ca
        self.name = name
        self.region = region
        self.home = folder / name
        self.log = folder / f"{name}.log"
        self.host = host
        self.port = reserve_port()
        self.url = f"https://{address}:{self.port}"
        self.settings = {
            "validation.http_port": ca.http_port,
            "validation.tls_alpn_port": ca.tls_alpn_port,
            "validation.dns_servers": [(dns or ca.dns).address] if dns or ca.dns else [],
            "validation.dnssec": False,
            "validation.allow_networks": ["127.0.0.0/8", "10.0.0.0/8"],
        } | (settings or {})
        self.output = run([BIN / "cairn-va", "init", self.home, "--name", name, "--region", region,
                           "--ca-url", f"https://localhost:{ca.port}", "--listen",
                           f"{address}:{self.port}"])
        self.code = re.search(r"cva1\.\S+", self.output)[0]
        self.start()

    def start(self):
        arguments = [BIN / "cairn-va", "serve", self.home]
        for key, value in self.settings.items():
            arguments += ["--set", f"{key}={json.dumps(value)}"]
        before = self._starts()
        self.server = Server(self.host.command(arguments) if self.host else arguments, self.log)
        self.server.wait_until(lambda: self._starts() > before)

    def kill(self):
        self.server.kill()

    def stop(self):
        return self.server.stop()

    def enrol(self, code=None, expected=0):
        """`cairn-ca perspective add`; returns its answer."""
        file = self.home / "code"
        file.write_text((code or self.code) + "\n")
        return command(self.ca, "add", self.name, "--region", self.region, "--url", self.url,
                       "--code", file, expected=expected)

    def log_lines(self):
        return [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]

    def questions(self):
        return [line for line in self.log_lines() if line["event"] == "validation"]

    def _starts(self):
        text = self.log.read_text() if self.log.exists() else ""
        return text.count('"event":"serving"')


def command(ca, verb, *words, expected=0):
    """`cairn-ca perspective VERB`: the JSON of its answer."""
    arguments = [BIN / "cairn-ca", "perspective", verb, ca.home, *words, "--json"]
    done = subprocess.run(ca.host.command(arguments) if ca.host else arguments,
                          capture_output=True, text=True, timeout=120)
    assert done.returncode == expected, done.stdout + done.stderr
    answer = json.loads(done.stdout)
    assert (answer["version"], answer["ok"]) == (1, expected == 0)
    return answer


def metric(ca, name, **labels):
    """The value of one series of the CA; 0 if there is none."""
    text = requests.get(f"http://127.0.0.1:{ca.admin_port}/metrics", timeout=10).text
    for line in text.splitlines():
        found = re.fullmatch(r"(\w+)(?:\{(.*)\})? (\S+)", line)
        if found and found[1] == name:
            held = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if held.items() >= labels.items():
                return float(found[3])
    return 0
