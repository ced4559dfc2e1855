"""The check of the layers finds each violation, and nothing else."""

import pathlib
import subprocess
import sys

import pytest

CHECK = pathlib.Path(__file__).parents[2] / "dev.d" / "layering.py"

GOOD = {
    "base/bytes.h": "#pragma once\n#include <vector>\n",
    "base/task.h": "#pragma once\n#include <boost/asio/awaitable.hpp>\n",
    "crypto/openssl.h": "#pragma once\n// Private to the .cpp files of crypto and pki: handles.\n",
    "crypto/key.cpp": '#include "base/bytes.h"\n#include "crypto/openssl.h"\n',
    "pki/csr.h": '#pragma once\n#include "base/bytes.h"\n',
    "pki/csr.cpp": '#include "pki/csr.h"\n#include "crypto/openssl.h"\n',
    "net/server.cpp": "#include <boost/beast/http.hpp>\n",
    "ca/facts/order.h": '#pragma once\n#include "pki/csr.h"\n',
    "store/order.cpp": '#include "ca/facts/order.h"\n#include "pki/csr.h"\n',
}

BAD = [
    ("crypto/key.h", '#include "pki/csr.h"\n', "crypto may not include pki"),
    ("protocol/order.h", '#include "pki/csr.h"\n', "protocol may not include pki"),
    ("ca/facts/order.cpp", '#  include   "net/url.h"\n', "ca may not include net"),
    ("base/log.h", '#include "crypto/key.h"\n', "base may not include crypto"),
    ("pki/csr.cpp", "#include <boost/asio/post.hpp>\n", "pki does no input or output"),
    ("net/server.h", "#include <boost/beast/http.hpp>\n", "belongs in a .cpp file"),
    ("protocol/json.h", "#pragma once\n#include <boost/json.hpp>\n", "belongs in a .cpp file"),
    ("net/tls.cpp", '#include "crypto/openssl.h"\n', "net is not among its readers"),
    ("pki/name.h", '#include "crypto/openssl.h"\n', "a public header may not include"),
    ("pki/name.cpp", '#include "pki/no_such.h"\n', "is no file under src/"),
    ("utils/strings.h", "", "utils has no place among the layers"),
]


@pytest.fixture
def tree(tmp_path):
    for module in ["base", "crypto", "pki", "protocol", "net", "va", "ca", "store", "api", "client"]:
        (tmp_path / "src" / module).mkdir(parents=True)
    write(tmp_path, GOOD)
    write(tmp_path, {"net/url.h": "", "crypto/key.h": ""})
    return tmp_path


def write(root, files):
    for name, text in files.items():
        file = root / "src" / name
        file.parent.mkdir(exist_ok=True)
        file.write_text(text)


def check(root):
    return subprocess.run([sys.executable, CHECK, root], text=True, stdout=subprocess.PIPE)


def test_a_good_tree_passes(tree):
    result = check(tree)
    assert (result.returncode, result.stdout) == (0, "")


@pytest.mark.parametrize("file, text, finding", BAD)
def test_each_way_up_is_found(tree, file, text, finding):
    write(tree, {file: text})
    result = check(tree)
    assert result.returncode == 1
    assert finding in result.stdout
    assert result.stdout.count("\n") == 1
