#include "api/entity_tag.h"

#include <algorithm>

namespace cairn::api {

bool has_entity(const http::Request& request, std::string_view tag) {
    std::string_view list = request.field("If-None-Match");
    while (!list.empty()) {
        const auto comma = std::min(list.find(','), list.size());
        auto each = list.substr(0, comma);
        list.remove_prefix(std::min(comma + 1, list.size()));
        while (each.starts_with(' ') || each.starts_with('\t')) each.remove_prefix(1);
        while (each.ends_with(' ') || each.ends_with('\t')) each.remove_suffix(1);
        if (each.starts_with("W/")) each.remove_prefix(2);
        if (each == tag || each == "*") return true;
    }
    return false;
}

}  // namespace cairn::api
