#include "client/doctor/caa_judgment.h"

#include <utility>

#include <fmt/format.h>

namespace cairn::client::doctor {
namespace {

std::string records_in_words(const dns::CaaSet& set) {
    std::vector<std::string> words;
    for (const auto& property : set.properties) {
        if (words.size() == 8) {
            words.push_back(fmt::format("and {} more", set.properties.size() - words.size()));
            break;
        }
        words.push_back(dns::to_string(property));
    }
    auto text = fmt::format("at {}: {}", set.owner, list(words));
    if (set.canonical_name != set.owner && !set.canonical_name.empty())
        text += fmt::format(" (an alias of {})", base::printable(set.canonical_name));
    return text;
}

std::string remedy(dns::CaaVerdict::Outcome outcome, const dns::CaaSet& set,
                   const std::string& identity, const AuthorityView& authority,
                   std::string_view tag) {
    using Verdict = dns::CaaVerdict::Outcome;
    switch (outcome) {
        case Verdict::unknown_critical:
            return fmt::format(
                "remove the critical record at {}: a CA must refuse what it does "
                "not know.",
                set.owner);
        case Verdict::other_account:
            return authority.account_url.empty()
                       ? std::string(
                             "the record names an account, and none is kept here for this CA: "
                             "import the one it names, or change the record once there is one.")
                       : fmt::format(
                             "set accounturi={} in the record at {}, or use the account "
                             "that it names.",
                             base::printable(authority.account_url), set.owner);
        case Verdict::other_method:
            return fmt::format(
                "prove the name by a method that the record names, or change "
                "validationmethods at {}.",
                set.owner);
        case Verdict::permitted:
        case Verdict::nobody:
        case Verdict::other_issuer:
            break;
    }
    return fmt::format("add at {} the record: 0 {} \"{}\", or use a CA that is named there.",
                       set.owner, tag, base::printable(identity));
}

}  // namespace

Findings judge_caa(const Patient& patient, const base::Result<dns::CaaSet>& set,
                   const AuthorityView& authority) {
    const auto looked_at = fmt::format("CAA of {} and the names above it, for {}",
                                       patient.identifier.base_value(), authority.host);
    if (!set)
        return {finding(Severity::problem, Check::caa, patient, looked_at,
                        base::printable(set.error().message, 300),
                        "mend the zone's servers: a CA takes a CAA look-up that fails for a "
                        "refusal.")};
    if (set->properties.empty())
        return {
            finding(Severity::ok, Check::caa, patient, looked_at, "no record: every CA may issue")};
    const auto records = records_in_words(*set);
    dns::CaaQuestion question{
        .scope = patient.identifier.is_wildcard() ? dns::CaaScope::wildcard : dns::CaaScope::name,
        .identities = {},
        .account_url = authority.account_url};
    if (!authority.directory || authority.directory->caa_identities.empty()) {
        // Nobody is named in place of the CA: what is permitted then restricts nobody.
        if (dns::evaluate(set->properties, question).is_permitted())
            return {finding(Severity::ok, Check::caa, patient, looked_at,
                            records + ": no CA is excluded")};
        return {finding(Severity::warning, Check::caa, patient, looked_at, records,
                        authority.directory
                            ? "the CA does not say by which domain records name it: see whether "
                              "one of these is its own."
                            : "the CA was not asked by which domain records name it: see whether "
                              "one of these is its own.")};
    }
    question.identities = authority.directory->caa_identities;
    dns::CaaVerdict closest;
    std::string refused_methods;
    bool is_permitted = false;
    for (const auto method : patient.methods) {
        question.method = protocol::to_string(method);
        auto verdict = dns::evaluate(set->properties, question);
        is_permitted = is_permitted || verdict.is_permitted();
        if (verdict.is_permitted()) continue;
        refused_methods +=
            (refused_methods.empty() ? "" : ", ") + std::string(protocol::to_string(method));
        closest = std::move(verdict);
    }
    if (is_permitted && refused_methods.empty())
        return {finding(Severity::ok, Check::caa, patient, looked_at, records)};
    const auto& identity = question.identities.front();
    const auto next = remedy(
        closest.outcome, *set, identity, authority,
        patient.identifier.is_wildcard() && closest.reason.find("issuewild") != std::string::npos
            ? "issuewild"
            : "issue");
    if (is_permitted)
        return {finding(Severity::warning, Check::caa, patient, looked_at,
                        fmt::format("{}; not by {}", records, refused_methods), next)};
    return {finding(Severity::problem, Check::caa, patient, looked_at,
                    fmt::format("{}; {}", records, closest.reason), next)};
}

}  // namespace cairn::client::doctor
