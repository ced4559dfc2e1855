#include "admin/certificate_operations.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/value.hpp>

#include "admin/certificate_search.h"
#include "admin/findings.h"
#include "admin/key_list.h"
#include "admin/named_objects.h"
#include "admin/page.h"
#include "pki/certificate.h"
#include "pki/renewal_identifier.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

using Kind = Refused::Kind;
using Names = std::map<ca::IssuerId, std::string>;

/// Revoked by one command; who has more says it again.
constexpr std::size_t most_revoked = 5000;
/// Looked for at once by a command that goes through all.
constexpr std::size_t gathered_at_once = 1000;

std::string_view certificate_status(const ca::IssuedCertificate& certificate, base::Time now) {
    if (certificate.revocation) return "revoked";
    return certificate.not_after < now ? "expired" : "valid";
}

json::array names_in(const pki::SubjectNames& names) {
    json::array list;
    for (const auto& name : names.dns_names) list.emplace_back(name);
    for (const auto& address : names.ip_addresses) list.emplace_back(address.to_string());
    for (const auto& uri : names.uris) list.emplace_back(uri);
    return list;
}

json::object certificate_facts(const Context& context, const Names& issuers,
                               const ca::IssuedCertificate& certificate) {
    json::object facts{{"serial", certificate.serial.to_hex()},
                       {"status", certificate_status(certificate, context.clock.now())}};
    if (const auto read = pki::Certificate::from_der(certificate.der)) {
        facts["names"] = names_in(read->names());
        facts["notBefore"] = base::to_rfc3339(read->not_before());
        if (const auto name = pki::RenewalIdentifier::of(*read))
            facts["renewalName"] = name->to_text();
    }
    facts["notAfter"] = base::to_rfc3339(certificate.not_after);
    facts["issued"] = base::to_rfc3339(certificate.issued);
    if (!certificate.profile.empty()) facts["profile"] = certificate.profile;
    if (const auto name = name_of(issuers, certificate.issuer); !name.empty())
        facts["issuer"] = name;
    facts["issuerFingerprint"] = base::to_hex(certificate.issuer);
    facts["key"] = base::to_hex(certificate.key);
    if (certificate.account) facts["account"] = certificate.account->to_string();
    if (certificate.order) facts["order"] = certificate.order->to_string();
    if (certificate.revocation) {
        facts["revoked"] = base::to_rfc3339(certificate.revocation->at);
        facts["reason"] = protocol::to_string(certificate.revocation->reason);
    }
    return facts;
}

std::optional<pki::SerialNumber> place_of(const Page& page) {
    if (page.after.empty()) return std::nullopt;
    return serial_of(page.after);
}

// Which page of which certificates an operation is about; all that is wrong is told at once.
struct Wanted {
    Page page;
    std::optional<pki::SerialNumber> before;
    CertificateChoice choice;
};
base::Task<Wanted> read_wanted(const Context& context, const Arguments& arguments) {
    Findings findings;
    Wanted wanted;
    wanted.page = Page::from(arguments, findings);
    findings.run([&] { wanted.before = place_of(wanted.page); });
    try {
        auto reading = read_choice(context, arguments);
        wanted.choice = co_await std::move(reading);
    } catch (const Refused& refused) {
        findings.add(refused);
    }
    findings.throw_if_any();
    co_return wanted;
}

json::object page_of(const Context& context, const FoundCertificates& found) {
    const auto issuers = issuer_names(context);
    json::array rows;
    for (const auto& each : found.certificates)
        rows.push_back(certificate_facts(context, issuers, each));
    json::object result{{"certificates", std::move(rows)}};
    if (found.next) result["next"] = found.next->to_hex();
    return result;
}

base::Task<json::object> list_certificates(const Context& context, const Arguments& arguments) {
    auto wanted = co_await read_wanted(context, arguments);
    const auto found =
        co_await look_for(context, std::move(wanted.choice), wanted.before, wanted.page.limit);
    co_return page_of(context, found);
}

base::Task<json::object> show_certificate(const Context& context, const Arguments& arguments) {
    const auto certificate = co_await find_certificate(context, arguments.word("certificate"));
    auto facts = certificate_facts(context, issuer_names(context), certificate);
    facts["sha256"] = base::to_hex(crypto::sha256(certificate.der));
    const auto replacement = co_await context.repository.find_replacement(certificate.serial);
    if (replacement) facts["replacedBy"] = replacement->order.to_string();
    co_return facts;
}

// A serial number that the CA gave out.
base::Task<std::optional<ca::IssuedCertificate>> find_by_serial(const Context& context,
                                                                std::string text) {
    const auto tail = text.substr(text.rfind('/') + 1);
    auto digits = tail;
    std::erase(digits, ':');
    std::optional<pki::SerialNumber> serial;
    if (auto read = pki::SerialNumber::from_hex(digits)) serial = *std::move(read);
    if (auto read = pki::RenewalIdentifier::from_text(tail)) serial = std::move(read->serial);
    if (!serial) co_return std::nullopt;
    co_return co_await context.repository.find_certificate(*serial);
}

base::Task<json::object> search(const Context& context, const Arguments& arguments) {
    Findings findings;
    const auto page = Page::from(arguments, findings);
    const auto before =
        findings.take([&] { return place_of(page); }, std::optional<pki::SerialNumber>());
    const auto what = arguments.word("what");
    const auto keys = arguments.words("key_file");
    if (what.empty() == keys.empty())
        findings.add(
            "say what to look for: a name, an address, a serial number, the "
            "SHA-256 of a key, or --key-file FILE");
    if (keys.size() > 1)
        findings.add("the file holds " + std::to_string(keys.size()) +
                     " keys; look for one at a time");
    findings.throw_if_any();
    CertificateChoice choice;
    constexpr std::size_t digits_of_a_key = 64;
    auto digits = what;
    std::erase(digits, ':');
    if (!keys.empty()) {
        choose_key(choice, keys.front());
    } else if (digits.size() == digits_of_a_key && base::from_hex(digits)) {
        choose_key(choice, digits);
    } else {
        auto one = co_await find_by_serial(context, what);
        if (one) {
            FoundCertificates found;
            found.certificates.push_back(*std::move(one));
            co_return page_of(context, found);
        }
        choose_name(choice, what);
    }
    const auto found = co_await look_for(context, std::move(choice), before, page.limit);
    co_return page_of(context, found);
}

// Those that were named, each once. Throws Refused with all that is wrong with them.
base::Task<std::vector<ca::IssuedCertificate>> named(const Context& context,
                                                     std::vector<std::string> names) {
    std::vector<ca::IssuedCertificate> found;
    std::string findings;
    auto kind = Kind::not_found;
    for (const auto& name : names) {
        try {
            auto certificate = co_await find_certificate(context, name);
            const auto is_there = std::ranges::any_of(
                found, [&](const auto& each) { return each.serial == certificate.serial; });
            if (!is_there) found.push_back(std::move(certificate));
        } catch (const Refused& refused) {
            kind = refused.kind();
            findings += (findings.empty() ? "" : "; ") + std::string(refused.what());
        }
    }
    if (!findings.empty()) throw Refused(kind, findings);
    co_return found;
}

struct Gathered {
    std::size_t count = 0;
    /// The first ones, as many as one command revokes.
    std::vector<ca::IssuedCertificate> first;
};
base::Task<Gathered> gather(const Context& context, CertificateChoice choice) {
    Gathered gathered;
    std::optional<pki::SerialNumber> before;
    do {
        auto found = co_await look_for(context, choice, before, gathered_at_once);
        gathered.count += found.certificates.size();
        for (auto& each : found.certificates)
            if (gathered.first.size() < most_revoked) gathered.first.push_back(std::move(each));
        before = found.next;
    } while (before);
    co_return gathered;
}

// What is to be revoked. Throws Refused where the choice is none, or is not confirmed.
base::Task<Gathered> to_be_revoked(const Context& context, const Arguments& arguments,
                                   CertificateChoice choice) {
    const auto now = context.clock.now();
    const auto names = arguments.words("certificates");
    if (names.empty() == choice.is_everything)
        throw Refused(Kind::usage,
                      "say which certificates are to be revoked: serial numbers, or "
                      "options that choose them; not both, and not neither");
    if (!names.empty()) {
        Gathered gathered;
        gathered.first = co_await named(context, names);
        gathered.count = gathered.first.size();
        std::string expired;
        for (const auto& each : gathered.first)
            if (each.not_after < now) expired += " " + each.serial.to_hex();
        if (!expired.empty())
            throw Refused(Kind::conflict, "these have expired, and nothing was revoked:" + expired);
        co_return gathered;
    }
    choice.filter.is_revoked = false;
    choice.filter.ends_after = std::max(choice.filter.ends_after.value_or(now), now);
    auto gathered = co_await gather(context, std::move(choice));
    if (arguments.flag("dry_run")) co_return gathered;
    const auto expected = arguments.count("expect");
    if (!expected || static_cast<std::size_t>(*expected) != gathered.count)
        throw Refused(Kind::conflict,
                      "the choice is " + std::to_string(gathered.count) + " certificates" +
                          (expected ? ", not " + std::to_string(*expected) : "") +
                          "; nothing was revoked. Look at them with `certificate list` and the "
                          "same options, then say --expect " +
                          std::to_string(gathered.count));
    co_return gathered;
}

// Whoever has the certificate. With keyCompromise its key is recorded as compromised, and with it
// every certificate that has it is revoked. False: it was so already.
base::Task<bool> revoke_one(const Context& context, ca::IssuedCertificate certificate,
                            protocol::RevocationReason reason) {
    const auto now = context.clock.now();
    const bool is_compromise = reason == protocol::RevocationReason::key_compromise;
    bool is_news = false;
    if (is_compromise) {
        is_news = co_await context.repository.record_key_compromise(certificate.key, now);
    } else {
        const auto outcome = co_await context.repository.revoke_certificate(
            certificate.serial, ca::Revocation{now, reason});
        is_news = outcome == ca::CertificateStore::RevocationOutcome::revoked;
    }
    if (!is_news) co_return false;
    context.observer->revoked(reason);
    context.log.info("revoked",
                     {{"serial", certificate.serial.to_hex()},
                      {"reason", protocol::to_string(reason)},
                      {"requester", "the operator, " + context.operator_name},
                      {"all_with_key", is_compromise ? base::to_hex(certificate.key) : ""}});
    co_return true;
}

base::Task<json::object> revoke_certificates(const Context& context, const Arguments& arguments) {
    const auto text = arguments.word("reason");
    const auto reason = protocol::revocation_reason_from(text.empty() ? "unspecified" : text);
    Findings findings;
    if (!reason) findings.add("reason: " + reason.error().message);
    CertificateChoice choice;
    try {
        auto reading = read_choice(context, arguments);
        choice = co_await std::move(reading);
    } catch (const Refused& refused) {
        findings.add(refused);
    }
    findings.throw_if_any();
    auto gathering = to_be_revoked(context, arguments, std::move(choice));
    const auto gathered = co_await std::move(gathering);
    json::object facts{{"count", gathered.count}, {"reason", protocol::to_string(*reason)}};
    facts["dryRun"] = arguments.flag("dry_run");
    if (arguments.flag("dry_run")) co_return facts;
    std::size_t revoked = 0, before = 0;
    for (const auto& each : gathered.first) {
        const bool is_news = co_await revoke_one(context, each, *reason);
        if (is_news)
            ++revoked;
        else
            ++before;  // also by the compromise of another's key
    }
    facts["revoked"] = revoked;
    facts["revokedBefore"] = before;
    facts["remaining"] = gathered.count - gathered.first.size();
    co_return facts;
}

base::Task<json::object> export_pem(const Context& context, const Arguments& arguments) {
    auto wanted = co_await read_wanted(context, arguments);
    const auto names = arguments.words("certificates");
    if (!names.empty() && !wanted.choice.is_everything)
        throw Refused(Kind::usage,
                      "say serial numbers, or options that choose certificates; not both");
    FoundCertificates found;
    if (names.empty())
        found =
            co_await look_for(context, std::move(wanted.choice), wanted.before, wanted.page.limit);
    else
        found.certificates = co_await named(context, names);
    const bool has_chain = arguments.flag("chain");
    std::string pem;
    json::array serials;
    for (const auto& each : found.certificates) {
        serials.emplace_back(each.serial.to_hex());
        pem += pki::Certificate::pem_of(each.der);
        if (!has_chain) continue;
        const auto chains = co_await context.repository.find_issuer(each.issuer);
        if (chains) pem += chains->usual;
    }
    json::object facts{{"serials", std::move(serials)}, {"pem", pem}};
    if (found.next) facts["next"] = found.next->to_hex();
    co_return facts;
}

constexpr std::string_view how_named =
    "Serial number, URL, or name in renewal information (behind -- if it begins with a hyphen)";

std::vector<Parameter> joined(std::vector<Parameter> parameters,
                              const std::vector<Parameter>& others) {
    parameters.insert(parameters.end(), others.begin(), others.end());
    return parameters;
}

constexpr Parameter certificates_parameter{"certificates", Parameter::Kind::words,
                                           "Serial numbers, URLs, or names in renewal information",
                                           Parameter::Place::optional_argument};

const std::vector<std::string_view>& columns() {
    static const std::vector<std::string_view> all{"serial",  "status",   "names",
                                                   "profile", "notAfter", "account"};
    return all;
}

}  // namespace

Operation certificate_list() {
    return {.noun = "certificate",
            .verb = "list",
            .summary = "List certificates, the newest first: all that is said of them must fit",
            .example =
                "cairn-ca certificate list /var/lib/cairn-ca --name .example.com --status valid "
                "--ends-before 2026-12-24",
            .parameters = joined(certificate_parameters(), Page::parameters()),
            .rows = "certificates",
            .columns = columns(),
            .run = list_certificates};
}

Operation certificate_show() {
    return {
        .noun = "certificate",
        .verb = "show",
        .summary = "Show one certificate",
        .example = "cairn-ca certificate show /var/lib/cairn-ca 6a3b41f00c2d5e6f708192a3b4c5d6e7",
        .parameters = {{"certificate", Parameter::Kind::word, how_named,
                        Parameter::Place::argument}},
        .run = show_certificate};
}

Operation certificate_search() {
    return {.noun = "certificate",
            .verb = "search",
            .summary = "Find certificates by a name, an address, a serial number or a key",
            .example = "cairn-ca certificate search /var/lib/cairn-ca www.example.com",
            .parameters = joined({{"what", Parameter::Kind::word,
                                   "A name or address (.example.com: names below it), a serial "
                                   "number, or the SHA-256 of a SubjectPublicKeyInfo",
                                   Parameter::Place::optional_argument},
                                  {"key_file", Parameter::Kind::words,
                                   "A file with a certificate, or a public or private key, in "
                                   "PEM: those with this key",
                                   Parameter::Place::option, read_key_list}},
                                 Page::parameters()),
            .rows = "certificates",
            .columns = columns(),
            .run = search};
}

Operation certificate_revoke() {
    using enum Parameter::Kind;
    return {
        .noun = "certificate",
        .verb = "revoke",
        .summary =
            "Revoke certificates: those that are named, or all that fit, once their number "
            "is said",
        .example =
            "cairn-ca certificate revoke /var/lib/cairn-ca --account AZrQfJvQq3nV5m8kq1b2cw "
            "--reason superseded --expect 12",
        .parameters = joined(
            joined({certificates_parameter}, certificate_parameters()),
            {{"reason", word,
              "unspecified (unless said), keyCompromise (blocks the key, and revokes all that have "
              "it), affiliationChanged, superseded, cessationOfOperation, privilegeWithdrawn"},
             {"expect", count,
              "How many valid certificates fit: nothing is revoked if it is another number. At "
              "most 5000 are revoked at once, and what remains is told"},
             {"dry_run", flag, "Count them, and change nothing"}}),
        .effect = Operation::Effect::acts,
        .run = revoke_certificates};
}

Operation certificate_export() {
    return {.noun = "certificate",
            .verb = "export",
            .summary = "Print certificates in PEM: those that are named, or those that fit",
            .example =
                "cairn-ca certificate export /var/lib/cairn-ca --chain "
                "6a3b41f00c2d5e6f708192a3b4c5d6e7 > fullchain.pem",
            .parameters = joined(
                joined({certificates_parameter}, certificate_parameters()),
                joined({{"chain", Parameter::Kind::flag, "Each followed by its issuer's chain"}},
                       Page::parameters())),
            .text = "pem",
            .run = export_pem};
}

}  // namespace cairn::admin
