"""What cmake/gather.py puts together: never two files that mean something else beside each other."""

import pathlib
import subprocess
import sys

import pytest

GATHER = pathlib.Path(__file__).parents[2] / "cmake" / "gather.py"


def groups_of(folder, files):
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    sources = [name for name in files if name.endswith(".cpp")]
    told = subprocess.run([sys.executable, GATHER, "24", *sources], cwd=folder, check=True,
                          stdout=subprocess.PIPE, text=True).stdout
    return dict(line.rsplit(";", 1) for line in told.splitlines())


def source(helpers, space="cairn::client"):
    return f"namespace {space} {{\nnamespace {{\n\n{helpers}\n\n}}  // namespace\n}}  // namespace {space}\n"


@pytest.mark.parametrize("one, other", [
    ("int count_of(int a) {\n    return a;\n}", "int count_of(int b) {\n    return b;\n}"),
    ("constexpr int most = 1;", "constexpr int most = 2;"),
    ('const std::string columns =\n    "id";', 'const std::string columns =\n    "name";'),
    ("struct Reader {", "class Reader {"),
    ("using Row = int;", "using Row = long;"),
    ("template <class T> void print(T) {}", "void print(int) {}"),
    ("count_of(", "count_of("),
])
def test_helpers_of_one_name_are_kept_apart(tmp_path, one, other):
    group = groups_of(tmp_path, {"a.cpp": source(one), "b.cpp": source(other)})
    assert group["a.cpp"] != group["b.cpp"]


def test_helpers_of_other_names_and_namespaces_come_together(tmp_path):
    group = groups_of(tmp_path, {
        "a.cpp": source("int count_of(int a) {\n    return a;\n}\nusing Row = int;"),
        "b.cpp": source("int sum_of(int b) {\n    return b;\n}\nusing Row = int;"),
        "c.cpp": source("int count_of(int c) {\n    return c;\n}", "cairn::store"),
    })
    assert len(set(group.values())) == 1


def test_a_helper_does_not_hide_what_a_neighbour_calls(tmp_path):
    group = groups_of(tmp_path, {
        "src/client/plan.h": "namespace cairn::client {\n"
                             "std::string to_json(const Plan& plan);\n}  // namespace cairn::client\n",
        "src/client/a.cpp": source("std::string to_json(const Row& row) {\n    return {};\n}"),
        "src/client/b.cpp": source("int sum_of(int b) {\n    return b;\n}"),
    })
    assert group["src/client/a.cpp"] != group["src/client/b.cpp"]
