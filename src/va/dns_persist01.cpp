// dns-persist-01: draft-ietf-acme-dns-persist-01, BR 3.2.2.4.22.

#include <algorithm>
#include <optional>
#include <stdexcept>

#include <fmt/format.h>

#include "protocol/dns_challenge.h"
#include "protocol/persistent_record.h"
#include "va/lookup.h"
#include "va/validation.h"

namespace cairn::va {

using protocol::PersistentRecord;
using protocol::Problem;
using protocol::ProblemType;

namespace {

// Messages quote at most 200 characters of what the peer chose.
constexpr std::size_t quoted_record_text = 60;
// BR 3.2.2.4.22.
constexpr base::Seconds longest_reliance = std::chrono::days(10);

bool names_us(const protocol::DnsName& issuer, std::span<const std::string> issuer_names) {
    return std::ranges::find(issuer_names, issuer.text()) != issuer_names.end();
}

// Why a record that names the CA does not prove what is asked, or nothing if it does.
std::optional<Problem> record_fault(std::string_view text, const Validation& validation) {
    const auto record = PersistentRecord::from_text(text);
    if (!record)
        return Problem(ProblemType::malformed,
                       fmt::format("the record is malformed: {}", record.error().message));
    const auto unauthorized = [](std::string how) {
        return Problem(ProblemType::unauthorized, std::move(how));
    };
    if (record->account_uri != validation.account_url)
        return unauthorized(fmt::format("the record is for the account \"{}\", not {}",
                                        base::printable(record->account_uri, quoted_record_text),
                                        validation.account_url));
    if (record->until && validation.now > *record->until)
        return unauthorized(
            fmt::format("the record ended at {}", base::to_rfc3339(*record->until)));
    const bool is_wide = validation.identifier.is_wildcard() || validation.for_subdomains;
    if (is_wide && !record->covers_subdomains)
        return unauthorized(
            "the record covers no wildcards and subdomains; policy=wildcard says so");
    return std::nullopt;
}

// What tells more: a record that is nearly right, then one that cannot be read, then one of another
// CA.
enum class Rank { other_issuer, unreadable, malformed, unauthorized };

struct Finding {
    Rank rank = Rank::other_issuer;
    Problem problem;
};

// Nothing: the record proves control.
std::optional<Finding> judge(std::string_view text, const Validation& validation) {
    const auto issuer = PersistentRecord::issuer_of(text);
    if (!issuer)
        return Finding{Rank::unreadable,
                       Problem(ProblemType::malformed,
                               fmt::format("the record is malformed: {}", issuer.error().message))};
    if (!names_us(*issuer, validation.issuer_names))
        return Finding{Rank::other_issuer,
                       Problem(ProblemType::unauthorized,
                               fmt::format("the record names the CA {}, not {}",
                                           base::printable(issuer->text(), quoted_record_text),
                                           fmt::join(validation.issuer_names, " or ")))};
    auto fault = record_fault(text, validation);
    if (!fault) return std::nullopt;
    const auto rank = fault->type == ProblemType::malformed ? Rank::malformed : Rank::unauthorized;
    return Finding{rank, std::move(*fault)};
}

// Why no record proves control; nothing if one does. An alias may lead into a zone that only the CA
// can query: what was found there is not told.
std::optional<Problem> record_fault(const dns::Answer& answer, std::string_view name,
                                    const Validation& validation) {
    if (answer.outcome == dns::Answer::Outcome::no_such_name)
        return Problem(ProblemType::unauthorized, "there is no such name (NXDOMAIN)");
    if (answer.texts.empty())
        return Problem(ProblemType::unauthorized, "the name has no TXT record");
    std::optional<Finding> best;
    for (const auto& text : answer.texts) {
        auto finding = judge(text, validation);
        if (!finding) return std::nullopt;
        if (!best || best->rank < finding->rank) best = std::move(finding);
    }
    const bool is_alias = !answer.canonical_name.empty() && answer.canonical_name != name;
    if (is_alias) best->problem.detail = "no record at the name's alias proves control";
    return std::move(best->problem);
}

}  // namespace

base::Task<OrFailure<Evidence>> validate_dns_persist01(const Validation& validation,
                                                       const Settings& settings,
                                                       dns::Resolver& resolver) {
    if (validation.identifier.type() != protocol::IdentifierType::dns)
        throw std::logic_error("dns-persist-01 does not prove control of addresses");
    if (validation.account_url.empty()) throw std::logic_error("dns-persist-01 needs an account");
    const auto name = dns_challenge_name(protocol::ChallengeType::dns_persist_01,
                                         validation.identifier.dns_name(), {});
    const auto deadline = std::chrono::steady_clock::now() + settings.deadline;
    Evidence evidence{.steps = {name + " TXT"}};
    const auto answer = co_await look_up(resolver, name, dns::RecordType::txt, deadline);
    if (answer)
        evidence.texts = Evidence::TextAnswer{.name = answer->canonical_name,
                                              .records = answer->texts,
                                              .response_code = answer->response_code,
                                              .is_secure = answer->is_secure};
    std::optional<Problem> fault;
    if (!answer)
        fault = answer.error();
    else
        fault = record_fault(*answer, name, validation);
    if (fault)
        // A record may not have reached every server yet.
        co_return std::unexpected(Failure(fault->type, fmt::format("{}: {}", name, fault->detail),
                                          Outlook::may_heal, evidence));
    // Section 7.8 of the draft: the time to live bounds how long it may be relied on.
    evidence.reliable_for =
        std::min(longest_reliance, base::Seconds(static_cast<std::int64_t>(answer->time_to_live)));
    co_return evidence;
}

}  // namespace cairn::va
