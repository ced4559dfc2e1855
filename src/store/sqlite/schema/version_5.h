#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* version_5 = R"sql(
-- What an unfinished issuance is bound to, both or none: the issuer, as in certificates, and the
-- TBSCertificate that it signs.
ALTER TABLE orders ADD COLUMN pinned_issuer BLOB;
ALTER TABLE orders ADD COLUMN pinned_octets BLOB;
-- Of the order that it was made for; NULL: not known.
ALTER TABLE authorizations ADD COLUMN profile TEXT;
)sql";

}  // namespace cairn::store
