"""What stands in the documents, for tests that take it at its word."""

import pathlib
import re

_DEPLOY = pathlib.Path(__file__).parents[2] / "docs" / "deploy.md"


def block_with(word):
    """The one block of code in docs/deploy.md that has this word."""
    blocks = [block for block in re.findall(r"^```\w*\n(.*?)^```$", _DEPLOY.read_text(), re.S | re.M) if word in block]
    assert len(blocks) == 1, (word, len(blocks))
    return blocks[0]
