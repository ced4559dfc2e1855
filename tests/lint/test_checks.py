"""The table of conformance claims what tests say that they hold, and no more."""

import pathlib
import runpy
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
CHECKS = runpy.run_path(ROOT / "dev.d" / "checks.py")

SEEN = """\
| check | what must hold | tests |
|---|---|---|
| 1 | One. | `A.B`, `e2e/test_x::test_y` |
| 2 | Two; types only: x, y. | open |
"""


@pytest.mark.parametrize("change, wrong", [
    (("", ""), []),
    (("`A.B`, ", ""), []),
    (("| open |", "| `A.B` |"), ["check 2: A.B was not seen to pass in this run"]),
    (("test_y", "test_z"), ["check 1: e2e/test_x::test_z was not seen to pass in this run"]),
    (("One.", "Another."), ["check 1 has another sentence"] * 2),
    (("| 2 | Two; types only: x, y. | open |\n", ""), ["check 2 is not there"]),
])
def test_a_table_may_claim_less_than_was_seen_but_not_more(change, wrong):
    assert CHECKS["compare"](SEEN, SEEN.replace(*change)) == wrong


def test_a_claim_stands_where_the_test_could_not_run():
    table = SEEN.replace("| open |", "| `attacks/test_x::test_z` |")
    assert len(CHECKS["compare"](SEEN, table)) == 1
    assert CHECKS["compare"](SEEN, table, {(2, "attacks/test_x::test_z")}) == []
    # Not for another check than the test says that it holds.
    assert len(CHECKS["compare"](SEEN, table, {(1, "attacks/test_x::test_z")})) == 1


def test_the_comment_stands_above_its_test():
    source = ("// Checks 3, 40 and 5.\n// Why.\nTEST_P(Suite, Holds) {\n}\n\n"
              "// Check 7.\nTEST(Other, Holds) {}\n")
    assert CHECKS["marked_in"](source) == {"Suite.Holds": [3, 40, 5], "Other.Holds": [7]}
    with pytest.raises(CHECKS["Mistake"], match="stands above no test"):
        CHECKS["marked_in"]("// Check 3.\nint x;\nTEST(Suite, Holds) {}\n")


UNIT = """<testsuites><testsuite>
<testcase classname="All/Suite" name="Holds/0" status="run" result="completed"/>
<testcase classname="All/Suite" name="Holds/1" status="run" result="completed">{failure}</testcase>
<testcase classname="Suite" name="Skipped" status="run" result="skipped"/>
</testsuite></testsuites>"""

PYTEST = """<testsuites><testsuite>
<testcase classname="e2e.test_x" name="test_y[1]">
<properties><property name="checks" value="4 9"/></properties></testcase>
<testcase classname="e2e.test_x" name="test_y[2]">{failure}
<properties><property name="checks" value="4"/></properties></testcase>
</testsuite></testsuites>"""


@pytest.mark.parametrize("failure, held", [("", True), ("<failure/>", False), ("<skipped/>", False)])
def test_a_test_is_seen_if_all_its_instances_passed(tmp_path, failure, held):
    report = tmp_path / "report"
    (report / "unit").mkdir(parents=True)
    (report / "unit" / "x_test.xml").write_text(UNIT.format(failure=failure))
    (report / "pytest.xml").write_text(PYTEST.format(failure=failure))
    module = dict(CHECKS)
    seen = module["Seen"]()
    module["add_pytest"](seen, report)
    assert seen.tests_of(4) == (["e2e/test_x::test_y"] if held else [])
    of_the_test = {(number, "e2e/test_x::test_y") for number in (4, 9)}
    assert seen.skipped() == (of_the_test if "skipped" in failure else set())
    cases = [case for case in module["xml"].parse(report / "unit" / "x_test.xml").iter("testcase")]
    assert [module["plain_name"](case) for case in cases] == ["Suite.Holds", "Suite.Holds",
                                                              "Suite.Skipped"]
    assert [module["passed"](case) for case in cases] == [True, held, False]


def test_every_number_in_the_sources_is_that_of_a_check(tmp_path):
    """And the table in the documents is one that could come of them."""
    known = {number for _, checks in CHECKS["read_checks"](ROOT / "tests" / "checks.txt")
             for number, _ in checks}
    for folder in ("src", "apps"):
        for file in (ROOT / folder).rglob("*_test.cpp"):
            for test, numbers in CHECKS["marked_in"](file.read_text()).items():
                assert set(numbers) <= known, (file, test)
    (tmp_path / "unit").mkdir()
    written = subprocess.run([sys.executable, ROOT / "dev.d" / "checks.py", "write", tmp_path],
                             text=True, stdout=subprocess.PIPE, check=True)
    assert written.stdout.count("| open |") == len(known)
