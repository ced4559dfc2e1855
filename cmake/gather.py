"""Groups the source files of folders to be compiled together (cmake/gathered.cmake).

Reads paths from the arguments behind the size of a group, and writes "path;group" for each. Files of a
group are of one folder and declare no helper of the same name in the same unnamed namespace. A file with
a helper that has the name of something in a header of the folder is compiled by itself.
"""

import functools
import glob
import os
import re
import sys

# Files are formatted, so what stands at the beginning of a line is a declaration of a namespace.
NAMESPACE = re.compile(r"^(?:inline )?namespace(?: ([\w:]+))? \{$")
CLOSED = re.compile(r"^\}  // namespace")
NO_HELPER = re.compile(r"namespace |using (?:namespace |enum |[\w:]+;)")
DECLARED = (
    re.compile(r"^(?:template <.*> )?(?:struct|class|union|enum(?: class)?|using|concept) (\w+)"),
    re.compile(r"^(?:\w|\[\[).*?[\s&*](\w+)(?:\(|\{| = |;|\[)"),
    re.compile(r"^(\w+)\("),
)


def names_in(path, is_of_interest):
    """What a file declares in the namespaces of interest, each name behind that of its namespace."""
    names, spaces = set(), []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if opened := NAMESPACE.match(line):
                spaces.append(opened[1] or "")
            elif CLOSED.match(line):
                spaces = spaces[:-1]
            elif is_of_interest(spaces) and not NO_HELPER.match(line):
                found = [match[1] for one in DECLARED if (match := one.match(line))]
                names.update("::".join(filter(None, spaces)) + "::" + name for name in found)
    return names


def helpers_of(path):
    """What a file declares for itself."""
    return names_in(path, lambda spaces: "" in spaces)


@functools.cache
def public_names_of(folder):
    """What the headers of a folder declare."""
    return set().union(*(names_in(path, bool) for path in glob.glob(f"{glob.escape(folder)}/*.h")))


def groups_of(paths, size):
    """Lists of paths."""
    groups = []
    for path in sorted(paths):
        names, folder = helpers_of(path), os.path.dirname(path)
        most = 1 if names & public_names_of(folder) else size
        for group in groups:
            if group["folder"] == folder and len(group["paths"]) < min(most, group["most"]) and not names & group["names"]:
                break
        else:
            group = {"folder": folder, "most": most, "paths": [], "names": set()}
            groups.append(group)
        group["paths"].append(path)
        group["names"] |= names
    return [group["paths"] for group in groups]


def main():
    for number, paths in enumerate(groups_of(sys.argv[2:], int(sys.argv[1]))):
        for path in paths:
            print(f"{path};{number}")


if __name__ == "__main__":
    main()
