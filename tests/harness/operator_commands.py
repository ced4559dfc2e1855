"""`cairn-ca NOUN VERB DIR ...`, as an operator says it."""

import json
import subprocess

from harness.process import BIN


class Operator:
    """Runs `cairn-ca NOUN VERB DIR ...` for a CA."""

    def __init__(self, ca):
        self.ca = ca

    def run(self, noun, verb, *arguments, under=()):
        command = [*under, BIN / "cairn-ca", noun, verb, self.ca.home, *arguments]
        return subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=60)

    def json(self, noun, verb, *arguments, code=0):
        """What it answers with --json: one object, whatever came of it."""
        done = self.run(noun, verb, *arguments, "--json")
        assert done.returncode == code, done.stdout + done.stderr
        answer = json.loads(done.stdout)
        assert answer["version"] == 1
        assert answer["ok"] == (code == 0)
        return answer
