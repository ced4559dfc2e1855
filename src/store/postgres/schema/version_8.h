#pragma once
// Private to schema.cpp.

namespace cairn::store {

// The conditions of the partial indexes stand word for word in the statements that use them.
constexpr const char* postgres_version_8 = R"sql(
-- Revocation lists. url: that the certificates of a shard name; empty: the issuer's complete list.
-- wishes: how often an operator asked for a new one.
CREATE TABLE crl_lists (
    id     bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
    issuer bytea NOT NULL,
    url    text NOT NULL,
    wishes bigint NOT NULL DEFAULT 0,
    UNIQUE (issuer, url)
);
-- The one of each list that is in force. wishes: those that it fulfils.
CREATE TABLE crls (
    list        bigint PRIMARY KEY,
    number      bigint NOT NULL,
    this_update bigint NOT NULL,
    next_update bigint NOT NULL,
    entries     bigint NOT NULL,
    wishes      bigint NOT NULL,
    der         bytea NOT NULL
);
ALTER TABLE crls ALTER COLUMN der SET STORAGE EXTERNAL;
-- The shard that a certificate names; NULL: it names the complete list, or none.
ALTER TABLE certificates ADD COLUMN crl bigint;
CREATE OR REPLACE VIEW certificate_states AS
    SELECT c.serial, c.der, c.issuer, c.key, c.not_after, c.account, c.order_id, c.issued,
        coalesce(r.at, k.at) AS revoked, CASE WHEN k.at IS NULL THEN r.reason ELSE 1 END AS reason,
        c.profile, c.crl
    FROM certificates c
    LEFT JOIN requested_revocations r ON r.serial = c.serial
    LEFT JOIN compromised_keys k ON k.key = c.key AND k.at <= c.not_after;
-- Of the certificate; issuer and not_after are NULL in no row. listed: 1 where signed lists tell of it.
ALTER TABLE requested_revocations ADD COLUMN issuer bytea;
ALTER TABLE requested_revocations ADD COLUMN crl bigint;
ALTER TABLE requested_revocations ADD COLUMN not_after bigint;
ALTER TABLE requested_revocations ADD COLUMN listed bigint;
-- The first list of each issuer tells of all of them.
UPDATE requested_revocations r SET listed = 1, issuer = c.issuer, not_after = c.not_after
    FROM certificates c WHERE c.serial = r.serial;
CREATE INDEX revocations_of_issuer ON requested_revocations (issuer, serial);
CREATE INDEX revocations_of_crl ON requested_revocations (crl, serial) WHERE crl IS NOT NULL;
CREATE INDEX unlisted_revocations ON requested_revocations (issuer, serial) WHERE listed IS NULL;
-- unfolded: 1 where each certificate with the key has a row in requested_revocations.
ALTER TABLE compromised_keys ADD COLUMN unfolded bigint;
CREATE INDEX folded_keys ON compromised_keys (key) WHERE unfolded IS NULL;

-- Makes rows for certificates with compromised keys: looks at most_keys keys behind one, and makes most
-- rows, about. last_key: where the next step goes on; NULL: all were looked at. A key is unfolded if no
-- issuance with it was unfinished before its certificates were looked for; none can begin.
CREATE FUNCTION unfold_compromised_keys(behind bytea, most_keys bigint, most bigint, OUT last_key bytea)
LANGUAGE plpgsql AS $$
DECLARE
    compromised record;
    is_final boolean;
    keys bigint := 0;
    made bigint := 0;
    added bigint;
BEGIN
    FOR compromised IN SELECT k.key, k.at FROM compromised_keys k
            WHERE unfolded IS NULL AND k.key > behind ORDER BY k.key LIMIT most_keys LOOP
        SELECT NOT EXISTS (SELECT FROM orders o WHERE o.key = compromised.key
            AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL) INTO is_final;
        INSERT INTO requested_revocations AS r (serial, at, reason, issuer, crl, not_after)
            SELECT c.serial, compromised.at, 1, c.issuer, c.crl, c.not_after FROM certificates c
            WHERE substr(c.key, 1, 8) = substr(compromised.key, 1, 8) AND c.key = compromised.key
            AND c.not_after >= compromised.at AND NOT EXISTS (SELECT FROM requested_revocations q
                WHERE q.serial = c.serial AND q.reason = 1)
            LIMIT most - made
            ON CONFLICT (serial) DO UPDATE SET reason = 1, listed = NULL WHERE r.reason <> 1;
        GET DIAGNOSTICS added = ROW_COUNT;
        made := made + added;
        EXIT WHEN made >= most;
        IF is_final THEN
            UPDATE compromised_keys k SET unfolded = 1 WHERE k.key = compromised.key;
        END IF;
        keys := keys + 1;
        last_key := compromised.key;
    END LOOP;
    IF made < most AND keys < most_keys THEN
        last_key := NULL;
    ELSIF last_key IS NULL THEN
        last_key := behind;
    END IF;
END $$;
)sql";

}  // namespace cairn::store
