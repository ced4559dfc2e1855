"""Adds up what one run of ./dev test reported, names what failed, and ends with the count.

tally.py REPORT, where REPORT holds
  checks        lines "pass NAME" or "fail NAME"
  ctest.xml     the unit test programs as CTest saw them; unit/PROGRAM.xml their own reports
  pytest.xml    the tests with real peers
"""

import pathlib
import sys
import xml.etree.ElementTree as xml


class Tally:
    def __init__(self):
        self.passed, self.failed, self.skipped = 0, [], []

    def add(self, name, outcome):
        if outcome == "pass":
            self.passed += 1
        elif outcome == "skip":
            self.skipped.append(name)
        else:
            self.failed.append(name)

    def line(self):
        text = f"{self.passed} passed, {len(self.failed)} failed"
        return text + (f", {len(self.skipped)} skipped" if self.skipped else "")


def outcome_of(case):
    """Of one testcase element in JUnit's or GoogleTest's dialect."""
    if case.find("failure") is not None or case.find("error") is not None:
        return "fail"
    if case.find("skipped") is not None or case.get("result") == "skipped":
        return "skip"
    return "pass"


def add_unit_tests(tally, report):
    if not (report / "ctest.xml").exists():
        return
    for program in xml.parse(report / "ctest.xml").iter("testcase"):
        name = program.get("name") + "_test"
        own = report / "unit" / f"{name}.xml"
        outcomes = []
        if own.exists():
            for case in xml.parse(own).iter("testcase"):
                if case.get("status") == "run":
                    outcomes.append(outcome_of(case))
                    tally.add(f"{case.get('classname')}.{case.get('name')}", outcomes[-1])
        # A program can also fail outside of its tests: it crashes, hangs or leaks.
        if outcome_of(program) == "fail" and "fail" not in outcomes:
            tally.add(f"{name} (the program itself)", "fail")


def add_pytest(tally, report):
    if not (report / "pytest.xml").exists():
        return
    for case in xml.parse(report / "pytest.xml").iter("testcase"):
        tally.add(f"{case.get('classname')}::{case.get('name')}", outcome_of(case))


def main(report):
    report = pathlib.Path(report)
    tally = Tally()
    for line in (report / "checks").read_text().splitlines():
        outcome, name = line.split(" ", 1)
        tally.add(name, outcome)
    add_unit_tests(tally, report)
    add_pytest(tally, report)

    for name in tally.failed:
        print(f"FAILED  {name}")
    for name in tally.skipped:
        print(f"SKIPPED {name}")
    print(tally.line())
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
