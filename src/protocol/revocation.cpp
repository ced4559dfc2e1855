#include "protocol/revocation.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "base/base64url.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace cairn::protocol {
namespace {

constexpr std::size_t max_certificate_length = 64 * 1024;

struct ReasonFacts {
    RevocationReason reason;
    std::string_view name;
    /// True for reasons that a subscriber may name (BR 7.2.2); the others are for the CA.
    bool for_subscribers;
};
constexpr std::array<ReasonFacts, 6> reasons = {{
    {RevocationReason::unspecified, "unspecified", true},
    {RevocationReason::key_compromise, "keyCompromise", true},
    {RevocationReason::affiliation_changed, "affiliationChanged", true},
    {RevocationReason::superseded, "superseded", true},
    {RevocationReason::cessation_of_operation, "cessationOfOperation", true},
    {RevocationReason::privilege_withdrawn, "privilegeWithdrawn", false},
}};

/// The name of a reason in lower case, without hyphens.
std::string plain(std::string_view name) {
    std::string letters;
    for (const char character : name) {
        if (character == '-') continue;
        const bool capital = character >= 'A' && character <= 'Z';
        letters += capital ? static_cast<char>(character - 'A' + 'a') : character;
    }
    return letters;
}

const ReasonFacts* reason_of_code(std::int64_t code) {
    const auto* const found = std::ranges::find_if(reasons, [&](const ReasonFacts& facts) {
        return static_cast<std::int64_t>(facts.reason) == code;
    });
    return found == reasons.end() ? nullptr : found;
}

const ReasonFacts* reason_of_text(std::string_view text) {
    int code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error == std::errc() && end == text.data() + text.size()) return reason_of_code(code);
    const std::string letters = plain(text);
    const auto* const found = std::ranges::find_if(
        reasons, [&](const ReasonFacts& facts) { return plain(facts.name) == letters; });
    return found == reasons.end() ? nullptr : found;
}

}  // namespace

std::string_view to_string(RevocationReason reason) {
    const ReasonFacts* const facts = reason_of_code(static_cast<std::int64_t>(reason));
    return facts == nullptr ? std::string_view() : facts->name;
}

base::Result<RevocationReason> revocation_reason_from(std::string_view text) {
    if (const ReasonFacts* facts = reason_of_text(text)) return facts->reason;
    return base::fail(base::printable(text, 50) +
                      " is not a reason for revocation: unspecified, keyCompromise, "
                      "affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn");
}

std::string RevocationRequest::to_json() const {
    JsonWriter writer;
    writer.begin_object();
    writer.member("certificate", base::base64url(certificate));
    if (reason != RevocationReason::unspecified) {
        writer.member("reason", static_cast<int>(reason));
    }
    writer.end_object();
    return writer.take();
}

OrProblem<RevocationRequest> RevocationRequest::from_json(base::BytesView json) {
    JsonMemory memory;
    const base::Result<boost::json::object> object = parse_json_object(json, memory.storage());
    if (!object) return malformed(object.error());

    MemberReader members(*object);
    const std::string_view text = members.required_text("certificate");
    const std::int64_t code = members.integer("reason").value_or(0);
    base::Result<base::Bytes> certificate = base::from_base64url(text);
    if (!certificate) {
        members.refuse("certificate", certificate.error().message);
    } else if (certificate->size() > max_certificate_length) {
        members.refuse("certificate", "longer than 64 KiB");
    }
    if (members.error()) return malformed(*members.error());

    const ReasonFacts* facts = reason_of_code(code);
    if (facts == nullptr || !facts->for_subscribers) {
        return std::unexpected(
            Problem(ProblemType::bad_revocation_reason,
                    "the reasons 0, 1, 3, 4 and 5 are taken, not " + std::to_string(code)));
    }
    return RevocationRequest{*std::move(certificate), facts->reason};
}

}  // namespace cairn::protocol
