"""What cairn leaves behind and says where it refuses, and where an attempt has failed."""

import json
import stat

NAME = "a.example"


def refusal(run):
    assert run.returncode == 2, run.stdout
    return json.loads(run.stdout)["error"]


def test_a_refusal_leaves_no_state_behind(cairn, ca, tmp_path):
    for words in (["-d", "*.a.example"], ["-d", NAME, "--solver", f"webroot:{tmp_path}/none"],
                  ["-d", NAME, "--pre-hook", "/bin/true", "--solver", "dns:nobody"]):
        run = cairn.outcome("issue", *words, "--ca", ca.directory, "--ca-root", ca.api_root)
        assert run.returncode == 2 and not cairn.state.exists(), run.stderr
    # One that was there is left as it was.
    cairn.state.mkdir()
    assert cairn.outcome("issue", "-d", "*.a.example", "--ca", ca.directory).returncode == 2
    assert cairn.state.is_dir()


def test_a_failure_names_its_attempt(cairn, ca):
    ca.verdict = ca.stays_pending
    attempt = refusal(cairn.outcome(*cairn.issuing(NAME), "--json"))["attempt"]
    told = cairn.outcome("explain", attempt)
    assert told.returncode == 0 and "nobody answers at 192.0.2.7" in told.stdout + told.stderr
    ca.verdict = ca.look
    assert cairn.outcome(*cairn.issuing(NAME)).returncode == 0
    ca.verdict = ca.stays_pending
    answer = json.loads(cairn.outcome("renew", "--force", "--json").stdout)
    assert answer["error"]["attempt"] == answer["certificates"][0]["error"]["attempt"] != attempt
    # What never was an attempt has none.
    assert "attempt" not in refusal(cairn.outcome("issue", "-d", "*.b.example", "--json"))


def test_what_is_wrong_with_a_solver_is_to_be_mended(cairn, ca, tmp_path):
    credentials = tmp_path / "powerdns.toml"
    credentials.write_text('api_url = "http://127.0.0.1:8081"\napi_key = "x"\n')
    credentials.chmod(0o644)
    words = ["issue", "-d", NAME, "--solver", "dns:powerdns", "--credentials", str(credentials),
             "--ca", ca.directory, "--ca-root", ca.api_root, "--agree-tos", "--json"]
    error = refusal(cairn.outcome(*words))
    assert "others may read it" in error["came_back"] and "chmod 600" in error["came_back"]
    assert error["next"].startswith("mend this")
    assert stat.S_IMODE(credentials.stat().st_mode) == 0o644
    words = ["nobody" if word == "dns:powerdns" else word for word in words
             if word not in ("--credentials", str(credentials))]
    error = refusal(cairn.outcome(*words))
    assert "there is no solver" in error["came_back"]
    assert error["next"].startswith("name another solver")


def test_a_solver_may_have_commas(cairn, ca, tmp_path):
    folders = tmp_path / "a,b", tmp_path / "c"
    for folder in folders:
        folder.mkdir()
    run = cairn.outcome(
        "issue", "-d", f"{NAME}=webroot:{str(folders[0]).replace(',', chr(92) + ',')},"
        f"b.example=webroot:{folders[1]}", "--ca", ca.directory, "--ca-root", ca.api_root,
        "--agree-tos", "--dry-run")
    # The CA of the test looks for files at a port where nobody serves them.
    assert run.returncode == 2 and "found" in run.stderr
    assert "there is no directory" not in run.stderr
    run = cairn.outcome(
        "certbot", "certonly", "--explain", "-w", str(folders[1]), "-d", "b.example",
        "-w", str(folders[0]), "-d", NAME)
    assert run.returncode == 0 and "a\\,b" in run.stdout, run.stderr
