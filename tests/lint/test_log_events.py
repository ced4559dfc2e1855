"""Events in the log have one style: words in lower case with spaces between them."""

import pathlib
import re

ROOT = pathlib.Path(__file__).parents[2]
CALL = re.compile(r'\blog_?(?:\.|->)(?:debug|info|warning|error)\(\s*"([^"]*)"')
STYLE = re.compile(r"[a-z',;]+( [a-z',;]+)* ?")


def events():
    for folder in ["src", "apps"]:
        for file in (ROOT / folder).rglob("*.cpp"):
            if not file.stem.endswith("_test"):
                for event in CALL.findall(file.read_text()):
                    yield file.relative_to(ROOT), event


def test_events_are_words_in_lower_case():
    found = list(events())
    assert len(found) > 40
    assert [entry for entry in found if not STYLE.fullmatch(entry[1])] == []
