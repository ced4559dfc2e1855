#include "ca/rules/order_rules.h"

#include <algorithm>
#include <cctype>
#include <set>
#include <span>

#include "base/result.h"

namespace cairn::ca {

using protocol::Identifier;
using protocol::IdentifierType;
using protocol::Problem;
using protocol::ProblemType;

namespace {

constexpr std::size_t most_uris = 16;
constexpr base::Seconds longest_distance = std::chrono::hours(48);  // BR 7.1.2.7

std::string lower_case(std::string_view text) {
    std::string result(text);
    std::ranges::transform(result, result.begin(),
                           [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return result;
}

std::set<std::string> ordered_names(std::span<const Identifier> identifiers, IdentifierType type) {
    std::set<std::string> names;
    for (const auto& identifier : identifiers) {
        if (identifier.type() == type) names.insert(identifier.value());
    }
    return names;
}

std::set<std::string> requested_dns_names(const pki::Csr& csr) {
    std::set<std::string> names;
    for (const auto& name : csr.names().dns_names) names.insert(lower_case(name));
    return names;
}

std::set<std::string> requested_addresses(const pki::Csr& csr) {
    std::set<std::string> names;
    for (const auto& address : csr.names().ip_addresses) names.insert(address.to_string());
    return names;
}

// The address that a common name spells, with or without the brackets of a URL.
std::optional<base::IpAddress> address_in(std::string_view common_name) {
    if (common_name.starts_with('[') && common_name.ends_with(']'))
        common_name = common_name.substr(1, common_name.size() - 2);
    const auto address = base::IpAddress::from_lenient_text(common_name);
    return address ? std::optional(*address) : std::nullopt;
}

void compare(const std::set<std::string>& requested, const std::set<std::string>& ordered,
             std::vector<std::string>& findings) {
    for (const auto& name : requested) {
        if (!ordered.contains(name))
            findings.push_back("it asks for \"" + base::printable(name) +
                               "\", which the order does not have");
    }
    for (const auto& name : ordered) {
        if (!requested.contains(name))
            findings.push_back("it lacks \"" + base::printable(name) + "\" of the order");
    }
}

// No challenge proves a URI: the operator's word alone lets an account have one.
void judge_uris(const pki::Csr& csr, const Profile& profile, const AccountScope& scope,
                std::vector<std::string>& findings) {
    const auto& uris = csr.names().uris;
    if (uris.empty()) return;
    if (uris.size() > most_uris) {
        findings.push_back("it has more than " + std::to_string(most_uris) + " URIs");
        return;
    }
    if (!profile.certificate.uris) {
        findings.push_back("its subjectAltName holds a URI, which profile \"" + profile.name +
                           "\" is not for");
        return;
    }
    for (const auto& uri : uris) {
        if (const auto sound = check_uri_name(uri); !sound)
            findings.push_back("it asks for the URI \"" + base::printable(uri, 200) +
                               "\": " + sound.error().message);
        else if (!scope.allows_uri(uri))
            findings.push_back("it asks for the URI \"" + base::printable(uri, 200) +
                               "\", which the operator of this CA does not let the account have");
    }
    if (std::set<std::string>(uris.begin(), uris.end()).size() != uris.size())
        findings.emplace_back("it has a URI twice");
}

// draft-ietf-acme-profiles section 4: a profile that was asked for, and is not for such names.
std::optional<Problem> profile_refusal(const protocol::NewOrderRequest& request,
                                       const Profile& profile) {
    if (request.profile.empty()) return std::nullopt;
    for (const auto& identifier : request.identifiers)
        if (!profile.identifier_types.contains(identifier.type()))
            return Problem(ProblemType::invalid_profile,
                           "profile \"" + profile.name + "\" is not for identifiers of type " +
                               std::string(to_string(identifier.type())));
    return std::nullopt;
}

// What a profile and an account's scope say of a name that the CA's policy allows.
std::optional<std::string> scoped_refusal(const Identifier& identifier, const Profile& profile,
                                          const AccountScope& scope) {
    using enum NameRules::Verdict;
    if (!profile.identifier_types.contains(identifier.type()))
        return "profile \"" + profile.name + "\" is not for identifiers of type " +
               std::string(to_string(identifier.type()));
    if (profile.names.judge(identifier) != allowed)
        return "profile \"" + profile.name + "\" is not for this name";
    if (scope.names.judge(identifier) != allowed)
        return "the operator of this CA does not let this account have it";
    return std::nullopt;
}

}  // namespace

std::optional<Problem> validity_refusal(std::optional<base::Time> asked_not_before,
                                        std::optional<base::Time> not_after, const Profile& profile,
                                        base::Time now) {
    const auto malformed = [](std::string detail) {
        return Problem(ProblemType::malformed, std::move(detail));
    };
    const auto not_before = asked_not_before.value_or(now - profile.backdate);
    if (not_before < now - longest_distance || not_before > now + longest_distance)
        return malformed("notBefore is more than 48 hours away from now");
    if (!not_after) return std::nullopt;
    if (*not_after <= not_before || *not_after <= now)
        return malformed("notAfter is not after notBefore and now");
    if (*not_after - not_before + base::Seconds(1) > profile.longest_life(now))
        return malformed("notAfter is further from notBefore than profile \"" + profile.name +
                         "\" allows (" + std::to_string(profile.longest_life(now).count()) + " s)");
    return std::nullopt;
}

std::optional<Problem> intent_refusal(const IssuanceIntent& intent, base::Time issuer_not_after,
                                      base::Time now) {
    const auto& [not_before, not_after] = intent.validity;
    if (not_after <= not_before || not_after <= now || not_after > issuer_not_after ||
        not_before < now - longest_distance || not_before > now + longest_distance)
        return Problem(ProblemType::malformed,
                       "no certificate with the validity of this order can be issued now; order "
                       "anew");
    return std::nullopt;
}

std::optional<Problem> order_refusal(const protocol::NewOrderRequest& request,
                                     const Profile& profile, const NamePolicy& policy,
                                     base::Time now, const AccountScope& scope) {
    if (request.identifiers.size() > profile.max_names) {
        return Problem(ProblemType::malformed,
                       "the order has " + std::to_string(request.identifiers.size()) +
                           " identifiers; profile \"" + profile.name + "\" allows " +
                           std::to_string(profile.max_names));
    }
    if (auto refusal = profile_refusal(request, profile)) return refusal;
    if (auto refusal = names_refusal(request.identifiers, profile, policy, scope)) return refusal;
    return validity_refusal(request.not_before, request.not_after, profile, now);
}

std::optional<Problem> names_refusal(std::span<const Identifier> identifiers,
                                     const Profile& profile, const NamePolicy& policy,
                                     const AccountScope& scope) {
    std::vector<protocol::Subproblem> refused;
    for (const auto& identifier : identifiers) {
        auto reason = policy.refusal(identifier);
        if (!reason) reason = scoped_refusal(identifier, profile, scope);
        if (reason) {
            refused.push_back(
                {ProblemType::rejected_identifier, std::move(*reason),
                 std::pair(std::string(to_string(identifier.type())), identifier.value())});
        }
    }
    if (!refused.empty()) {
        Problem problem(ProblemType::rejected_identifier,
                        refused.size() == 1
                            ? refused.front().identifier->second + ": " + refused.front().detail
                            : "several identifiers are refused; each has a subproblem of its own");
        problem.subproblems = std::move(refused);
        return problem;
    }
    return std::nullopt;
}

std::vector<std::string> csr_findings(const pki::Csr& csr, const Order& order,
                                      const Profile& profile, const AccountScope& scope) {
    std::vector<std::string> findings;
    const auto ordered_dns = ordered_names(order.identifiers, IdentifierType::dns);
    // RFC 8555 section 7.4: a name may stand in the common name, in the SAN, or in both. The same
    // goes for an address, which some clients put there, in whatever spelling.
    auto requested_dns = requested_dns_names(csr);
    auto requested_ip = requested_addresses(csr);
    for (const auto& common_name : csr.common_names()) {
        if (const auto address = address_in(common_name))
            requested_ip.insert(address->to_string());
        else
            requested_dns.insert(lower_case(common_name));
    }
    compare(requested_dns, ordered_dns, findings);
    compare(requested_ip, ordered_names(order.identifiers, IdentifierType::ip), findings);
    if (csr.common_names().size() > 1) findings.emplace_back("it has more than one common name");
    if (csr.names().other_names > 0)
        findings.emplace_back("its subjectAltName holds other things than DNS names and addresses");
    judge_uris(csr, profile, scope, findings);
    if (csr.must_staple())
        findings.emplace_back("it asks for must-staple, and this CA offers no OCSP");
    if (auto reason = certificate_key_refusal(csr.public_key()))
        findings.push_back("its key is refused: " + *reason);
    else if (!profile.certifies(csr.public_key().algorithm()))
        findings.push_back("its key is refused: profile \"" + profile.name +
                           "\" does not certify " +
                           std::string(to_string(csr.public_key().algorithm())) + " keys");
    return findings;
}

pki::Validity validity_until(base::Time end, base::Seconds life, base::Seconds backdate,
                             base::Time now) {
    const pki::Validity whole{now - backdate, now - backdate + life - base::Seconds(1)};
    if (end >= whole.not_after) return whole;
    return {now - std::clamp<base::Seconds>((end - now) / 9, base::Seconds(0), backdate), end};
}

pki::Validity validity_for(const Order& order, const Profile& profile, base::Time issuer_not_after,
                           base::Time now) {
    const auto life = profile.longest_life(now);
    const auto end = std::min(order.not_after.value_or(issuer_not_after), issuer_not_after);
    if (!order.not_before) return validity_until(end, life, profile.backdate, now);
    return {*order.not_before, std::min(*order.not_before + life - base::Seconds(1), end)};
}

}  // namespace cairn::ca
