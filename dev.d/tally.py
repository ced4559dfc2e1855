"""Adds up what one run of ./dev test reported, names what failed, and ends with the count.

tally.py REPORT reads lines "pass NAME" or "fail NAME", and from the folder REPORT
  programs      how the unit test programs ended, a line "PROGRAM-PART EXITCODE" for each part of one;
                unit/PROGRAM-PART.xml their own reports
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


def cases_in(tally, file):
    """The testcase elements of a report; one that breaks off, as on a full disk, is a failure."""
    try:
        return list(xml.parse(file).iter("testcase"))
    except FileNotFoundError:
        return []
    except xml.ParseError:
        tally.add(f"{file} is complete", "fail")
        return []


def add_unit_tests(tally, report):
    file = report / "programs"
    for line in file.read_text().splitlines() if file.exists() else []:
        name, code = line.split(" ")
        outcomes = []
        for case in cases_in(tally, report / "unit" / f"{name}.xml"):
            if case.get("status") == "run":
                outcomes.append(outcome_of(case))
                tally.add(f"{case.get('classname')}.{case.get('name')}", outcomes[-1])
        # A program can also fail outside of its tests: it crashes, hangs or leaks.
        if code != "0" and "fail" not in outcomes:
            tally.add(f"{name} (the program itself)", "fail")


def add_pytest(tally, report):
    for case in cases_in(tally, report / "pytest.xml"):
        tally.add(f"{case.get('classname')}::{case.get('name')}", outcome_of(case))


def main(report):
    report = pathlib.Path(report)
    tally = Tally()
    for line in sys.stdin.read().splitlines():
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
