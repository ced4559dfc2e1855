#include "pki/renewal_identifier.h"

#include <algorithm>

#include "base/base64url.h"

namespace cairn::pki {
namespace {

constexpr std::size_t longest_key_id = 64;
/// A key identifier and a serial number as long as they may be, and the dot.
constexpr std::size_t longest_text = 86 + 1 + 43;

}  // namespace

base::Result<RenewalIdentifier> RenewalIdentifier::from_text(std::string_view text) {
    if (text.size() > longest_text) return base::fail("the identifier is too long");
    const auto dot = text.find('.');
    if (dot == std::string_view::npos || text.find('.', dot + 1) != std::string_view::npos)
        return base::fail("the identifier is not two texts with a dot between them");
    auto key_id = base::from_base64url(text.substr(0, dot));
    if (!key_id) return std::unexpected(key_id.error().within("key identifier"));
    if (key_id->empty() || key_id->size() > longest_key_id)
        return base::fail("key identifier: it must have 1 to 64 octets");
    const auto octets = base::from_base64url(text.substr(dot + 1));
    if (!octets) return std::unexpected(octets.error().within("serial number"));
    auto serial = SerialNumber::from_der_content(*octets);
    if (!serial) return std::unexpected(serial.error());
    return RenewalIdentifier{*std::move(key_id), *std::move(serial)};
}

std::optional<RenewalIdentifier> RenewalIdentifier::of(const Certificate& certificate) {
    const auto& key_id = certificate.authority_key_id();
    if (!key_id || key_id->empty() || key_id->size() > longest_key_id) return std::nullopt;
    return RenewalIdentifier{*key_id, certificate.serial()};
}

std::string RenewalIdentifier::to_text() const {
    return base::base64url(issuer_key_id) + "." + base::base64url(serial.der_content());
}

}  // namespace cairn::pki
