#include "http/exchange.h"

#include <algorithm>

namespace cairn::http {

std::string_view Reply::field(std::string_view name) const {
    const auto found = std::ranges::find(fields, name, &Fields::value_type::first);
    return found == fields.end() ? std::string_view() : std::string_view(found->second);
}

std::vector<std::string_view> Reply::all_fields(std::string_view name) const {
    std::vector<std::string_view> values;
    for (const auto& [field_name, value] : fields) {
        if (field_name == name) values.emplace_back(value);
    }
    return values;
}

}  // namespace cairn::http
