#pragma once
// Private to schema.cpp.

namespace cairn::store {

constexpr const char* version_6 = R"sql(
)sql";

}  // namespace cairn::store
