"""Whatever the documents and comments refer to is there: files, tests, links, decisions, names."""

import pathlib
import re

import pytest

ROOT = pathlib.Path(__file__).parents[2]
SOURCES = [ROOT / folder for folder in ["src", "apps", "bench", "fuzz", "model", "tests"]]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("model/*.md")])
# It tells of files as they were.
DOCUMENTS.remove(ROOT / "CHANGELOG.md")

# Where a path in a document may begin.
STARTS = [ROOT, ROOT / "src", ROOT / "tests", ROOT / "packaging"]
FOLDERS = {folder.name for start in STARTS for folder in start.iterdir() if folder.is_dir()}
# Folders that a running program or a build makes.
MADE = {"build"}
# Kinds of files that this repository has. The CA's folder has a pki/ and a store/ too, with other kinds.
KINDS = {"", ".h", ".cpp", ".py", ".md", ".sh", ".pml", ".json", ".yml", ".cmake", ".svg"}

CODE = re.compile(r"`([^`]+)`")
PATH = re.compile(r"[\w.-]+(/[\w.-]+)+/?")
FILE = re.compile(r"[\w-]+\.(h|cpp|py|pml)")
NAMED_TEST = re.compile(r"([\w/]+): (\w+)")
QUALIFIED = re.compile(r"(?:\w+::)+(\w+)")
UNIT_TESTS = re.compile(r"\w+_test")
TEST = re.compile(r"test_\w+")
# The name of a unit test.
CAMEL_CASE = re.compile(r"(?:[A-Z][a-z0-9]+){2,}")
LINK = re.compile(r"\]\(([^)\s]+)\)")


def without_blocks(text):
    return re.sub(r"^```.*?^```", "", text, flags=re.DOTALL | re.MULTILINE)


def is_there(path):
    """A file or folder, named with its extension or as the noun that its .h, .cpp and test share."""
    return any((start / path).exists() or any((start / path).parent.glob(f"{(start / path).name}.*"))
               for start in STARTS)


def is_ours(path):
    first = path.split("/")[0]
    return first in FOLDERS - MADE and pathlib.PurePath(path).suffix in KINDS


def file_named(name):
    return any(True for folder in [*SOURCES, ROOT / "dev.d"] for _ in folder.rglob(name))


def text_of(path):
    """The text of all files that go by this name."""
    return "".join(file.read_text() for start in STARTS
                   for file in (start / path).parent.glob(f"{(start / path).name}.*"))


@pytest.fixture(scope="module")
def words():
    """Every word of the sources."""
    found = set()
    for folder in SOURCES:
        for file in folder.rglob("*"):
            if file.suffix in {".h", ".cpp", ".pml", ".py"}:
                found.update(re.findall(r"\w+", file.read_text()))
    return found


def anchors(document):
    headings = re.findall(r"^#+ (.*)$", document.read_text(), flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_document_names_only_what_is_there(document, words):
    text = without_blocks(document.read_text())
    missing = []
    for code in (re.sub(r"\s+", " ", code) for code in CODE.findall(text)):
        if re.search(r"\bNAME\b", code):  # stands for many
            continue
        if PATH.fullmatch(code):
            if is_ours(code) and not is_there(code.rstrip("/")):
                missing.append(code)
        elif FILE.fullmatch(code):
            if not file_named(code):
                missing.append(code)
        elif (named := NAMED_TEST.fullmatch(code)) and is_ours(named[1]):
            if not re.search(rf"\b{named[2]}\b", text_of(named[1])):
                missing.append(code)
        elif (name := QUALIFIED.fullmatch(code)) and name[1] not in words:
            missing.append(code)
        elif document.name == "threat-model.md" and CAMEL_CASE.fullmatch(code) and code not in words:
            missing.append(code)
        elif UNIT_TESTS.fullmatch(code) and not file_named(f"{code}.cpp"):
            missing.append(code)
        elif TEST.fullmatch(code) and code not in words and not file_named(f"{code}.py"):
            missing.append(code)
    for target in LINK.findall(text):
        path, _, anchor = target.partition("#")
        if ":" in path:
            continue
        file = (document.parent / path) if path else document
        if not file.exists() or (anchor and anchor not in anchors(file)):
            missing.append(target)
    for number in re.findall(r"\bADR (\d+)", text):
        if not list((ROOT / "docs" / "adr").glob(f"{int(number):04}-*.md")):
            missing.append(f"ADR {number}")
    assert missing == []


def comments(file):
    marker = "#" if file.suffix == ".py" else "//"
    for number, line in enumerate(file.read_text().splitlines(), 1):
        code, found, comment = line.partition(marker)
        if found and '"' not in code:
            yield number, comment


def test_comments_name_only_files_that_are_there():
    path = re.compile(r"(?<![\w/.:<-])\w+(?:/[\w-]+)+(?:\.\w+)*(?![\w/-])")
    missing = []
    for folder in SOURCES:
        for file in folder.rglob("*"):
            if file.suffix not in {".h", ".cpp", ".py"}:
                continue
            for number, comment in comments(file):
                missing += [f"{file.relative_to(ROOT)}:{number}: {name}"
                            for name in path.findall(comment) if is_ours(name) and not is_there(name)]
                missing += [f"{file.relative_to(ROOT)}:{number}: ADR {decision}"
                            for decision in re.findall(r"\bADR (\d+)", comment)
                            if not list((ROOT / "docs" / "adr").glob(f"{int(decision):04}-*.md"))]
    assert missing == []
