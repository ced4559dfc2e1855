"""The table of docs/interoperability.md.

table.py write JUNIT          prints the table of what the tests in a JUnit report showed
table.py compare SEEN TABLE JUNIT
                              exits 1 if TABLE claims what SEEN does not show; versions may differ, and what is
                              claimed of a client stands where the machine could not run its tests
"""

import collections
import re
import sys
import xml.etree.ElementTree as xml

COLUMNS = ["http-01", "dns-01", "tls-alpn-01", "wildcard", "several names", "renewal",
           "revocation", "account", "key change", "external account", "addresses", "preferred chain"]

HEAD = """\
# Interoperability

What `./dev test` saw each client do with each server: real programs, from Debian's packages, on
loopback. A cell names the types of the certificates' keys, or says yes; a client without a word in
a cell cannot do it, or it was not tried. `./dev test --write-docs` writes this file, and every other
run of `./dev test` fails if it claims more than that run saw.

"account" is updating and deactivating it, "key change" that of the account's key, "external account"
an account at a CA that wants it bound to one (RFC 8555 section 7.3.4), "addresses" certificates for IP
addresses, "preferred chain" the choice among alternate chains.
"""

NOTHING = "–"


def read_report(file):
    """(client, version, server) -> column -> details, of the tests that passed."""
    rows = collections.defaultdict(lambda: collections.defaultdict(set))
    for case in xml.parse(file).iter("testcase"):
        if any(case.find(tag) is not None for tag in ("failure", "error", "skipped")):
            continue
        for found in case.iter("property"):
            if found.get("name") == "interoperability":
                client, version, server, column, detail = found.get("value").split("|")
                assert column in COLUMNS, column
                rows[client, version, server][column].add(detail)
    return rows


def table_of(rows):
    lines = ["| " + " | ".join(["client", "server", *COLUMNS]) + " |",
             "|" + "---|" * (len(COLUMNS) + 2)]
    for client, version, server in sorted(rows):
        cells = rows[client, version, server]
        lines.append("| " + " | ".join(
            [f"{client} {version}".strip(), server]
            + [", ".join(sorted(cells[column])) or NOTHING for column in COLUMNS]) + " |")
    return HEAD + "\n" + "\n".join(lines) + "\n"


def claims_of(text):
    """Every (client, server, column, detail) of a table, without versions."""
    claims = set()
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "client" or set(line) <= set("|-"):
            continue
        client, server = cells[0].split(" ")[0], cells[1]
        for column, cell in zip(COLUMNS, cells[2:], strict=True):
            for detail in re.split(", ", cell):
                if detail != NOTHING:
                    claims.add((client, server, column, detail))
    return claims


def skipped_clients(file):
    """The clients of whose tests some were skipped."""
    return {case.get("classname").rpartition(".test_")[2] for case in xml.parse(file).iter("testcase")
            if case.find("skipped") is not None and "interop.test_" in case.get("classname")}


def main(command, *files):
    if command == "write":
        print(table_of(read_report(files[0])), end="")
        return 0
    seen, claimed = (claims_of(open(file, encoding="utf-8").read()) for file in files[:2])
    skipped = skipped_clients(files[2])
    missing = {claim for claim in claimed - seen if claim[0].replace("-", "_") not in skipped}
    for client, server, column, detail in sorted(missing):
        print(f"{files[1]}: {client} with {server}: {column} {detail} was not seen in this run")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
