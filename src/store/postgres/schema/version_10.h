#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* postgres_version_10 = R"sql(
-- When an operator ended what the issuer issues; NULL: it issues.
ALTER TABLE issuers ADD COLUMN retired bigint;
)sql";

}  // namespace cairn::store
