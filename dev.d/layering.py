"""Checks that every #include points down the layers of CONTRIBUTING.md, with no exception.

layering.py [ROOT] prints each include that does not, as file:line, and exits 1 if there was one.
"""

import pathlib
import re
import sys

# What each module may include besides itself. The store holds the domain types of ca, whose values
# are of pki, protocol and crypto, and the api speaks about the same ones (ADR 0003).
LAYERS = {
    "base": set(),
    "asn1": {"base"},
    "crypto": {"asn1", "base"},
    "pki": {"crypto", "asn1", "base"},
    "protocol": {"crypto", "base"},
    "net": {"crypto", "base"},
    "http": {"net", "crypto", "base"},
    "dns": {"net", "crypto", "base"},
    "va": {"http", "dns", "net", "pki", "protocol", "crypto", "base"},
    "ca": {"pki", "protocol", "crypto", "base"},
    "store": {"ca", "pki", "protocol", "crypto", "base"},
    "api": {"ca", "http", "net", "pki", "protocol", "crypto", "base"},
    "admin": {"ca", "http", "net", "pki", "protocol", "crypto", "base"},
    "client": {"http", "dns", "net", "pki", "protocol", "crypto", "base"},
}

# Modules without input and output, and the one public header that may show what a task is.
WITHOUT_ASIO = {"asn1", "pki", "protocol"}
HEADER_OF_TASKS = "base/task.h"

INCLUDE = re.compile(r'^\s*#\s*include\s*(?:"([^"]+)"|<([^>]+)>)')
ASIO = re.compile(r"^boost/asio\b")
HEAVY = re.compile(r"^boost/(asio|beast|json)\b")


def private_to(header):
    """The modules that may include a private header besides its own, as its second line names them;
    None if the header is public."""
    lines = header.read_text().splitlines()[:2]
    if len(lines) < 2 or not lines[1].startswith("// Private to "):
        return None
    return set(re.findall(r"\w+", lines[1].split(":")[0])) & set(LAYERS)


def includes(file):
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if found := INCLUDE.match(line):
            yield number, found[1], found[2]


def findings_in(source, file, module):
    """What is wrong with the includes of one file under `source`, as (line, message)."""
    name = file.relative_to(source).as_posix()
    is_public_header = file.suffix == ".h" and private_to(file) is None
    for number, own, foreign in includes(file):
        if own:
            target = own.split("/")[0]
            header = source / own
            if not header.is_file():
                yield number, f'"{own}" is no file under src/'
            elif target != module and target not in LAYERS[module]:
                yield number, f'{module} may not include {target} ("{own}")'
            elif (readers := private_to(header)) is not None:
                if module not in readers | {target}:
                    yield number, f'"{own}" is private, and {module} is not among its readers'
                elif is_public_header:
                    yield number, f'a public header may not include "{own}", which is private'
        elif module in WITHOUT_ASIO and ASIO.match(foreign):
            yield number, f"{module} does no input or output: <{foreign}>"
        elif is_public_header and name != HEADER_OF_TASKS and HEAVY.match(foreign):
            yield number, f"<{foreign}> belongs in a .cpp file or a private header"


def findings(source):
    for folder in sorted(source.iterdir()):
        if folder.is_dir() and folder.name not in LAYERS:
            yield folder, 1, f"{folder.name} has no place among the layers"
    for module in LAYERS:
        for file in sorted((source / module).rglob("*")):
            if file.suffix in {".h", ".cpp"}:
                for number, message in findings_in(source, file, module):
                    yield file, number, message


def main(root=pathlib.Path(__file__).resolve().parent.parent):
    root = pathlib.Path(root)
    count = 0
    for file, number, message in findings(root / "src"):
        print(f"{file.relative_to(root)}:{number}: {message}")
        count += 1
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
