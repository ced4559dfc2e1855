#pragma once
// Private to schema.cpp.

namespace cairn::store {

// The conditions of the partial index stand word for word in the statement that uses it.
constexpr const char* version_6 = R"sql(
-- Keys for external account binding (RFC 8555 section 7.3.4). names, networks, profiles, uris: the scope,
-- each ended by a line feed. is_vouching: 1 where the operator's word stands for validations.
CREATE TABLE external_keys (
    kid         TEXT PRIMARY KEY,
    hmac_key    BLOB NOT NULL,
    created     INTEGER NOT NULL,
    not_after   INTEGER,
    most_uses   INTEGER,
    uses        INTEGER NOT NULL,
    names       TEXT NOT NULL,
    networks    TEXT NOT NULL,
    profiles    TEXT NOT NULL,
    uris        TEXT NOT NULL,
    is_vouching INTEGER NOT NULL,
    note        TEXT NOT NULL,
    revoked     INTEGER
) STRICT;
CREATE INDEX external_keys_by_creation ON external_keys (created, kid);
-- bound_to: the kid of the binding; binding: the externalAccountBinding; both or none. terms_url: NULL: not
-- known.
ALTER TABLE accounts ADD COLUMN terms_url TEXT;
ALTER TABLE accounts ADD COLUMN bound_to TEXT;
ALTER TABLE accounts ADD COLUMN binding TEXT;
CREATE INDEX bound_accounts ON accounts (bound_to, id) WHERE bound_to IS NOT NULL;
-- The kid of the key by which the operator's word stands for the validation; NULL: none.
ALTER TABLE authorizations ADD COLUMN vouched_by TEXT;
CREATE INDEX vouched_authorizations ON authorizations (vouched_by) WHERE vouched_by IS NOT NULL;
-- What the operator lets an account have, lines as ca::AccountScope writes them; NULL: nothing is said.
ALTER TABLE accounts ADD COLUMN scope TEXT;
-- 1 where it holds, NULL where not. subdomains: it is for the names below its identifier, too.
-- preauthorized: no order asked for it. The condition of the index stands word for word in the
-- statement that uses it. Letters of challenges beside those of version 1: dns-account-01 (l, its label)
-- and dns-(p)ersist-01.
ALTER TABLE authorizations ADD COLUMN subdomains INTEGER;
ALTER TABLE authorizations ADD COLUMN preauthorized INTEGER;
CREATE INDEX pending_preauthorizations ON authorizations (account, expires)
    WHERE preauthorized IS NOT NULL AND finished IS NULL AND deactivated IS NULL;
-- Rates that an operator has set for one account, domain or network, by the keys that charges name:
-- count tokens come back within period seconds.
CREATE TABLE limit_overrides (
    key    TEXT PRIMARY KEY,
    count  INTEGER NOT NULL,
    period INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
-- What the issuance took from buckets: a line for each, nanoseconds and name. NULL: nothing.
ALTER TABLE orders ADD COLUMN charged TEXT;
-- The certificate that the order's one replaces (RFC 9773), both or none: the serial number, as in
-- certificates, and the key identifier of its issuer.
ALTER TABLE orders ADD COLUMN replaced_serial BLOB;
ALTER TABLE orders ADD COLUMN replaced_key_id BLOB;
-- likeness: a digest of what was asked for; NULL: another order may be placed for the same.
ALTER TABLE orders ADD COLUMN likeness BLOB;
CREATE INDEX open_orders ON orders (likeness) WHERE likeness IS NOT NULL AND begun IS NULL;
-- Which order replaces a certificate, and when its own was issued.
CREATE TABLE replacements (
    serial    BLOB PRIMARY KEY,
    order_id  BLOB NOT NULL,
    completed INTEGER
) STRICT, WITHOUT ROWID;
-- Of the order that it was issued for; NULL: not known.
ALTER TABLE certificates ADD COLUMN profile TEXT;
-- Chains as in `chain`, an empty line behind each.
ALTER TABLE issuers ADD COLUMN other_chains TEXT;
-- Rules by which certificates are to be renewed early. serials: in hexadecimal, each ended by a line
-- feed; empty: any. profile: empty: any.
CREATE TABLE pull_forwards (
    id            BLOB PRIMARY KEY,
    created       INTEGER NOT NULL,
    serials       TEXT NOT NULL,
    profile       TEXT NOT NULL,
    issuer        BLOB,
    issued_after  INTEGER,
    issued_before INTEGER NOT NULL,
    deadline      INTEGER,
    explanation   TEXT NOT NULL
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace cairn::store
