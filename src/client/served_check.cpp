#include "client/served_check.h"

#include <algorithm>
#include <iterator>
#include <span>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/lineage.h"
#include "client/side_by_side.h"
#include "net/host_addresses.h"
#include "net/tls_probe.h"

namespace cairn::client {
namespace {

/// Of a certificate with many names, and of a name with many addresses.
constexpr std::size_t max_places = 10, max_addresses = 4;

constexpr base::EnumTable<ServedVerdict, std::string_view> verdict_names({
    {ServedVerdict::matches, "matches"},
    {ServedVerdict::incomplete, "incomplete"},
    {ServedVerdict::differs, "differs"},
    {ServedVerdict::unreachable, "unreachable"},
    {ServedVerdict::not_looked_at, "not-looked-at"},
});

/// A place, and the name that its server is asked for.
struct Question {
    TlsPlace place;
    std::string server_name;
};

bool is_wildcard(const std::string& name) {
    return name.starts_with("*.");
}

std::vector<Question> questions_for(const pki::Certificate& certificate, const std::string& lineage,
                                    const Settings& settings, const ServedOptions& options) {
    std::vector<Question> questions;
    const auto name = name_to_ask_for(certificate);
    for (const auto& place : options.places) questions.push_back({place, name});
    const auto said = settings.served.find(lineage);
    if (!options.places.empty()) return questions;
    if (said != settings.served.end()) {
        for (const auto& text : said->second)
            if (auto place = TlsPlace::from_text(text))
                questions.push_back({std::move(*place), name});
        return questions;
    }
    for (const auto& each : certificate.names().dns_names)
        if (!is_wildcard(each)) questions.push_back({{{each, 443}}, each});
    for (const auto& each : certificate.names().ip_addresses)
        questions.push_back({{{each.to_string(), 443}}, {}});
    if (questions.size() > max_places)
        questions.erase(questions.begin() + max_places, questions.end());
    return questions;
}

/// What another certificate is, as far as that helps.
std::string words_for_other(const base::Bytes& der, const Lineage& lineage) {
    const auto shown = pki::Certificate::from_der(der);
    if (!shown) return "shows a certificate that cannot be read";
    const auto former = lineage.certificates();
    const auto expiry = base::to_rfc3339(shown->not_after());
    if (std::ranges::find(former, *shown) != former.end())
        return fmt::format(
            "still shows an earlier certificate of the lineage, which expires on {}: it has not "
            "been told to read the new one",
            expiry);
    return fmt::format("shows another certificate, number {} of {}, which expires on {}",
                       shown->serial().to_hex(), base::printable(shown->issuer_common_name(), 100),
                       expiry);
}

void compare(const net::TlsSight& seen, const pki::Chain& stored, const Lineage& lineage,
             ServedSight& sight) {
    if (seen.certificates.front() != stored.front().der()) {
        sight.verdict = ServedVerdict::differs;
        sight.detail = words_for_other(seen.certificates.front(), lineage);
        return;
    }
    const auto is_shown = [&](const pki::Certificate& certificate) {
        return certificate.is_self_signed() ||
               std::ranges::find(seen.certificates, certificate.der()) != seen.certificates.end();
    };
    if (std::ranges::all_of(std::span(stored).subspan(1), is_shown)) {
        sight.verdict = ServedVerdict::matches;
        return;
    }
    sight.verdict = ServedVerdict::incomplete;
    sight.detail =
        "shows the certificate without its intermediates, which some clients need: it reads "
        "cert.pem where it should read fullchain.pem";
}

std::vector<ServedSight> ask(const Question& question, const Generation& stored,
                             const Lineage& lineage, std::chrono::milliseconds patience) {
    const auto place = question.place.to_string();
    const auto addresses = net::addresses_of_host(question.place.place.host, patience);
    if (!addresses)
        return {{place,
                 {},
                 ServedVerdict::unreachable,
                 fmt::format("has no address here: {}", addresses.error().message)}};
    std::vector<ServedSight> sights;
    for (const auto& address : *addresses) {
        if (sights.size() == max_addresses) break;
        ServedSight sight{place, address.to_string(), ServedVerdict::unreachable, {}};
        const auto seen =
            net::look_at_tls({.target = {address, question.place.place.port},
                              .server_name = question.server_name,
                              .key_kind = key_kind_of(stored.chain.front().public_key()),
                              .start_tls = question.place.start_tls,
                              .patience = patience});
        if (seen)
            compare(*seen, stored.chain, lineage, sight);
        else
            sight.detail = seen.error().message;
        sights.push_back(std::move(sight));
    }
    return sights;
}

ServedVerdict worst_of(const std::vector<ServedSight>& sights) {
    const auto any = [&](ServedVerdict verdict) {
        return std::ranges::find(sights, verdict, &ServedSight::verdict) != sights.end();
    };
    using enum ServedVerdict;
    for (const auto verdict : {differs, incomplete, matches, unreachable})
        if (any(verdict)) return verdict;
    return not_looked_at;
}

ServedReport look_at(const StateDirectory& state, const LineageMember& member,
                     const Settings& settings, const ServedOptions& options) {
    ServedReport report{.member = member};
    const Lineage lineage(state, member);
    const auto stored = lineage.current();
    if (!stored) return report;
    const auto questions =
        questions_for(stored->chain.front(), member.lineage.text(), settings, options);
    // One that does not answer takes the time of no other.
    std::vector<std::vector<ServedSight>> seen(questions.size());
    side_by_side(questions.size(), max_places, [&](std::size_t i) {
        seen[i] = ask(questions[i], *stored, lineage, options.patience);
    });
    for (auto& sights : seen) std::ranges::move(sights, std::back_inserter(report.sights));
    report.verdict = worst_of(report.sights);
    return report;
}

}  // namespace

net::TlsProbe::KeyKind key_kind_of(const crypto::PublicKey& key) {
    switch (key.algorithm()) {
        case crypto::KeyAlgorithm::rsa:
            return net::TlsProbe::KeyKind::rsa;
        case crypto::KeyAlgorithm::ec_p256:
        case crypto::KeyAlgorithm::ec_p384:
        case crypto::KeyAlgorithm::ec_p521:
            return net::TlsProbe::KeyKind::ecdsa;
        case crypto::KeyAlgorithm::ed25519:
            return net::TlsProbe::KeyKind::any;
    }
    return net::TlsProbe::KeyKind::any;
}

std::string name_to_ask_for(const pki::Certificate& certificate) {
    const auto& names = certificate.names().dns_names;
    const auto plain = std::ranges::find_if_not(names, &is_wildcard);
    if (plain != names.end()) return *plain;
    return names.empty() ? std::string() : "www" + names.front().substr(1);
}

std::string_view to_string(ServedVerdict verdict) {
    return verdict_names[verdict];
}

std::string ServedReport::detail() const {
    const auto found = std::ranges::find(sights, verdict, &ServedSight::verdict);
    if (found == sights.end() || found->detail.empty()) return {};
    return fmt::format("{}{} {}", found->place,
                       found->address.empty() || found->place.starts_with(found->address)
                           ? ""
                           : fmt::format(" ({})", found->address),
                       found->detail);
}

std::vector<ServedReport> look_at_served(const StateDirectory& state,
                                         const std::vector<LineageMember>& members,
                                         const Settings& settings, const ServedOptions& options) {
    std::vector<ServedReport> reports;
    for (const auto& member : members) reports.push_back({.member = member});
    side_by_side(members.size(), options.parallel, [&](std::size_t i) {
        reports[i] = look_at(state, members[i], settings, options);
    });
    return reports;
}

TroubleReport troubles_of(const std::vector<ServedReport>& reports) {
    TroubleReport told;
    for (const auto& report : reports) {
        const auto& name = report.member.lineage.text();
        // What cannot be reached now says nothing of what is served.
        if (report.verdict == ServedVerdict::unreachable) continue;
        told.looked_at.emplace_back(name, TroubleKind::served);
        if (report.verdict != ServedVerdict::differs && report.verdict != ServedVerdict::incomplete)
            continue;
        const bool is_told =
            std::ranges::find(told.troubles, name, &Trouble::lineage) != told.troubles.end();
        if (is_told) continue;
        told.troubles.push_back(
            {.kind = TroubleKind::served,
             .lineage = name,
             .signature = fmt::format("{} {}", to_string(report.verdict), report.detail()),
             .summary = "what is served is not what is stored",
             .came_back = report.detail(),
             .next = fmt::format("let the server read the files in live/{} again, or name in "
                                 "[served] of cairn.toml where it is.",
                                 name)});
    }
    return told;
}

}  // namespace cairn::client
