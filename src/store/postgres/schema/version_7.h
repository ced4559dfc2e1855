#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* postgres_version_7 = R"sql(
)sql";

}  // namespace cairn::store
