#include "admin/certificate_search.h"

#include <algorithm>

#include "admin/findings.h"
#include "admin/named_objects.h"
#include "base/bytes.h"
#include "pki/certificate.h"

namespace cairn::admin {

namespace {

using Kind = Refused::Kind;

/// How many certificates one step looks at, and one answer in vain.
constexpr std::size_t looked_at_once = 2000, most_looked_at = 200'000;

// What stands in the DER of each certificate that has the name; none: it says nothing.
std::optional<base::Bytes> octets_of(const std::string& pattern) {
    if (pattern.contains('/')) return std::nullopt;  // a network
    if (const auto address = base::IpAddress::from_text(pattern))
        return base::copy_of(address->octets());
    return base::copy_of(base::bytes_of(pattern));
}

void choose_status(CertificateChoice& choice, const std::string& status, base::Time now) {
    auto& filter = choice.filter;
    if (status == "valid") {
        filter.is_revoked = false;
        filter.ends_after = std::max(filter.ends_after.value_or(now), now);
    } else if (status == "revoked") {
        filter.is_revoked = true;
    } else if (status == "expired") {
        const auto before = now - base::Seconds(1);
        filter.ends_before = std::min(filter.ends_before.value_or(before), before);
    } else {
        throw Refused(Kind::usage, "status must be valid, revoked or expired, not \"" +
                                       base::printable(status, 80) + "\"");
    }
}

void require_order(const std::optional<base::Time>& first, const std::optional<base::Time>& last,
                   const std::string& what) {
    if (first && last && *first > *last)
        throw Refused(Kind::usage, what + "_after is later than " + what + "_before");
}

}  // namespace

bool CertificateChoice::has_name(const ca::IssuedCertificate& certificate) const {
    if (!name) return true;
    const auto read = pki::Certificate::from_der(certificate.der);
    if (!read) return false;
    const auto& names = read->names();
    const auto is_meant = [this](const protocol::Identifier& identifier) {
        return name->matches(identifier);
    };
    return std::ranges::any_of(names.dns_names,
                               [&](const std::string& text) {
                                   const auto identifier = protocol::Identifier::dns(text);
                                   return identifier && is_meant(*identifier);
                               }) ||
           std::ranges::any_of(names.ip_addresses, [&](const base::IpAddress& address) {
               return is_meant(protocol::Identifier::of(address));
           });
}

void choose_name(CertificateChoice& choice, const std::string& text) {
    auto pattern = ca::NamePattern::from_text(text);
    if (!pattern)
        throw Refused(Kind::usage,
                      "name \"" + base::printable(text, 80) + "\": " + pattern.error().message);
    choice.filter.octets = octets_of(pattern->to_string());
    choice.name = std::move(*pattern);
    choice.is_everything = false;
}

void choose_key(CertificateChoice& choice, const std::string& text) {
    auto digits = text;
    std::erase(digits, ':');
    const auto octets = base::from_hex(digits);
    crypto::Sha256Digest key{};
    if (!octets || octets->size() != key.size())
        throw Refused(Kind::usage,
                      "key must be the SHA-256 of a SubjectPublicKeyInfo in hexadecimal, not \"" +
                          base::printable(text, 80) + "\"");
    std::ranges::copy(*octets, key.begin());
    choice.filter.key = key;
    choice.is_everything = false;
}

std::vector<Parameter> certificate_parameters() {
    using enum Parameter::Kind;
    return {{"name", word,
             "Those with this name or address; .example.com: with a name below it, 10.0.0.0/8: "
             "with an address of it"},
            {"account", word, "Those of this account: id, URL, or thumbprint of its key"},
            {"order", word, "That of this order: id or URL"},
            {"issuer", word,
             "Those of this issuer: its name in the configuration, or SHA-256 of its certificate"},
            {"profile", word, "Those of this profile"},
            {"key", word, "Those with this key: SHA-256 of its SubjectPublicKeyInfo"},
            {"status", word, "Those that are valid, revoked or expired"},
            {"issued_after", word, "Those issued at this time or later"},
            {"issued_before", word, "Those issued at this time or earlier"},
            {"ends_after", word, "Those that end at this time or later"},
            {"ends_before", word, "Those that end at this time or earlier"}};
}

base::Task<CertificateChoice> read_choice(const Context& context, const Arguments& arguments) {
    CertificateChoice choice;
    Findings findings;
    auto& filter = choice.filter;
    const auto said = [&](std::string_view name) {
        const bool is_said = !arguments.word(name).empty();
        if (is_said) choice.is_everything = false;
        return is_said;
    };
    if (said("name")) findings.run([&] { choose_name(choice, arguments.word("name")); });
    if (said("key")) findings.run([&] { choose_key(choice, arguments.word("key")); });
    if (said("order")) findings.run([&] { filter.order = order_of(arguments.word("order")); });
    if (said("profile")) filter.profile = arguments.word("profile");
    const auto read_time = [&](std::string_view name, std::optional<base::Time>& time) {
        if (said(name)) findings.run([&] { time = time_of(arguments, name); });
    };
    read_time("issued_after", filter.issued_after);
    read_time("issued_before", filter.issued_before);
    read_time("ends_after", filter.ends_after);
    read_time("ends_before", filter.ends_before);
    findings.run([&] { require_order(filter.issued_after, filter.issued_before, "issued"); });
    findings.run([&] { require_order(filter.ends_after, filter.ends_before, "ends"); });
    if (said("status"))
        findings.run([&] { choose_status(choice, arguments.word("status"), context.clock.now()); });
    if (said("account")) {
        try {
            const auto account = co_await find_account(context, arguments.word("account"));
            filter.account = account.id;
        } catch (const Refused& refused) {
            findings.add(refused);
        }
    }
    if (said("issuer")) {
        try {
            const auto issuer = co_await issuer_of(context, arguments.word("issuer"));
            filter.issuer = issuer;
        } catch (const Refused& refused) {
            findings.add(refused);
        }
    }
    findings.throw_if_any();
    co_return choice;
}

base::Task<FoundCertificates> look_for(const Context& context, CertificateChoice choice,
                                       std::optional<pki::SerialNumber> before, std::size_t limit) {
    FoundCertificates found;
    std::size_t looked_at = 0;
    // The newest are mostly those that are wanted.
    std::size_t at_once = std::min(limit + 1, looked_at_once);
    for (;;) {
        auto step =
            co_await context.repository.look_for_certificates(choice.filter, before, at_once);
        for (auto& each : step.found) {
            if (!choice.has_name(each)) continue;
            if (found.certificates.size() == limit) {
                found.next = found.certificates.back().serial;
                co_return found;
            }
            found.certificates.push_back(std::move(each));
        }
        if (!step.next) co_return found;
        before = step.next;
        looked_at += at_once;
        if (looked_at >= most_looked_at) {
            found.next = before;
            co_return found;
        }
        at_once = looked_at_once;
        co_await base::sleep_for(base::Milliseconds(1));  // others have a turn
    }
}

}  // namespace cairn::admin
