"""The benchmark of validation measures all that it promises. No figure is looked at: only that it comes."""

import re
import subprocess

from harness.process import BIN


def test_each_figure_comes(tmp_path):
    report = tmp_path / "validation.md"
    done = subprocess.run(
        [BIN / "validation-bench", "--validations", "80", "--black-holes", "30", "--honest", "3", "--rounds", "1",
         "--work", tmp_path, "--report", report], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stdout + done.stderr
    rows = [[cell.strip() for cell in line.strip("|").split("|")]
            for line in report.read_text().splitlines() if line.startswith("|")][2:]
    names = [row[0] for row in rows]
    for wanted in ["a validation, http-01, by libunbound", "a validation, http-01, by libunbound, with CAA",
                   "a validation, http-01, by a forwarder", "a validation, dns-01, by libunbound",
                   "a validation, tls-alpn-01, by libunbound",
                   "an honest one beside hosts that never answer, by libunbound",
                   "an honest one beside names that nobody answers for, by libunbound",
                   "an honest one beside names that nobody answers for, by a forwarder",
                   "5 perspectives over none, on the loopback", "5 perspectives over none, hosts 20 ms away"]:
        assert wanted in names
    for row in rows:
        assert re.match(r"-?\d", row[1]), row
    for row in rows:
        # libunbound gives up names by itself, so that on a slow machine some may have ended.
        if row[0].startswith("an honest one") and not row[0].endswith("answers for, by libunbound"):
            assert row[5].startswith("30 in flight"), row
    assert [folder.name for folder in tmp_path.iterdir()] == ["validation.md"]


def test_what_cannot_be_measured_is_said(tmp_path):
    done = subprocess.run(
        [BIN / "validation-bench", "--only", "perspectives", "--cairn-va", "/nowhere/cairn-va", "--honest", "1",
         "--work", tmp_path], capture_output=True, text=True, timeout=600)
    assert done.returncode == 2
    assert "/nowhere/cairn-va" in done.stderr
