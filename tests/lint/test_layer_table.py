"""CONTRIBUTING and the architecture page show the layers that are enforced."""

import pathlib
import re
import runpy

ROOT = pathlib.Path(__file__).parents[2]
LAYERS = runpy.run_path(ROOT / "dev.d" / "layering.py")["LAYERS"]


def test_contributing_has_the_layers_that_are_enforced():
    text = (ROOT / "CONTRIBUTING.md").read_text()
    table = re.search(r"\| module \| may include \|\n\|---\|---\|\n((?:\|.*\n)+)", text)[1]
    rows = dict(re.findall(r"\| (\w+) \| (.*) \|", table))
    assert rows.pop("apps") == "anything"
    assert rows.pop("base") == "nothing of ours"
    written = {module: set(names.split(", ")) for module, names in rows.items()}
    assert written == {module: names for module, names in LAYERS.items() if names}


def test_the_architecture_page_has_each_module_in_its_table_and_picture():
    page = (ROOT / "docs" / "architecture.md").read_text()
    picture = (ROOT / "docs" / "architecture.svg").read_text()
    assert [module for module in LAYERS if f"| `{module}` |" not in page] == []
    assert [module for module in LAYERS if f">{module}</text>" not in picture] == []
