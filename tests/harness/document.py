"""The fenced blocks of a document, each with the comment before it that says how it is run."""

import pathlib
import re

REPOSITORY = pathlib.Path(__file__).parents[2]


class Block:
    def __init__(self, document, line, mark, language, text):
        self.name = f"{document}:{line}"
        self.mark, self.language, self.text = mark, language, text

    @property
    def commands(self):
        """Line by line, with what is continued put together."""
        joined = self.text.replace("\\\n", " ")
        return [line for line in joined.splitlines() if line and not line.startswith("#")]


def blocks_of(document):
    """The fenced blocks, each with the comment before it."""
    blocks, mark = [], ""
    lines = iter(enumerate((REPOSITORY / document).read_text().splitlines(), 1))
    for number, line in lines:
        if line.startswith("```"):
            text = []
            for _, inner in lines:
                if inner.startswith("```"):
                    break
                text.append(inner)
            blocks.append(Block(document, number, mark, line[3:].strip(), "\n".join(text)))
        if line.strip():
            found = re.fullmatch(r"<!-- (.*) -->", line.strip())
            mark = found[1] if found else ""
    return blocks
