"""The table of docs/conformance.md: what a conforming server and client must show, and the tests that hold it.

checks.py write REPORT         prints the table of what passed in the run whose report is the folder REPORT
checks.py compare SEEN TABLE REPORT   exits 1 if TABLE claims what SEEN does not show, but for tests that
                               the run skipped

The checks are those of tests/checks.txt. A test says which it holds:
  pytest       @pytest.mark.checks(72, 73), which tests/conftest.py writes into the report
  GoogleTest   a comment directly above the test: // Checks 36, 40.
  fuzz target  the same comment in fuzz/NOUN_fuzzer.cpp
"""

import collections
import pathlib
import re
import sys
import xml.etree.ElementTree as xml

ROOT = pathlib.Path(__file__).resolve().parent.parent

HEAD = """\
# Conformance

What a conforming ACME server and client must show (RFC 8555 and the standards beside it), and the tests that
hold it, as `./dev test` saw them pass. `./dev test --write-docs` writes this file, and every other
run of `./dev test` fails if it claims a test that did not pass in that run. A test that the machine of a
run cannot have is skipped there by name (the staged attacks need network namespaces), and its claim stands.

A type alone, as malformed, means `urn:ietf:params:acme:error:malformed`. "open" says that no test
holds it yet. `Suite.Name` is a unit test, `folder/file::name` one with programs (`tests/`),
`fuzz NOUN` a fuzz target.
"""

OPEN = "open"

COMMENT = re.compile(r"^// Checks? ((?:\d+(?:, | and )?)+)\.$", re.MULTILINE)
TEST = re.compile(r"^\s*TEST(?:_F|_P)?\(\s*(\w+),\s*(\w+)\)", re.MULTILINE)


class Mistake(Exception):
    """What is written in the sources cannot be meant so."""


def numbers_in(text):
    return [int(number) for number in re.findall(r"\d+", text)]


def read_checks(file):
    """[(section, [(number, sentence)])], in the order of the file."""
    sections = []
    for line in pathlib.Path(file).read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        if found := re.fullmatch(r"(\d+) (.+)", line):
            sections[-1][1].append((int(found[1]), found[2]))
        else:
            sections.append((line, []))
    numbers = [number for _, checks in sections for number, _ in checks]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Mistake(f"{file}: the numbers do not count up from 1")
    return sections


def marked_in(source):
    """{"Suite.Name": numbers} of the text of a file of unit tests."""
    marked = {}
    for comment in COMMENT.finditer(source):
        rest = source[comment.end():].lstrip("\n")
        # Other lines of the comment may follow.
        rest = re.sub(r"\A(?://.*\n)+", "", rest)
        test = TEST.match(rest)
        if not test:
            raise Mistake(f"\"{comment[0]}\" stands above no test")
        marked[f"{test[1]}.{test[2]}"] = numbers_in(comment[1])
    return marked


def plain_name(case):
    """Suite.Name of a case in GoogleTest's report; instances of a test with parameters have one."""
    suite, name = case.get("classname"), case.get("name")
    return f"{suite.rpartition('/')[2]}.{name.partition('/')[0]}"


def passed(case):
    return (case.get("status") in (None, "run") and case.get("result") != "skipped"
            and all(case.find(tag) is None for tag in ("failure", "error", "skipped")))


def skipped(case):
    return case.find("skipped") is not None


class Seen:
    """What each test of a run holds; only tests of which every instance passed."""

    def __init__(self):
        self._held = collections.defaultdict(set)
        self._skipped = set()
        self._failed = set()

    def add(self, test, numbers, has_passed, was_skipped=False):
        self._held[test] |= set(numbers)
        if was_skipped:
            self._skipped.add(test)
        elif not has_passed:
            self._failed.add(test)

    def tests_of(self, number):
        return sorted(test for test, numbers in self._held.items()
                      if number in numbers and test not in self._failed | self._skipped)

    def skipped(self):
        """{(number, test)} of the tests that were skipped, and failed in no instance."""
        return {(number, test) for test in self._skipped - self._failed for number in self._held[test]}

    def numbers(self):
        return set().union(*self._held.values())


def add_unit_tests(seen, report):
    marked = {}
    for folder in ("src", "apps"):
        for file in sorted((ROOT / folder).rglob("*_test.cpp")):
            try:
                marked |= marked_in(file.read_text(encoding="utf-8"))
            except Mistake as mistake:
                raise Mistake(f"{file}: {mistake}") from None
    for file in sorted((report / "unit").glob("*.xml")):
        for case in xml.parse(file).iter("testcase"):
            if numbers := marked.get(plain_name(case)):
                seen.add(plain_name(case), numbers, passed(case))


def add_fuzz_targets(seen, report):
    for file in sorted((ROOT / "fuzz").glob("*_fuzzer.cpp")):
        noun = file.name.removesuffix("_fuzzer.cpp")
        for comment in COMMENT.finditer(file.read_text(encoding="utf-8")):
            seen.add(f"fuzz {noun}", numbers_in(comment[1]),
                     (report / "fuzz" / f"{noun}.passed").exists())


def add_pytest(seen, report):
    file = report / "pytest.xml"
    if not file.exists():
        return
    for case in xml.parse(file).iter("testcase"):
        for found in case.iter("property"):
            if found.get("name") == "checks":
                # tests.e2e.test_jws or e2e.test_jws; a class of tests has no folder of its own.
                where = case.get("classname").removeprefix("tests.").replace(".", "/")
                name = case.get("name").partition("[")[0]
                seen.add(f"{where}::{name}", numbers_in(found.get("value")), passed(case),
                         skipped(case))


def table_of(sections, seen):
    known = {number for _, checks in sections for number, _ in checks}
    if strange := seen.numbers() - known:
        raise Mistake(f"tests name checks that do not exist: {sorted(strange)}")
    lines = [HEAD]
    for section, checks in sections:
        lines += [f"## {section}", "", "| check | what must hold | tests |", "|---|---|---|"]
        for number, sentence in checks:
            tests = ", ".join(f"`{test}`" for test in seen.tests_of(number)) or OPEN
            lines.append(f"| {number} | {sentence} | {tests} |")
        lines.append("")
    return "\n".join(lines)


def claims_of(text):
    """Every (number, sentence, test) of a table; a check without tests has one that is None."""
    claims = set()
    for found in re.finditer(r"^\| (\d+) \| (.*) \| ([^|]*) \|$", text, re.MULTILINE):
        tests = re.findall(r"`([^`]+)`", found[3]) or [None]
        claims |= {(int(found[1]), found[2], test) for test in tests}
    return claims


def compare(seen, table, could_not_be=frozenset()):
    """What `table` claims and `seen` does not show, a sentence each. `could_not_be`: (number, test) of
    tests that the run skipped."""
    shown = claims_of(seen)
    sentences = {number: sentence for number, sentence, _ in shown}
    claimed = claims_of(table)
    wrong = [f"check {number} is not there" for number in sorted(
        sentences.keys() - {number for number, _, _ in claimed})]
    for number, sentence, test in sorted(claimed, key=str):
        if sentences.get(number) != sentence:
            wrong.append(f"check {number} has another sentence")
        elif (test and (number, sentence, test) not in shown
              and (number, test) not in could_not_be):
            wrong.append(f"check {number}: {test} was not seen to pass in this run")
    return wrong


def main(command, *files):
    if command == "write":
        seen, report = Seen(), pathlib.Path(files[0])
        add_unit_tests(seen, report)
        add_fuzz_targets(seen, report)
        add_pytest(seen, report)
        print(table_of(read_checks(ROOT / "tests" / "checks.txt"), seen), end="")
        return 0
    shown, table = (pathlib.Path(file).read_text(encoding="utf-8") for file in files[:2])
    seen = Seen()
    add_pytest(seen, pathlib.Path(files[2]))
    wrong = compare(shown, table, seen.skipped())
    for sentence in wrong:
        print(f"{files[1]}: {sentence}")
    return 1 if wrong else 0


if __name__ == "__main__":
    try:
        sys.exit(main(*sys.argv[1:]))
    except Mistake as mistake:
        sys.exit(f"dev.d/checks.py: {mistake}")
