"""What a client of the extended matrix has to show at a CA that wants an external account binding and
offers certificates of 6 days: a certificate, its renewal information, and a certificate in its place.

The drivers in go/ and java/ take -directory, -kid, -hmac, -name, -profile and -port, and print JSON with
`account`, `first` and `second` (chains in PEM), and the `window` that they were told (start, end)."""

import base64
import datetime
import json

import requests
from cryptography import x509

from harness.acme import b64
from harness.issued import names_of, read_chain, validity, verify_chain
from harness.operator_commands import Operator
from harness.process import run

# As `cairn-ca init` writes it: six days and some hours.
PROFILE = "shortlived"
LIFETIME = datetime.timedelta(hours=160)

SETTINGS = {"directory.external_account_required": True}


def new_binding(ca):
    """A key of an external account binding: its id and its MAC key in base64url."""
    created = Operator(ca).json("eab", "create")
    return created["kid"], created["hmac_key"]


def renewal_url(ca, certificate):
    """RFC 9773 section 4.1."""
    authority = certificate.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier).value
    serial = certificate.serial_number
    octets = serial.to_bytes(serial.bit_length() // 8 + 1, "big")
    directory = requests.get(ca.directory, verify=str(ca.api_root), timeout=10).json()
    return f"{directory['renewalInfo']}/{b64(authority.key_identifier)}.{b64(octets)}"


def window_of(ca, certificate):
    answer = requests.get(renewal_url(ca, certificate), verify=str(ca.api_root), timeout=10)
    assert answer.status_code == 200 and int(answer.headers["Retry-After"]) > 0, answer.text
    window = answer.json()["suggestedWindow"]
    return time_of(window["start"]), time_of(window["end"])


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def check_short(chain, ca, name, folder):
    verify_chain(chain, ca.issuer_root(), folder)
    first, last = validity(chain[0])
    assert last - first + datetime.timedelta(seconds=1) == LIFETIME
    assert names_of(chain[0]) == [name]


def drive(command, ca, name, folder, environment):
    """Runs a driver and checks what it got."""
    kid, hmac = new_binding(ca)
    assert len(base64.urlsafe_b64decode(hmac + "==")) >= 32
    output = run([*command, "-directory", ca.directory, "-kid", kid, "-hmac", hmac, "-name", name,
                  "-profile", PROFILE, "-port", ca.http_port], timeout=120, env=environment)
    told = json.loads(output.splitlines()[-1])
    first, second = read_chain(told["first"]), read_chain(told["second"])
    for chain in (first, second):
        check_short(chain, ca, name, folder)
    assert first[0].serial_number != second[0].serial_number
    start, end = map(time_of, told["window"])
    begun, ended = validity(first[0])
    assert begun < start < end < ended
    return told
