#include "http/message.h"

#include <algorithm>

#include "net/ascii.h"

namespace cairn::http {

std::string_view Request::field(std::string_view name) const {
    for (const auto& [field_name, value] : fields) {
        if (net::same_ignoring_case(field_name, name)) return value;
    }
    return {};
}

std::size_t Request::field_count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields, [&](const auto& field) { return net::same_ignoring_case(field.first, name); }));
}

std::string_view Request::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

}  // namespace cairn::http
