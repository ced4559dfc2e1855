#pragma once
// Private to schema.cpp.

namespace cairn::store {

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
)sql";

}  // namespace cairn::store
