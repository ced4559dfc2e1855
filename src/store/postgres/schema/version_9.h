#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* postgres_version_9 = R"sql(
-- Signed heads of the nodes' audit logs. Of each span of lines (number / 1000) the last one is kept.
-- hash: of the line with this number; key: SubjectPublicKeyInfo, by whose hash the chain is called.
CREATE TABLE audit_heads (
    chain     bytea NOT NULL,
    span      bigint NOT NULL,
    sequence  bigint NOT NULL,
    hash      bytea NOT NULL,
    at        bigint NOT NULL,
    key       bytea NOT NULL,
    signature bytea NOT NULL,
    PRIMARY KEY (chain, span)
);
)sql";

}  // namespace cairn::store
