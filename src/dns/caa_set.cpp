#include "dns/caa_set.h"

#include <algorithm>
#include <array>
#include <exception>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "dns/caa_record.h"
#include "dns/zone.h"
#include "net/ascii.h"

namespace cairn::dns {
namespace {

using Outcome = CaaVerdict::Outcome;

constexpr std::string_view tag_issue = "issue";
constexpr std::string_view tag_issue_wild = "issuewild";
/// RFC 8659 section 4.4, RFC 9495, BR appendix A.
constexpr std::array<std::string_view, 5> harmless_tags = {"iodef", "issuemail", "issuevmc",
                                                           "contactemail", "contactphone"};
/// What some writers of records take for the critical bit, which is 128.
constexpr std::uint8_t lowest_reserved_bit = 1;

bool is_understood(std::string_view tag) {
    return tag == tag_issue || tag == tag_issue_wild ||
           std::ranges::find(harmless_tags, tag) != harmless_tags.end();
}

bool names(const CaaIssuer& issuer, std::span<const std::string> identities) {
    return std::ranges::any_of(identities, [&](const std::string& identity) {
        return net::same_ignoring_case(issuer.domain, identity);
    });
}

CaaVerdict verdict(Outcome outcome, const CaaProperty& property, std::string_view why) {
    return {outcome, to_string(property) + ": " + std::string(why)};
}

CaaVerdict judge(const CaaProperty& property, const CaaQuestion& question) {
    const auto issuer = CaaIssuer::from_value(property.value);
    if (!issuer) return verdict(Outcome::nobody, property, issuer.error().message);
    if (issuer->domain.empty()) return verdict(Outcome::nobody, property, "nobody may issue");
    if (!names(*issuer, question.identities))
        return verdict(Outcome::other_issuer, property, "another CA is named");
    const auto account = issuer->parameter("accounturi");
    if (!account) return verdict(Outcome::other_account, property, account.error().message);
    const bool is_enforced = question.parameters == CaaParameters::enforced;
    if (is_enforced && *account &&
        (question.account_url.empty() || **account != question.account_url))
        return verdict(
            Outcome::other_account, property,
            question.account_url.empty()
                ? "another account is named than a new one will be"
                : "another account is named than " + base::printable(question.account_url));
    const auto methods = issuer->parameter("validationmethods");
    if (!methods) return verdict(Outcome::other_method, property, methods.error().message);
    if (is_enforced && *methods &&
        std::ranges::count(listed_methods(**methods), question.method) == 0)
        return verdict(Outcome::other_method, property,
                       std::string(question.method) + " is not among the methods");
    return {Outcome::permitted, to_string(property)};
}

/// So many names are asked for at the same time: most have no records up to the top, and one answer
/// would wait for the other.
constexpr std::size_t names_at_once = 4;

/// What one of several look-ups came to, which run side by side. What it throws is kept until it is
/// its turn: of two exceptions at once neither would be known again.
struct LookedUp {
    base::Result<Answer> answer;
    std::exception_ptr error{};
};

base::Task<LookedUp> look_up(Resolver& resolver, std::string owner, Resolver::Deadline deadline) {
    LookedUp found{Answer()};
    if (owner.empty()) co_return found;
    try {
        found.answer = co_await resolver.query(std::move(owner), RecordType::caa, deadline);
    } catch (...) {
        found.error = std::current_exception();
    }
    co_return found;
}

}  // namespace

base::Task<base::Result<CaaSet>> find_caa_set(Resolver& resolver, std::string name,
                                              Resolver::Deadline deadline) {
    using namespace boost::asio::experimental::awaitable_operators;
    if (name.ends_with('.')) name.pop_back();
    bool is_secure = true;
    for (auto owner = net::ascii_lower(name); !owner.empty();) {
        std::array<std::string, names_at_once> owners;
        for (auto& each : owners) {
            each = owner;
            if (!owner.empty()) owner = parent_of(owner);
        }
        auto [first, second, third, fourth] = co_await (
            look_up(resolver, owners[0], deadline) && look_up(resolver, owners[1], deadline) &&
            look_up(resolver, owners[2], deadline) && look_up(resolver, owners[3], deadline));
        const std::array<LookedUp*, names_at_once> found_at{&first, &second, &third, &fourth};
        for (std::size_t i = 0; i < names_at_once && !owners[i].empty(); ++i) {
            if (found_at[i]->error) std::rethrow_exception(found_at[i]->error);
            auto& answer = found_at[i]->answer;
            if (!answer) co_return std::unexpected(answer.error());
            is_secure = is_secure && answer->is_secure;
            if (answer->caa.empty()) continue;
            CaaSet found{.owner = std::move(owners[i]),
                         .canonical_name = std::move(answer->canonical_name),
                         .properties = std::move(answer->caa),
                         .is_secure = is_secure};
            co_return found;
        }
    }
    CaaSet none;
    none.is_secure = is_secure;
    co_return none;
}

CaaVerdict evaluate(std::span<const CaaProperty> properties, const CaaQuestion& question) {
    for (const auto& property : properties)
        if ((property.critical || (property.flags & lowest_reserved_bit) != 0) &&
            !is_understood(property.tag))
            return verdict(Outcome::unknown_critical, property,
                           "it is critical, and its tag is not known");
    const auto has_tag = [&](std::string_view tag) {
        return std::ranges::find(properties, tag, &CaaProperty::tag) != properties.end();
    };
    const auto tag = question.scope == CaaScope::wildcard && has_tag(tag_issue_wild)
                         ? tag_issue_wild
                         : tag_issue;
    // Of several properties that do not permit, the one that comes closest is told.
    CaaVerdict closest;
    for (const auto& property : properties) {
        if (property.tag != tag) continue;
        auto one = judge(property, question);
        if (one.is_permitted()) return one;
        if (one.outcome > closest.outcome) closest = std::move(one);
    }
    return closest;
}

std::string to_string(const CaaProperty& property) {
    return std::to_string(property.flags) + " " + base::printable(property.tag, 50) + " \"" +
           base::printable(base::text_of(property.value)) + "\"";
}

}  // namespace cairn::dns
