// CAA: RFC 8659, RFC 8657, BR 3.2.2.8.
#include "va/caa.h"

#include <ranges>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "dns/caa_set.h"
#include "va/lookup.h"

namespace cairn::va {

using dns::CaaSet;
using dns::CaaVerdict;
using protocol::CaaFinding;
using protocol::most_caa_records_kept;
using protocol::ProblemType;

namespace {

// Messages quote at most 200 characters of what the peer chose.
constexpr std::size_t quoted_reason = 200;
constexpr std::string_view tag_iodef = "iodef";

CaaFinding finding_of(const protocol::Identifier& identifier, const CaaSet& set,
                      const CaaVerdict& verdict) {
    CaaFinding finding{.name = identifier.value(),
                       .owner = set.owner,
                       .alias_of = set.canonical_name == set.owner ? "" : set.canonical_name,
                       .count = set.properties.size(),
                       .is_secure = set.is_secure};
    for (const auto& property : set.properties | std::views::take(most_caa_records_kept))
        finding.records.push_back(to_string(property));
    for (const auto& property : set.properties)
        if (property.tag == tag_iodef && finding.iodef.size() < most_caa_records_kept)
            finding.iodef.push_back(base::printable(base::text_of(property.value)));
    finding.verdict = verdict.is_permitted() ? "permitted" : "forbidden";
    if (!verdict.reason.empty()) finding.verdict += ": " + verdict.reason;
    return finding;
}

// The same without the peer's words.
std::string_view words_for(CaaVerdict::Outcome outcome) {
    using enum CaaVerdict::Outcome;
    switch (outcome) {
        case permitted:
            return "issuance is permitted";
        case unknown_critical:
            return "one is critical, and its tag is not known";
        case nobody:
            return "nobody may issue";
        case other_issuer:
            return "another CA is named";
        case other_account:
            return "another account is named";
        case other_method:
            return "the method of validation is not among those that are named";
    }
    throw std::logic_error("no such outcome");
}

std::string detail_of(const CaaFinding& finding, const CaaVerdict& verdict,
                      std::span<const std::string> identities) {
    const bool is_told = finding.alias_of.empty();
    const auto where = is_told
                           ? finding.owner == finding.name ? std::string() : " at " + finding.owner
                           : std::string(" at its alias");
    return fmt::format(
        "the CAA records of {}{} forbid issuance: {}. This CA is \"{}\" there (RFC 8659)",
        finding.name, where,
        is_told ? base::printable(verdict.reason, quoted_reason)
                : std::string(words_for(verdict.outcome)),
        fmt::join(identities, "\" or \""));
}

// The steps of a look-up that went as far as this set.
std::vector<std::string> steps_to(const std::string& name, const CaaFinding& finding) {
    std::vector<std::string> steps{name + " CAA"};
    steps.push_back(finding.owner.empty() ? "no CAA records"
                                          : fmt::format("{} CAA records at {}: {}", finding.count,
                                                        finding.owner, finding.verdict));
    return steps;
}

}  // namespace

base::Task<OrFailure<Evidence>> check_caa(const Validation& validation, std::string_view method,
                                          const Settings& settings, dns::Resolver& resolver) {
    const auto& identifier = validation.identifier;
    if (identifier.type() != protocol::IdentifierType::dns)
        throw std::logic_error("an address has no CAA records");
    const auto deadline = std::chrono::steady_clock::now() + settings.deadline;
    const auto& name = identifier.base_value();
    const auto set = co_await look_up_caa(resolver, name, deadline);
    if (!set) {
        Evidence evidence{.steps = {name + " CAA"}};
        co_return std::unexpected(
            Failure(ProblemType::dns,
                    fmt::format("the CAA records of {} could not be looked up, and nothing is "
                                "issued without that: {}",
                                identifier.value(), set.error().detail),
                    Outlook::may_heal, std::move(evidence)));
    }
    const auto verdict = dns::evaluate(
        set->properties,
        {.scope = identifier.is_wildcard() ? dns::CaaScope::wildcard : dns::CaaScope::name,
         .identities = validation.caa_identities,
         .account_url = validation.account_url,
         .method = method,
         .parameters = validation.caa_parameters});
    Evidence evidence;
    evidence.caa = finding_of(identifier, *set, verdict);
    evidence.steps = steps_to(name, *evidence.caa);
    if (verdict.is_permitted()) co_return evidence;
    auto detail = detail_of(*evidence.caa, verdict, validation.caa_identities);
    co_return std::unexpected(
        Failure(ProblemType::caa, std::move(detail), Outlook::final, std::move(evidence)));
}

}  // namespace cairn::va
