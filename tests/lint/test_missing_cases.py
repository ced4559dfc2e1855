"""Who adds an enumerator is led by the compiler to each place that must know it (ADR 30)."""

import pathlib
import re
import shutil
import subprocess

import pytest

SOURCE = pathlib.Path(__file__).parents[2] / "src"
COMPILER = shutil.which("g++")

# The header of an enumeration, the enumerations in it that get a case more, and the files that must
# not compile then.
CASES = {
    "a problem type": ("protocol/problem.h", ["ProblemType"],
                       ["src/protocol/problem.cpp", "src/client/failure.cpp"]),
    "a request kind": ("api/request_kind.h", ["RequestKind"], ["src/api/request_kind.cpp"]),
    "a revocation reason": ("protocol/revocation.h", ["RevocationReason"],
                            ["src/protocol/revocation.cpp"]),
    "a status": ("protocol/status.h", ["AccountStatus", "OrderStatus", "AuthorizationStatus",
                                       "ChallengeStatus"], ["src/protocol/status.cpp"]),
    "a key algorithm": ("crypto/key.h", ["KeyAlgorithm"],
                        ["src/crypto/key.cpp", "src/protocol/jwk.cpp",
                         "src/pki/x509_signature.cpp"]),
    "what the CA does": ("ca/ports/observer.h",
                         ["Queue", "JobEnding", "Lint", "Subject", "AccountChange", "Commit"],
                         ["apps/ca/metrics.cpp"]),
}
# With its name, which stands in the same header, so that the others are looked at.
CHALLENGE_TYPE = {
    "enum class ChallengeType { ": "enum class ChallengeType { another, ",
    "challenge_type_names({": "challenge_type_names({{ChallengeType::another, \"another\"},",
}


def with_another(text, enumeration):
    """The header with one more enumerator; the others may change their numbers."""
    changed, count = re.subn(rf"(enum class {enumeration}\b[^{{]*{{)", r"\1 another = 30,", text)
    assert count == 1, enumeration
    return changed


def compile_with(folder, header, text, file):
    """The compiler's words about a file that sees another header."""
    copy = folder / header
    copy.parent.mkdir(parents=True, exist_ok=True)
    copy.write_text(text)
    done = subprocess.run(
        [COMPILER, "-std=c++23", "-Wall", "-Werror", "-fsyntax-only", f"-I{folder}", f"-I{SOURCE}",
         f"-I{SOURCE.parent}", SOURCE.parent / file],
        text=True, stderr=subprocess.PIPE, timeout=120)
    return done.returncode, done.stderr


@pytest.mark.skipif(COMPILER is None, reason="there is no g++")
@pytest.mark.parametrize("case, file", [(case, file) for case, (*_, files) in CASES.items()
                                        for file in files])
def test_a_missing_case_does_not_compile(tmp_path, case, file):
    header, enumerations, _ = CASES[case]
    text = (SOURCE / header).read_text()
    for enumeration in enumerations:
        text = with_another(text, enumeration)
    code, words = compile_with(tmp_path, header, text, file)
    assert code != 0
    for enumeration in enumerations:
        # As a row that a table lacks, or as what a switch does not handle.
        assert re.search(rf"{enumeration}::another|‘another’ not handled|'another' not handled",
                         words), words


@pytest.mark.skipif(COMPILER is None, reason="there is no g++")
@pytest.mark.parametrize("file, knows_all", [
    ("src/protocol/dns_challenge.cpp", False),
    ("src/store/stored_form.cpp", False),
    ("apps/perspective/network_validator.cpp", False),
    ("apps/ca/metrics.cpp", True),
])
def test_a_challenge_type_is_asked_for_where_it_matters(tmp_path, file, knows_all):
    header = "protocol/challenge_type.h"
    text = (SOURCE / header).read_text()
    for old, new in CHALLENGE_TYPE.items():
        assert text.count(old) == 1
        text = text.replace(old, new)
    code, words = compile_with(tmp_path, header, text, file)
    assert (code == 0) == knows_all, words
    assert knows_all or "another" in words
