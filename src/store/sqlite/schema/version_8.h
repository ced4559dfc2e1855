#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* version_8 = R"sql(
-- Signed heads of the nodes' audit logs. Of each span of lines (number / 1000) the last one is kept.
-- hash: of the line with this number; key: SubjectPublicKeyInfo, by whose hash the chain is called.
CREATE TABLE audit_heads (
    chain     BLOB NOT NULL,
    span      INTEGER NOT NULL,
    sequence  INTEGER NOT NULL,
    hash      BLOB NOT NULL,
    at        INTEGER NOT NULL,
    key       BLOB NOT NULL,
    signature BLOB NOT NULL,
    PRIMARY KEY (chain, span)
) STRICT, WITHOUT ROWID;
)sql";

}  // namespace cairn::store
