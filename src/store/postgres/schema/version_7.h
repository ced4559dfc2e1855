#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* postgres_version_7 = R"sql(
-- Keys for external account binding (RFC 8555 section 7.3.4). names, networks, profiles, uris: the scope,
-- each ended by a line feed. is_vouching: 1 where the operator's word stands for validations.
CREATE TABLE external_keys (
    kid         text COLLATE "C" PRIMARY KEY,
    hmac_key    bytea NOT NULL,
    created     bigint NOT NULL,
    not_after   bigint,
    most_uses   bigint,
    uses        bigint NOT NULL,
    names       text NOT NULL,
    networks    text NOT NULL,
    profiles    text NOT NULL,
    uris        text NOT NULL,
    is_vouching bigint NOT NULL,
    note        text NOT NULL,
    revoked     bigint
) WITH (fillfactor = 70);
CREATE INDEX external_keys_by_creation ON external_keys (created, kid);
-- bound_to: the kid of the binding; binding: the externalAccountBinding; both or none. terms_url: NULL: not
-- known.
ALTER TABLE accounts ADD COLUMN terms_url text;
ALTER TABLE accounts ADD COLUMN bound_to text;
ALTER TABLE accounts ADD COLUMN binding text;
CREATE INDEX bound_accounts ON accounts (bound_to, id) WHERE bound_to IS NOT NULL;
-- The kid of the key by which the operator's word stands for the validation; NULL: none.
ALTER TABLE authorizations ADD COLUMN vouched_by text;
CREATE INDEX vouched_authorizations ON authorizations (vouched_by) WHERE vouched_by IS NOT NULL;
-- What the operator lets an account have, lines as ca::AccountScope writes them; NULL: nothing is said.
ALTER TABLE accounts ADD COLUMN scope text;
-- 1 where it holds, NULL where not. subdomains: it is for the names below its identifier, too.
-- preauthorized: no order asked for it. The condition of the index stands word for word in the
-- statement that uses it. Letters of challenges beside those of version 1: dns-account-01 (l, its label)
-- and dns-(p)ersist-01.
ALTER TABLE authorizations ADD COLUMN subdomains bigint;
ALTER TABLE authorizations ADD COLUMN preauthorized bigint;
CREATE INDEX pending_preauthorizations ON authorizations (account, expires)
    WHERE preauthorized IS NOT NULL AND finished IS NULL AND deactivated IS NULL;
)sql";

}  // namespace cairn::store
