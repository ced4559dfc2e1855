"""The table of layers in CONTRIBUTING is the one that the check of the layers enforces."""

import pathlib
import re
import runpy

ROOT = pathlib.Path(__file__).parents[2]


def test_contributing_has_the_layers_that_are_enforced():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = re.search(r"\| module \| may include \|\n\|---\|---\|\n((?:\|.*\n)+)", text)[1]
    rows = dict(re.findall(r"\| (\w+) \| (.*) \|", table))
    assert rows.pop("apps") == "anything"
    assert rows.pop("base") == "nothing of ours"
    written = {module: set(names.split(", ")) for module, names in rows.items()}
    enforced = runpy.run_path(ROOT / "dev.d" / "layering.py")["LAYERS"]
    assert written == {module: names for module, names in enforced.items() if names}
