#include "ca/rules/validation_target.h"

#include <libpsl.h>

#include "base/bytes.h"

namespace cairn::ca {

std::string validation_target(const protocol::Identifier& identifier) {
    if (identifier.type() == protocol::IdentifierType::ip) {
        const auto address = identifier.ip_address();
        const std::size_t prefix = address.family() == base::IpAddress::Family::v4 ? 3 : 6;
        return base::to_hex(address.octets().first(prefix));
    }
    // The list that is compiled in is recent enough for this.
    const auto& name = identifier.base_value();
    const char* domain = psl_registrable_domain(psl_builtin(), name.c_str());
    return domain == nullptr ? name : domain;
}

}  // namespace cairn::ca
