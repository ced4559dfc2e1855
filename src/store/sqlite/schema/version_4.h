#pragma once
// Private to schema.cpp.

namespace cairn::store {

// The conditions of the partial index stand word for word in the statement that uses it.
constexpr const char* version_4 = R"sql(
-- key: of the CSR, as in certificates; NULL where begun is.
ALTER TABLE orders ADD COLUMN key BLOB;
CREATE INDEX keys_of_unfinished_issuances ON orders (key)
    WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL;

-- Keys of which somebody has shown, by a signature, that others than their owners have them. They are
-- blocked too. Whatever certificate has one is revoked, without a row of its own.
CREATE TABLE compromised_keys (
    key BLOB PRIMARY KEY,
    at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
ALTER TABLE revocations RENAME TO requested_revocations;
CREATE VIEW certificate_states AS
    SELECT c.*, coalesce(r.at, k.at) AS revoked, CASE WHEN k.at IS NULL THEN r.reason ELSE 1 END AS reason
    FROM certificates c
    LEFT JOIN requested_revocations r ON r.certificate = c.number
    LEFT JOIN compromised_keys k ON k.key = c.key AND k.at <= c.not_after;
CREATE VIEW revocations AS
    SELECT number AS certificate, revoked AS at, reason FROM certificate_states
    WHERE revoked IS NOT NULL;
)sql";

}  // namespace cairn::store
