#pragma once
// Private to schema.cpp.

namespace cairn::store {

// request: the id under which the access log has the request that asked for it, so that whoever
// takes a job up later can say whose it is.
constexpr const char* version_2 = R"sql(
ALTER TABLE authorizations ADD COLUMN request TEXT;
ALTER TABLE orders ADD COLUMN request TEXT;
)sql";

}  // namespace cairn::store
