"""The hooks around orders: when they run, with what in their environment, and what their end leads to."""

import json

NAME = "a.example"


class Hooks:
    """Programs that write down that they ran, and end as a test wants."""

    def __init__(self, folder):
        self.folder = folder
        self.log = folder / "log"
        self.environment = folder / "environment"

    def __call__(self, name):
        file = self.folder / name
        file.write_text(f"#!/bin/sh\necho {name} $* >> {self.log}\n"
                        f"env > {self.environment}.{name}\necho output of {name}\n"
                        f"test ! -e {self.folder}/{name}.broken\n")
        file.chmod(0o755)
        return file

    def ran(self):
        lines = self.log.read_text().splitlines() if self.log.exists() else []
        self.log.unlink(missing_ok=True)
        return lines

    def variables(self, name):
        text = (self.folder / f"environment.{name}").read_text()
        return dict(line.partition("=")[::2] for line in text.splitlines())


def test_hooks_run_around_issue_and_renew(cairn, tmp_path):
    hooks = Hooks(tmp_path)
    run = cairn.outcome(*cairn.issuing(
        NAME, "--pre-hook", f"{hooks('before')} 'two words'", "--post-hook", hooks("after"),
        "--deploy-hook", hooks("reload"), "--failure-hook", hooks("wrong")))
    assert run.returncode == 0, run.stderr
    assert hooks.ran() == ["before two words", "reload", "after"]
    deployed = hooks.variables("reload")
    live = str(cairn.live(NAME))
    assert deployed["CAIRN_LIVE_DIR"] == deployed["RENEWED_LINEAGE"] == live
    assert deployed["CAIRN_NAMES"] == deployed["RENEWED_DOMAINS"] == NAME
    assert deployed["CAIRN_HOOK"] == "deploy" and hooks.variables("before")["CAIRN_HOOK"] == "pre"
    assert hooks.variables("after")["RENEWED_DOMAINS"] == NAME
    # Nothing is due: nothing runs.
    assert cairn.outcome("renew").returncode == 0
    assert hooks.ran() == []
    assert cairn.outcome("renew", "--force").returncode == 0
    assert hooks.ran() == ["before two words", "reload", "after"]
    attempt = json.loads(cairn.outcome("explain", NAME, "--json").stdout)["attempt"]
    ended = {step["subject"]: step for step in attempt["steps"] if step["event"] == "hook_ended"}
    assert set(ended) == {"pre-hook", "deploy-hook", "post-hook"}
    assert "output of after" in ended["post-hook"]["text"]


def test_the_failure_hook_runs_when_an_order_fails(cairn, ca, tmp_path):
    hooks = Hooks(tmp_path)
    assert cairn.outcome(*cairn.issuing(
        NAME, "--pre-hook", hooks("before"), "--post-hook", hooks("after"),
        "--deploy-hook", hooks("reload"), "--failure-hook", hooks("wrong"))).returncode == 0
    hooks.ran()
    ca.verdict = ca.stays_pending
    assert cairn.outcome("renew", "--force").returncode == 2
    assert hooks.ran() == ["before", "wrong", "after"]
    told = hooks.variables("wrong")
    assert told["CAIRN_LINEAGE"] == told["FAILED_DOMAINS"] == NAME
    assert told["CAIRN_PHASE"] == "challenge" and "nobody answers" in told["CAIRN_CAME_BACK"]
    assert told["CAIRN_ATTEMPT"] in cairn.outcome("explain").stdout
    assert hooks.variables("after")["FAILED_DOMAINS"] == NAME


def test_words_of_the_ca_reach_a_hook_printable(cairn, ca, tmp_path):
    hooks = Hooks(tmp_path)
    assert cairn.outcome(*cairn.issuing(NAME, "--failure-hook", hooks("wrong"))).returncode == 0

    def says(authorization):
        ca.stays_pending(authorization)
        authorization["challenges"][0]["error"]["detail"] = "\x1b[1m$(touch x)\nLD_PRELOAD=/x"

    ca.verdict = says
    assert cairn.outcome("renew", "--force").returncode == 2
    told = hooks.variables("wrong")
    assert "$(touch x)?LD_PRELOAD=/x" in told["CAIRN_CAME_BACK"]
    assert "\x1b" not in told["CAIRN_CAME_BACK"] and "LD_PRELOAD" not in told


def test_a_hook_that_many_lineages_name_runs_once(cairn, tmp_path):
    hooks = Hooks(tmp_path)
    before, after, reload = hooks("before"), hooks("after"), hooks("reload")
    for number in range(4):
        assert cairn.outcome(*cairn.issuing(
            f"n{number}.example", "--pre-hook", before, "--post-hook", after,
            "--deploy-hook", reload)).returncode == 0
    hooks.ran()
    assert cairn.outcome("renew", "--force").returncode == 0
    ran = hooks.ran()
    assert ran[0] == "before" and ran[-1] == "after"
    assert ran[1:-1] == ["reload"] * 4
    names = hooks.variables("after")["RENEWED_DOMAINS"].split()
    assert sorted(names) == [f"n{number}.example" for number in range(4)]


def test_a_pre_hook_that_fails_is_told_and_stops_nothing(cairn, tmp_path):
    hooks = Hooks(tmp_path)
    (tmp_path / "before.broken").touch()
    run = cairn.outcome(*cairn.issuing(NAME, "--pre-hook", hooks("before")))
    assert run.returncode == 0
    assert "warning: The pre-hook" in run.stderr and "ended with status 1" in run.stderr


def test_a_post_hook_that_fails_makes_the_run_fail(cairn, tmp_path):
    hooks = Hooks(tmp_path)
    (tmp_path / "after.broken").touch()
    run = cairn.outcome(*cairn.issuing(NAME, "--post-hook", hooks("after"), "--json"))
    assert run.returncode == 2
    error = json.loads(run.stdout)["error"]
    assert error["tried"] == "run the post-hook" and "output of after" in error["came_back"]
    # What was obtained is in place all the same.
    assert cairn.serial(NAME)
    run = cairn.outcome("renew", "--force")
    assert run.returncode == 2 and f"{NAME}: Could not run the post-hook" in run.stderr


def test_a_hook_that_does_not_end_is_killed(cairn, tmp_path):
    hook = tmp_path / "slow"
    hook.write_text("#!/bin/sh\nsleep 300\n")
    hook.chmod(0o755)
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "cairn.toml").write_text('[hooks]\ntimeout = "1s"\n')
    run = cairn.outcome(*cairn.issuing(NAME, "--deploy-hook", hook, "--config", tmp_path / "config"))
    assert run.returncode == 2
    assert "did not end within 1 s and was killed" in run.stderr
