#pragma once
// Private to schema.cpp.

namespace cairn::store {

// Ids are 16 octets, times seconds since 1970, digests SHA-256. Rows are appended in the order of
// time, so that those of the present lie side by side; the indexes are few and narrow, since each
// costs a page for every certificate. The conditions of the partial indexes stand word for word in
// the statements that use them. That what a row refers to exists is the business of the CA.
constexpr const char* version_1 = R"sql(
-- contacts: URLs, each ended by a line feed.
CREATE TABLE accounts (
    id           BLOB NOT NULL UNIQUE,
    thumbprint   BLOB NOT NULL UNIQUE,
    jwk          TEXT NOT NULL,
    contacts     TEXT NOT NULL,
    created      INTEGER NOT NULL,
    terms_agreed INTEGER,
    deactivated  INTEGER
) STRICT;

-- identifier: "dns:*.example.com" or "ip:192.0.2.1".
-- offered, method: a letter for each challenge: (h)ttp-01, (d)ns-01, tls-(a)lpn-01.
-- problem: the JSON document.
CREATE TABLE authorizations (
    id          BLOB NOT NULL UNIQUE,
    account     BLOB NOT NULL,
    identifier  TEXT NOT NULL,
    created     INTEGER NOT NULL,
    expires     INTEGER NOT NULL,
    token       TEXT NOT NULL,
    offered     TEXT NOT NULL,
    method      TEXT,
    started     INTEGER,
    finished    INTEGER,
    problem     TEXT,
    deactivated INTEGER
) STRICT;
CREATE INDEX valid_authorizations ON authorizations (account, identifier, expires)
    WHERE finished IS NOT NULL AND problem IS NULL AND deactivated IS NULL;
CREATE INDEX unfinished_validations ON authorizations (started)
    WHERE started IS NOT NULL AND finished IS NULL;

-- identifiers: as above, each ended by a line feed. authorizations: their ids, one behind the other.
-- begun to certificate_not_after: the intent to issue, all or none.
CREATE TABLE orders (
    id                     BLOB NOT NULL UNIQUE,
    account                BLOB NOT NULL,
    created                INTEGER NOT NULL,
    expires                INTEGER NOT NULL,
    identifiers            TEXT NOT NULL,
    authorizations         BLOB NOT NULL,
    profile                TEXT NOT NULL,
    not_before             INTEGER,
    not_after              INTEGER,
    begun                  INTEGER,
    csr                    BLOB,
    serial                 BLOB,
    certificate_not_before INTEGER,
    certificate_not_after  INTEGER,
    completed              INTEGER,
    problem                TEXT
) STRICT;
CREATE INDEX orders_of_account ON orders (account);
CREATE INDEX unfinished_issuances ON orders (begun)
    WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL;

-- serial: the content of the DER INTEGER. issuer: the digest of its certificate. key: that of the
-- SubjectPublicKeyInfo. account, order_id: NULL for the server's own certificate.
CREATE TABLE certificates (
    number    INTEGER PRIMARY KEY,
    serial    BLOB NOT NULL UNIQUE,
    der       BLOB NOT NULL,
    issuer    BLOB NOT NULL,
    key       BLOB NOT NULL,
    not_after INTEGER NOT NULL,
    account   BLOB,
    order_id  BLOB,
    issued    INTEGER NOT NULL
) STRICT;
CREATE INDEX certificates_of_key ON certificates (substr(key, 1, 8));
CREATE INDEX ends_of_certificates ON certificates (not_after);

-- reason: the code of RFC 5280 section 5.3.1.
CREATE TABLE revocations (
    certificate INTEGER PRIMARY KEY,
    at          INTEGER NOT NULL,
    reason      INTEGER NOT NULL
) STRICT;

CREATE TABLE blocked_keys (key BLOB PRIMARY KEY) STRICT, WITHOUT ROWID;

-- arrival: when the bucket will be as full as it can be, in nanoseconds since 1970.
CREATE TABLE counters (
    bucket  TEXT PRIMARY KEY,
    arrival INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX counters_by_arrival ON counters (arrival);

-- chain: PEM, the issuer's certificate first.
CREATE TABLE issuers (
    id    BLOB NOT NULL UNIQUE,
    chain TEXT NOT NULL
) STRICT;
)sql";

}  // namespace cairn::store
