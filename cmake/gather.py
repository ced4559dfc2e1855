"""Groups the source files of a target to be compiled together (cmake/gathered.cmake).

Reads paths from the arguments behind the size of a group, and writes "path;group" for each. Files of a
group declare nothing alike in the same unnamed namespace, and nothing that has the name of something else
in a header of their folders; functions of one name with other parameters are overloads. Files of one
folder come together first, and what is left over joins what is left of other folders.
"""

import functools
import glob
import os
import re
import sys

# Files are formatted, so what stands at the beginning of a line is a declaration of a namespace.
NAMESPACE = re.compile(r"^(?:inline )?namespace(?: ([\w:]+))? \{$")
CLOSED = re.compile(r"^\}  // namespace")
NO_HELPER = re.compile(r"namespace |using (?:namespace |enum |[\w:]+;)|[A-Z_]+\(")
ALIAS = re.compile(r"^using (\w+) = (.*;)$")
TYPE = re.compile(r"^(?:template <.*> )?(?:struct|class|union|enum(?: class)?|using|concept) (\w+)")
FUNCTION = re.compile(r"^(?:(?:\w|\[\[).*?[\s&*])?(\w+)(\(.*)")
VALUE = re.compile(r"^(?:\w|\[\[).*?[\s&*](\w+)(?:\{| = |;|\[)")
NAME_OF_PARAMETER = re.compile(r"[\s&*]*\b\w+(?: = [^,)]*)?(?=[,)]|$)")


class Declared:
    """What a file declares: functions by name and the types of the first line's parameters, and others by
    name, aliases with what they stand for."""

    def __init__(self):
        self.functions, self.others = set(), {}

    def add(self, space, line):
        if match := ALIAS.match(line):
            self.others[f"{space}::{match[1]}"] = match[2]
        elif match := TYPE.match(line):
            self.others[f"{space}::{match[1]}"] = None
        elif (match := FUNCTION.match(line)) and " = " not in line[: match.start(2)]:
            types = NAME_OF_PARAMETER.sub("", re.sub("[&*]", "", match[2].split(") {")[0].rstrip(";{ ")))
            self.functions.add((f"{space}::{match[1]}", types))
        elif match := VALUE.match(line):
            self.others[f"{space}::{match[1]}"] = None

    def update(self, other):
        self.functions |= other.functions
        self.others.update(other.others)

    def clashes_with(self, other):
        return bool(
            self.functions & other.functions
            or any(text is None or text != other.others[name] for name, text in self.others.items() if name in other.others)
            or self.others.keys() & {name for name, _ in other.functions}
            or other.others.keys() & {name for name, _ in self.functions}
        )


def declared_in(path, is_of_interest):
    """What stands in the namespaces of interest, each name behind that of its namespace."""
    declared, spaces = Declared(), []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if opened := NAMESPACE.match(line):
                spaces.append(opened[1] or "")
            elif CLOSED.match(line):
                spaces = spaces[:-1]
            elif is_of_interest(spaces) and not NO_HELPER.match(line):
                declared.add("::".join(filter(None, spaces)), line)
    return declared


@functools.cache
def helpers_of(path):
    """What a file declares for itself."""
    return declared_in(path, lambda spaces: "" in spaces)


@functools.cache
def public_names_of(folder):
    """What the headers of a folder declare."""
    declared = Declared()
    for path in glob.glob(f"{glob.escape(folder)}/*.h"):
        declared.update(declared_in(path, bool))
    return declared


class Group:
    def __init__(self, paths):
        self.paths, self.helpers, self.public = [], Declared(), Declared()
        for path in paths:
            self.paths.append(path)
            self.helpers.update(helpers_of(path))
            self.public.update(public_names_of(os.path.dirname(path)))

    def may_take(self, other, size):
        return (
            len(self.paths) + len(other.paths) <= size
            and not self.helpers.clashes_with(other.helpers)
            and not self.helpers.clashes_with(other.public)
            and not self.public.clashes_with(other.helpers)
        )

    def take(self, other):
        self.paths += other.paths
        self.helpers.update(other.helpers)
        self.public.update(other.public)


def merged(groups, size):
    """The groups, each put into the first one that may take it."""
    result = []
    for group in groups:
        for one in result:
            if one.may_take(group, size):
                one.take(group)
                break
        else:
            result.append(group)
    return result


def groups_of(paths, size):
    """Lists of paths."""
    folders = {}
    for path in sorted(paths):
        folders.setdefault(os.path.dirname(path), []).append(Group([path]))
    groups = [group for of_folder in folders.values() for group in merged(of_folder, size)]
    return [group.paths for group in merged(groups, size)]


def main():
    for number, paths in enumerate(groups_of(sys.argv[2:], int(sys.argv[1]))):
        for path in paths:
            print(f"{path};{number}")


if __name__ == "__main__":
    main()
