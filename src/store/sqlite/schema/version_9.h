#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* version_9 = R"sql(
-- When an operator ended what the issuer issues; NULL: it issues.
ALTER TABLE issuers ADD COLUMN retired INTEGER;
)sql";

}  // namespace cairn::store
