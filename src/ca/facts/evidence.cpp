#include "ca/facts/evidence.h"

namespace cairn::ca {

std::string Evidence::endpoint_list() const {
    std::string list;
    for (const auto& [address, port] : endpoints) {
        if (!list.empty()) list += ", ";
        list += address.to_url_host() + ":" + std::to_string(port);
    }
    return list;
}

std::string Evidence::step_list() const {
    std::string list;
    for (const auto& step : steps) {
        if (!list.empty()) list += "; ";
        list += step;
    }
    return list;
}

}  // namespace cairn::ca
