#pragma once
// Private to schema.cpp.

namespace cairn::store {

// The conditions of the partial indexes stand word for word in the statements that use them.
constexpr const char* version_7 = R"sql(
-- Revocation lists. url: that the certificates of a shard name; empty: the issuer's complete list.
-- wishes: how often an operator asked for a new one.
CREATE TABLE crl_lists (
    id     INTEGER PRIMARY KEY,
    issuer BLOB NOT NULL,
    url    TEXT NOT NULL,
    wishes INTEGER NOT NULL DEFAULT 0,
    UNIQUE (issuer, url)
) STRICT;
-- The one of each list that is in force. wishes: those that it fulfils.
CREATE TABLE crls (
    list        INTEGER PRIMARY KEY,
    number      INTEGER NOT NULL,
    this_update INTEGER NOT NULL,
    next_update INTEGER NOT NULL,
    entries     INTEGER NOT NULL,
    wishes      INTEGER NOT NULL,
    der         BLOB NOT NULL
) STRICT;
-- The shard that a certificate names; NULL: it names the complete list, or none.
ALTER TABLE certificates ADD COLUMN crl INTEGER;
-- Of the certificate; serial, issuer and not_after are NULL in no row. listed: 1 where signed lists tell of it.
ALTER TABLE requested_revocations ADD COLUMN serial BLOB;
ALTER TABLE requested_revocations ADD COLUMN issuer BLOB;
ALTER TABLE requested_revocations ADD COLUMN crl INTEGER;
ALTER TABLE requested_revocations ADD COLUMN not_after INTEGER;
ALTER TABLE requested_revocations ADD COLUMN listed INTEGER;
-- The first list of each issuer tells of all of them.
UPDATE requested_revocations AS r SET listed = 1, (serial, issuer, not_after) =
    (SELECT c.serial, c.issuer, c.not_after FROM certificates c WHERE c.number = r.certificate);
CREATE INDEX revocations_of_issuer ON requested_revocations (issuer, serial);
CREATE INDEX revocations_of_crl ON requested_revocations (crl, serial) WHERE crl IS NOT NULL;
CREATE INDEX unlisted_revocations ON requested_revocations (issuer, serial) WHERE listed IS NULL;
-- unfolded: 1 where each certificate with the key has a row in requested_revocations.
ALTER TABLE compromised_keys ADD COLUMN unfolded INTEGER;
CREATE INDEX folded_keys ON compromised_keys (key) WHERE unfolded IS NULL;
)sql";

}  // namespace cairn::store
