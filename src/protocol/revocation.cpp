#include "protocol/revocation.h"

#include <charconv>
#include <vector>

#include "base/base64url.h"
#include "base/enum_table.h"
#include "protocol/json.h"
#include "protocol/json_writer.h"

namespace cairn::protocol {
namespace {

constexpr std::size_t max_certificate_length = 64 * 1024;

/// Who may give a reason (BR 7.2.2).
enum class GivenBy { subscribers, only_the_ca };

struct ReasonFacts {
    std::string_view name;
    GivenBy given_by = GivenBy::only_the_ca;
};
constexpr base::EnumTable<RevocationReason, ReasonFacts> reasons({
    {RevocationReason::unspecified, {"unspecified", GivenBy::subscribers}},
    {RevocationReason::key_compromise, {"keyCompromise", GivenBy::subscribers}},
    {RevocationReason::affiliation_changed, {"affiliationChanged", GivenBy::subscribers}},
    {RevocationReason::superseded, {"superseded", GivenBy::subscribers}},
    {RevocationReason::cessation_of_operation, {"cessationOfOperation", GivenBy::subscribers}},
    {RevocationReason::privilege_withdrawn, {"privilegeWithdrawn", GivenBy::only_the_ca}},
});

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

/// The numbers that subscribers may give: "0, 1, 3, 4 and 5".
std::string numbers_of_subscribers() {
    std::vector<std::string> numbers;
    for (const RevocationReason reason : base::enumerators<RevocationReason>) {
        if (reasons[reason].given_by == GivenBy::subscribers)
            numbers.push_back(std::to_string(static_cast<int>(reason)));
    }
    std::string list = numbers.front();
    for (std::size_t i = 1; i < numbers.size(); ++i)
        list += (i + 1 < numbers.size() ? ", " : " and ") + numbers[i];
    return list;
}

std::optional<RevocationReason> reason_of_text(std::string_view text) {
    int code = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
    if (error == std::errc() && end == text.data() + text.size())
        return base::enumerator_from<RevocationReason>(code);
    return reasons.find(plain(text), [](const ReasonFacts& facts) { return plain(facts.name); });
}

}  // namespace

std::string_view to_string(RevocationReason reason) {
    return reasons[reason].name;
}

base::Result<RevocationReason> revocation_reason_from(std::string_view text) {
    if (const auto reason = reason_of_text(text)) return *reason;
    return base::fail(base::printable(text, 50) + " is not a reason for revocation: " +
                      base::listed(reasons, &ReasonFacts::name));
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

    const auto reason = base::enumerator_from<RevocationReason>(code);
    if (!reason || reasons[*reason].given_by != GivenBy::subscribers) {
        return std::unexpected(Problem(
            ProblemType::bad_revocation_reason,
            "the reasons " + numbers_of_subscribers() + " are taken, not " + std::to_string(code)));
    }
    return RevocationRequest{*std::move(certificate), *reason};
}

}  // namespace cairn::protocol
