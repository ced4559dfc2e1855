#pragma once
// Private to the .cpp files of store/postgres.

#include <algorithm>
#include <string>
#include <string_view>

namespace cairn::store {

/// "NULL, NULL, ...", as many as there are columns in `list`: for rows of a UNION that have none of
/// them.
[[nodiscard]] inline std::string nulls_for(std::string_view list) {
    std::string nulls = "NULL";
    for (auto i = std::ranges::count(list, ','); i > 0; --i) nulls += ", NULL";
    return nulls;
}

}  // namespace cairn::store
