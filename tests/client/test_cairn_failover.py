"""cairn asks the next CA of a plan where one is down, and finds out once that it is."""

import json
import time

from harness.odd_ca import problem
from harness.ports import reserve_port

NAME = "a.example"


def issuing_from(cairn, *directories):
    """A command that obtains a certificate from the first of these CAs that gives one."""
    words = cairn.issuing(NAME)
    position = words.index("--ca")
    choices = [word for directory in directories for word in ("--ca", directory)]
    return words[:position] + choices + words[position + 2:]


def test_the_next_ca_is_asked_where_one_is_down(cairn, ca):
    host = f"127.0.0.1:{reserve_port()}"
    run = cairn.outcome(*issuing_from(cairn, f"https://{host}/directory", ca.directory))
    assert run.returncode == 0, run.stderr
    assert f"no connection to {host}" in run.stderr
    assert f"now {ca.directory} is asked" in run.stderr
    assert f"https://{host}/directory cannot be asked in place of another" not in run.stderr
    assert cairn.serial(NAME) == ca.certificates[0].serial_number

    plan = json.loads((cairn.state / "renewal" / f"{NAME}.json").read_text())
    assert [authority["ca"] for authority in plan["cas"]] == [f"https://{host}/directory",
                                                              ca.directory]
    entry, = json.loads(cairn.outcome("status", "--json").stdout)["certificates"]
    assert entry["ca"] == ca.directory

    # The CA that issued it is the one that is asked to revoke it.
    run = cairn.outcome("revoke", NAME)
    assert run.returncode == 0, run.stderr


def test_every_ca_is_told_of_if_none_issues(cairn, ca):
    ca.intercept = lambda request: (
        problem("rejectedIdentifier", "on a list", 403) if request.path == "/new-order" else None)
    host = f"127.0.0.1:{reserve_port()}"
    run = cairn.outcome(*issuing_from(cairn, f"https://{host}/directory", ca.directory), "--json")
    assert run.returncode == 2
    for words in (f"no connection to {host}", "on a list", "from any of its CAs"):
        assert words in run.stderr


def test_a_ca_that_is_down_is_waited_for_once_in_a_run(cairn, ca):
    run = cairn.outcome(*cairn.issuing(NAME))
    assert run.returncode == 0, run.stderr
    host = f"127.0.0.1:{reserve_port()}"
    plans = cairn.state / "renewal"
    plan = json.loads((plans / f"{NAME}.json").read_text())
    for number in range(20):
        name = f"n{number}.example"
        plan |= {"ca": f"https://{host}/directory", "names": [{"name": name, "solver": "manual"}]}
        (plans / f"{name}.json").write_text(json.dumps(plan))
    (plans / f"{NAME}.json").unlink()
    began = time.monotonic()
    run = cairn.outcome("renew")
    assert run.returncode == 2
    assert time.monotonic() - began < 16
    assert run.stderr.count("Nobody listens at") == 1
    assert run.stderr.count(f"{host} is not asked again in this run") == 19
