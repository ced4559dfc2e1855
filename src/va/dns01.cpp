// dns-01: RFC 8555 section 8.4, BR 3.2.2.4.7. dns-account-01, which differs from it in the name of
// the record alone: draft-ietf-acme-dns-account-label, BR 3.2.2.4.21.

#include <algorithm>
#include <optional>
#include <ranges>
#include <stdexcept>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/base64url.h"
#include "protocol/dns_challenge.h"
#include "va/lookup.h"
#include "va/validation.h"

namespace cairn::va {

using protocol::ProblemType;

namespace {

// Messages quote at most 200 characters of what the peer chose.
constexpr std::size_t quoted_texts = 3;
constexpr std::size_t quoted_text = 60;

std::string others_found(std::string_view name, std::string_view expected,
                         const dns::Answer& answer) {
    const auto& texts = answer.texts;
    // An alias may lead into a zone that only the CA can query.
    if (!answer.canonical_name.empty() && answer.canonical_name != name)
        return fmt::format("none of {} TXT records at the name's alias is \"{}\"", texts.size(),
                           expected);
    std::vector<std::string> found;
    for (const auto& text : texts | std::views::take(quoted_texts)) {
        found.push_back(fmt::format("\"{}\"", base::printable(text, quoted_text)));
    }
    return fmt::format("none of {} TXT records is \"{}\"; found {}{}", texts.size(), expected,
                       fmt::join(found, ", "), texts.size() > quoted_texts ? ", ..." : "");
}

/// What is wrong with the answer, or nothing.
std::optional<std::string> txt_fault(const dns::Answer& answer, std::string_view name,
                                     std::string_view expected) {
    if (answer.outcome == dns::Answer::Outcome::no_such_name) {
        return "there is no such name (NXDOMAIN)";
    }
    if (answer.texts.empty()) return "the name has no TXT record";
    if (std::ranges::find(answer.texts, expected) != answer.texts.end()) return std::nullopt;
    return others_found(name, expected, answer);
}

// RFC 8738 section 7.
void require_name(const Validation& validation) {
    if (validation.identifier.type() != protocol::IdentifierType::dns)
        throw std::logic_error("the DNS does not prove control of addresses");
}

std::string expected_of(const Validation& validation) {
    return validation.key_digest ? base::base64url(*validation.key_digest)
                                 : protocol::dns_record_value(validation.key_authorization);
}

}  // namespace

base::Task<OrFailure<Evidence>> validate_text_record(std::string name, std::string expected,
                                                     const Settings& settings,
                                                     dns::Resolver& resolver) {
    const auto deadline = std::chrono::steady_clock::now() + settings.deadline;
    Evidence evidence{.steps = {name + " TXT"}, .endpoints = {}};
    const auto failed = [&](ProblemType type, std::string_view how) {
        // A record may not have reached every server yet.
        return std::unexpected(
            Failure(type, fmt::format("{}: {}", name, how), Outlook::may_heal, evidence));
    };
    const auto answer = co_await look_up(resolver, name, dns::RecordType::txt, deadline);
    if (!answer) co_return failed(answer.error().type, answer.error().detail);
    evidence.texts = Evidence::TextAnswer{.name = answer->canonical_name,
                                          .records = answer->texts,
                                          .response_code = answer->response_code,
                                          .is_secure = answer->is_secure};
    if (const auto fault = txt_fault(*answer, name, expected)) {
        co_return failed(ProblemType::unauthorized, *fault);
    }
    co_return evidence;
}

base::Task<OrFailure<Evidence>> validate_dns01(const Validation& validation,
                                               const Settings& settings, dns::Resolver& resolver) {
    require_name(validation);
    auto name =
        dns_challenge_name(protocol::ChallengeType::dns_01, validation.identifier.dns_name(), {});
    return validate_text_record(std::move(name), expected_of(validation), settings, resolver);
}

base::Task<OrFailure<Evidence>> validate_dns_account01(const Validation& validation,
                                                       const Settings& settings,
                                                       dns::Resolver& resolver) {
    require_name(validation);
    auto name = dns_challenge_name(protocol::ChallengeType::dns_account_01,
                                   validation.identifier.dns_name(), validation.account_url);
    return validate_text_record(std::move(name), expected_of(validation), settings, resolver);
}

}  // namespace cairn::va
