#include "pki/name_constraints.h"

#include <algorithm>
#include <bit>

#include <fmt/format.h>
#include <openssl/x509v3.h>

#include "crypto/openssl.h"

namespace cairn::pki {
namespace {

using Extension = crypto::Handle<NAME_CONSTRAINTS, &NAME_CONSTRAINTS_free>;

std::string lower_case(base::BytesView octets) {
    std::string text(base::text_of(octets));
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

base::BytesView octets_of(const ASN1_STRING* string) {
    return {ASN1_STRING_get0_data(string), static_cast<std::size_t>(ASN1_STRING_length(string))};
}

/// Whether `name` is in the subtree of `domain`: itself or below it, and only below it where
/// `domain` begins with a dot. The empty one has all names in it.
bool is_within(std::string_view name, std::string_view domain) {
    if (domain.empty()) return true;
    if (domain.starts_with('.')) return name.size() > domain.size() && name.ends_with(domain);
    return name == domain ||
           (name.ends_with(domain) && name[name.size() - domain.size() - 1] == '.');
}

/// Whether a name that the wildcard "*.`base`" stands for is in the subtree of `domain`.
bool may_be_within(std::string_view base, std::string_view domain) {
    if (domain.starts_with('.')) domain.remove_prefix(1);
    const auto dot = domain.find('.');
    return dot != std::string_view::npos && domain.substr(dot + 1) == base;
}

std::string text_of_network(base::BytesView address, base::BytesView mask) {
    const auto base_address = base::IpAddress::from_octets(address);
    int prefix = 0;
    for (const auto octet : mask) prefix += std::popcount(octet);
    return base_address->to_string() + "/" + std::to_string(prefix);
}

}  // namespace

/// Takes the extension apart.
class NameConstraints::Reader {
  public:
    explicit Reader(NameConstraints& target) : target_(target) {}

    void read(const STACK_OF(GENERAL_SUBTREE) * subtrees, Subtrees& into, const char* word) {
        const bool is_permitted = &into == &target_.permitted_;
        for (int i = 0; i < sk_GENERAL_SUBTREE_num(subtrees); ++i) {
            const GENERAL_SUBTREE* subtree = sk_GENERAL_SUBTREE_value(subtrees, i);
            if (subtree->maximum != nullptr ||
                (subtree->minimum != nullptr && ASN1_INTEGER_get(subtree->minimum) != 0)) {
                failure_ = "has a minimum or maximum, which verifiers do not apply";
                return;
            }
            const auto text = read_base(*subtree->base, into, is_permitted);
            if (text.empty()) continue;
            target_.text_ += fmt::format("{}{} {}", target_.text_.empty() ? "" : ", ", word, text);
        }
    }
    [[nodiscard]] const std::string& failure() const { return failure_; }

  private:
    /// The subtree in words; empty for a kind of names that our certificates do not have.
    std::string read_base(const GENERAL_NAME& base, Subtrees& into, bool is_permitted) {
        if (base.type == GEN_DNS) {
            into.domains.push_back(lower_case(octets_of(base.d.dNSName)));
            if (into.domains.back().ends_with('.')) into.domains.back().pop_back();
            const auto& domain = into.domains.back();
            return domain.empty() ? "all DNS names" : base::printable(domain, 100);
        }
        if (base.type == GEN_IPADD) {
            const auto octets = octets_of(base.d.iPAddress);
            if (octets.size() != 8 && octets.size() != 32) {
                failure_ = "has a network that is neither of IPv4 nor of IPv6";
                return {};
            }
            const auto half = octets.size() / 2;
            into.networks.push_back(
                {base::copy_of(octets.first(half)), base::copy_of(octets.subspan(half))});
            return text_of_network(octets.first(half), octets.subspan(half));
        }
        if (base.type == GEN_DIRNAME) {
            // A subject with only a common name is in the empty subtree and in no other that is in
            // use.
            const bool is_empty = X509_NAME_entry_count(base.d.directoryName) == 0;
            if (is_permitted != is_empty) target_.permits_common_name_ = false;
            return "a directory name";
        }
        return {};
    }

    NameConstraints& target_;
    std::string failure_;
};

bool NameConstraints::Network::contains(const base::IpAddress& candidate) const {
    const auto octets = candidate.octets();
    if (octets.size() != address.size()) return false;
    for (std::size_t i = 0; i < octets.size(); ++i) {
        if ((octets[i] & mask[i]) != (address[i] & mask[i])) return false;
    }
    return true;
}

base::Result<NameConstraints> NameConstraints::of(const Certificate& authority) {
    NameConstraints result;
    if (!authority.has_handle()) return base::fail("OpenSSL cannot read the certificate");
    int found = 0;
    const Extension extension(static_cast<NAME_CONSTRAINTS*>(
        X509_get_ext_d2i(authority.handle(), NID_name_constraints, &found, nullptr)));
    if (!extension) {
        if (found == -1) return result;
        return base::fail("its name constraints cannot be read");
    }
    Reader reader(result);
    reader.read(extension->permittedSubtrees, result.permitted_, "only");
    reader.read(extension->excludedSubtrees, result.excluded_, "not");
    if (!reader.failure().empty()) return base::fail("its nameConstraints " + reader.failure());
    return result;
}

bool NameConstraints::permits(std::string_view name) const {
    const auto has_it = [&](const std::string& domain) { return is_within(name, domain); };
    const auto has_some = [&](const std::string& domain) {
        return has_it(domain) || (name.starts_with("*.") && may_be_within(name.substr(2), domain));
    };
    return (permitted_.domains.empty() || std::ranges::any_of(permitted_.domains, has_it)) &&
           std::ranges::none_of(excluded_.domains, has_some);
}

bool NameConstraints::permits(const base::IpAddress& address) const {
    const auto has_it = [&](const Network& network) { return network.contains(address); };
    return (permitted_.networks.empty() || std::ranges::any_of(permitted_.networks, has_it)) &&
           std::ranges::none_of(excluded_.networks, has_it);
}

bool NameConstraints::has_any() const {
    return !permitted_.domains.empty() || !permitted_.networks.empty() ||
           !excluded_.domains.empty() || !excluded_.networks.empty() || !permits_common_name_;
}

}  // namespace cairn::pki
