#pragma once
// Private to postgres_schema.cpp.

namespace cairn::store {

// The conditions of the partial index stand word for word in the function that uses it.
constexpr const char* postgres_version_5 = R"sql(
-- key: of the CSR, as in certificates; NULL where begun is.
ALTER TABLE orders ADD COLUMN key bytea;
CREATE INDEX keys_of_unfinished_issuances ON orders (key)
    WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL;

-- Keys of which somebody has shown, by a signature, that others than their owners have them. They are
-- blocked too. Whatever certificate has one is revoked, without a row of its own.
CREATE TABLE compromised_keys (
    key bytea PRIMARY KEY,
    at  bigint NOT NULL
);
ALTER TABLE revocations RENAME TO requested_revocations;
CREATE VIEW certificate_states AS
    SELECT c.*, coalesce(r.at, k.at) AS revoked, CASE WHEN k.at IS NULL THEN r.reason ELSE 1 END AS reason
    FROM certificates c
    LEFT JOIN requested_revocations r ON r.serial = c.serial
    LEFT JOIN compromised_keys k ON k.key = c.key AND k.at <= c.not_after;
CREATE VIEW revocations AS
    SELECT serial, revoked AS at, reason FROM certificate_states WHERE revoked IS NOT NULL;

-- What stands in the way of using a key: 0 nothing, 1 it is blocked, 2 it is an account's, and for an
-- account also 3, it is in a certificate or will be. Until the transaction ends, nobody else comes as
-- far with this key: statements take `key_lock`, made of the key, before they lock any row.
CREATE FUNCTION obstacle_to_key(key_lock bigint, wanted bytea, wanted_thumbprint bytea,
                                is_for_account boolean, OUT obstacle bigint)
LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(key_lock);
    -- A statement of its own, since it sees what was committed until now; the one that called the
    -- function sees what had been when it began.
    SELECT CASE
        WHEN EXISTS (SELECT FROM accounts a WHERE a.thumbprint = wanted_thumbprint) THEN 2
        WHEN EXISTS (SELECT FROM blocked_keys b WHERE b.key = wanted) THEN 1
        WHEN is_for_account AND EXISTS (SELECT FROM certificates c
            WHERE substr(c.key, 1, 8) = substr(wanted, 1, 8) AND c.key = wanted) THEN 3
        WHEN is_for_account AND EXISTS (SELECT FROM orders o WHERE o.key = wanted
            AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL) THEN 3
        ELSE 0 END
        INTO obstacle;
END $$;
)sql";

}  // namespace cairn::store
