#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* postgres_version_6 = R"sql(
-- What an unfinished issuance is bound to, both or none: the issuer, as in certificates, and the
-- TBSCertificate that it signs.
ALTER TABLE orders ADD COLUMN pinned_issuer bytea;
ALTER TABLE orders ADD COLUMN pinned_octets bytea;
-- Of the order that it was made for; NULL: not known.
ALTER TABLE authorizations ADD COLUMN profile text;
)sql";

}  // namespace cairn::store
