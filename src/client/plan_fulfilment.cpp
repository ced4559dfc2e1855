#include "client/plan_fulfilment.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "client/certificate_request.h"
#include "client/issued_chain.h"
#include "client/lineage_key.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_names_told = 5;

/// The names of one list that the other lacks, as text; empty if there are none.
std::string beyond(const std::vector<std::string>& some, const std::vector<std::string>& others) {
    std::string text;
    std::size_t count = 0;
    for (const auto& name : some) {
        if (std::ranges::find(others, name) != others.end()) continue;
        if (++count <= max_names_told) text += (text.empty() ? "" : ", ") + base::printable(name);
    }
    if (count > max_names_told) text += fmt::format(" and {} more", count - max_names_told);
    return text;
}

std::optional<std::string> shortfall_of_names(const pki::Certificate& certificate,
                                              const CertificatePlan& plan) {
    if (is_exactly_for(certificate.names(), plan.identifiers())) return std::nullopt;
    std::vector<std::string> standing = certificate.names().dns_names;
    for (const auto& address : certificate.names().ip_addresses)
        standing.push_back(address.to_string());
    const auto wanted = sorted_values(plan.identifiers());
    const auto missing = beyond(wanted, standing);
    const auto surplus = beyond(standing, wanted);
    if (!missing.empty() && !surplus.empty())
        return fmt::format("it is not for {}, but still for {}", missing, surplus);
    if (!missing.empty()) return fmt::format("it is not for {}", missing);
    return fmt::format("it is still for {}", surplus.empty() ? "more than names" : surplus);
}

std::optional<std::string> shortfall_of_key(const Generation& standing, const LineageMember& member,
                                            const CertificatePlan& plan) {
    const auto& key = standing.chain.front().public_key();
    if (!plan.csr.empty()) {
        const auto request = CertificateRequest::from_octets(plan.csr);
        if (request && request->public_key() == key) return std::nullopt;
        return "its key is not the one of the request from elsewhere";
    }
    if (standing.key.is_elsewhere()) return "its key is not here";
    const auto type = member.key_type(plan);
    if (is_of_type(key, type)) {
        if (standing.key.is_kept_in(plan.key_store)) return std::nullopt;
        return fmt::format("its key is not kept in {}", plan.key_store.text());
    }
    return fmt::format("its key is not of type {}", crypto::to_string(type));
}

}  // namespace

std::optional<std::string> shortfall_of(const Generation& standing, const LineageMember& member,
                                        const CertificatePlan& plan, const LineageFacts& facts) {
    if (auto names = shortfall_of_names(standing.chain.front(), plan)) return names;
    if (auto key = shortfall_of_key(standing, member, plan)) return key;
    if (!facts.obtained) return std::nullopt;
    const auto& [number, since, authority, profile] = *facts.obtained;
    if (!authority.empty() && plan.find_authority(authority) == nullptr)
        return fmt::format("it is from the CA at {}", base::printable(authority));
    if (profile && *profile != plan.profile) {
        if (plan.profile.empty())
            return fmt::format("it was asked for with the profile {}", base::printable(*profile));
        return fmt::format("it was asked for {}, not with {}",
                           profile->empty()
                               ? "without a profile"
                               : fmt::format("with the profile {}", base::printable(*profile)),
                           plan.profile);
    }
    return std::nullopt;
}

}  // namespace cairn::client
