"""Groups the source files of a target to be compiled together (cmake/gathered.cmake).

Reads paths from the arguments behind the size of a group, and writes "path;group" for each. Files of a
group declare nothing of the same name in the same unnamed namespace, and nothing that has the name of
something in a header of another one's folder: a helper would hide it, or be called instead. Files of one
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
ALIAS = re.compile(r"^(?:using|namespace) (\w+) = (.*;)$")
DECLARED = (
    re.compile(r"^(?:template <.*> )?(?:struct|class|union|enum(?: class)?|using|concept) (\w+)"),
    re.compile(r"^(?:\w|\[\[).*?[\s&*](\w+)(?:\(|\{| =(?: |$)|;|\[)"),
    re.compile(r"^(\w+)\("),
)


def declared_in(path, is_of_interest):
    """What stands in the namespaces of interest, each name behind that of its namespace: aliases with what
    they stand for, which may be said again."""
    declared, spaces = {}, []
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.rstrip("\n")
            if opened := NAMESPACE.match(line):
                spaces.append(opened[1] or "")
            elif CLOSED.match(line):
                spaces = spaces[:-1]
            elif is_of_interest(spaces) and (alias := ALIAS.match(line)):
                declared["::".join(filter(None, spaces)) + f"::{alias[1]}"] = alias[2]
            elif is_of_interest(spaces) and not NO_HELPER.match(line):
                space = "::".join(filter(None, spaces))
                for match in filter(None, (one.match(line) for one in DECLARED)):
                    declared[f"{space}::{match[1]}"] = None
    return declared


def clash(one, other):
    return any(one[name] is None or one[name] != other[name] for name in one.keys() & other.keys())


@functools.cache
def helpers_of(path):
    """What a file declares for itself."""
    return declared_in(path, lambda spaces: "" in spaces)


@functools.cache
def public_names_of(folder):
    """What the headers of a folder and of those around it declare, which are of namespaces around its own."""
    declared = public_names_of(os.path.dirname(folder)) if "/" in folder.strip("/") else set()
    for path in glob.glob(f"{glob.escape(folder)}/*.h"):
        declared = declared | {bare(name) for name in declared_in(path, bool)}
    return declared


def bare(name):
    return name.rpartition("::")[2]


@functools.cache
def spaces_of(path):
    """The namespaces that a file opens, the innermost ones."""
    spaces, all_spaces = [], set()
    with open(path, encoding="utf-8") as file:
        for line in file:
            if opened := NAMESPACE.match(line.rstrip("\n")):
                spaces.append(opened[1] or "")
                all_spaces.add("::".join(filter(None, spaces)))
            elif CLOSED.match(line):
                spaces = spaces[:-1]
    return all_spaces


class Group:
    def __init__(self, paths):
        self.paths, self.helpers, self.public, self.spaces = [], {}, set(), set()
        for path in paths:
            self.paths.append(path)
            self.helpers.update(helpers_of(path))
            self.public |= public_names_of(os.path.dirname(path))
            self.spaces |= spaces_of(path)

    def may_take(self, other, size):
        return (
            len(self.paths) + len(other.paths) <= size
            and not clash(self.helpers, other.helpers)
            and not self.hides_something_from(other)
            and not other.hides_something_from(self)
        )

    def hides_something_from(self, other):
        """Whether a name in the other's code would mean a helper of this group."""
        for helper in self.helpers:
            space, _, name = helper.rpartition("::")
            if name in other.public and any(f"{one}::".startswith(f"{space}::") for one in other.spaces):
                return True
        return False

    def take(self, other):
        self.paths += other.paths
        self.helpers |= other.helpers
        self.public |= other.public
        self.spaces |= other.spaces


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
