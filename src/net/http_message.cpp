#include "net/http_message.h"

#include <algorithm>

#include "net/ascii.h"

namespace cairn::net {

std::string_view HttpRequest::field(std::string_view name) const {
    for (const auto& [field_name, value] : fields) {
        if (same_ignoring_case(field_name, name)) return value;
    }
    return {};
}

std::size_t HttpRequest::field_count(std::string_view name) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        fields, [&](const auto& field) { return same_ignoring_case(field.first, name); }));
}

std::string_view HttpRequest::path() const {
    return std::string_view(target).substr(0, target.find('?'));
}

}  // namespace cairn::net
