#include "ca/rules/policy.h"

#include <algorithm>
#include <array>
#include <string_view>

#include <libpsl.h>

#include "crypto/key_weakness.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;

struct NamePolicy::PublicSuffixes {
    // Debian's current list where it is installed, else the one compiled into libpsl.
    std::unique_ptr<psl_ctx_t, decltype(&psl_free)> list{psl_latest(nullptr), &psl_free};

    [[nodiscard]] bool is_public_suffix(const std::string& name) const {
        // Without the implicit "*" rule: a top-level domain that nobody listed is somebody's own.
        return psl_is_public_suffix2(list.get(), name.c_str(),
                                     PSL_TYPE_ICANN | PSL_TYPE_NO_STAR_RULE) != 0;
    }
};

NamePolicy::NamePolicy(Choices choices)
    : choices_(std::move(choices)), suffixes_(std::make_unique<PublicSuffixes>()) {}
NamePolicy::~NamePolicy() = default;
NamePolicy::NamePolicy(NamePolicy&&) noexcept = default;

namespace {

constexpr std::size_t max_labels = 10;

// Top-level names that never exist in the public DNS, and that networks use inside (RFC 6761,
// RFC 6762 with its appendix G, ICANN's choice of .internal). .test and .example are not among
// them: they are what test set-ups and examples are for, and nobody else can have a name below
// them.
constexpr std::array<std::string_view, 10> internal_top_levels{
    "localhost", "local", "internal", "invalid", "home",
    "corp",      "mail",  "lan",      "private", "intranet"};

// Names that no DNS answers for, so that nothing could prove control of them.
struct OutsideDns {
    std::string_view zone, reason;
};
constexpr std::array outside_dns{
    OutsideDns{"onion", "onion names are not supported"},
    OutsideDns{"alt", "names under .alt are not names of the DNS (RFC 9476)"},
    OutsideDns{"ipv4only.arpa", "the name stands for a network's NAT64 (RFC 8880)"},
    OutsideDns{"resolver.arpa", "the name stands for each client's own resolver (RFC 9462)"},
    OutsideDns{"service.arpa", "the name stands for each network's own services (RFC 9665)"},
};

bool is_under(std::string_view name, std::string_view zone) {
    return name == zone || (name.ends_with(zone) && name[name.size() - zone.size() - 1] == '.');
}

bool is_internal(std::string_view name, std::size_t labels) {
    return labels == 1 || is_under(name, "home.arpa") ||
           std::ranges::any_of(internal_top_levels,
                               [&](auto zone) { return is_under(name, zone); });
}

}  // namespace

std::optional<std::string> NamePolicy::refusal(const Identifier& identifier) const {
    if (identifier.type() == IdentifierType::ip) {
        const auto address = identifier.ip_address();
        const bool allowed =
            is_public(address) || std::ranges::any_of(choices_.networks, [&](const auto& network) {
                return network.contains(address);
            });
        if (allowed) return std::nullopt;
        return "the address is reserved for a special purpose (IANA registries)";
    }

    const auto name = identifier.dns_name();
    const std::size_t labels = name.label_count();
    if (labels > max_labels) return "the name has more than 10 labels";
    if (is_under(name.text(), "in-addr.arpa") || is_under(name.text(), "ip6.arpa"))
        return "names of the reverse DNS zones are not issued for (BR 4.2.2)";
    for (const auto& [zone, reason] : outside_dns)
        if (is_under(name.text(), zone)) return std::string(reason);
    if (suffixes_->is_public_suffix(name.text())) {
        return identifier.is_wildcard()
                   ? "a wildcard may not stand directly above a public suffix (BR 3.2.2.6)"
                   : "the name is a public suffix";
    }
    if (is_internal(name.text(), labels)) {
        if (!choices_.internal_names)
            return "the name does not exist in the public DNS (the operator can allow internal "
                   "names)";
        if (identifier.is_wildcard() && labels == 1)
            return "a wildcard may not stand directly above a top-level name";
        return std::nullopt;
    }
    return std::nullopt;
}

std::optional<std::string> account_key_refusal(const crypto::PublicKey& key) {
    return crypto::key_weakness(key);
}

std::optional<std::string> certificate_key_refusal(const crypto::PublicKey& key) {
    if (key.algorithm() == crypto::KeyAlgorithm::ed25519)
        return "certificates hold RSA, P-256, P-384 or P-521 keys, not Ed25519 (BR 6.1.5)";
    return crypto::key_weakness(key);
}

}  // namespace cairn::ca
