#include "apps/ca/readiness.h"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace cairn::apps {

namespace {

using Role = ReadinessFacts::Certificate::Role;

std::optional<ReadinessFinding> finding_about(const ReadinessFacts::Certificate& certificate,
                                              base::Time now) {
    const auto until = base::to_rfc3339(certificate.not_after);
    if (certificate.role == Role::server && now < certificate.not_before)
        return ReadinessFinding{
            Obstacle::server_certificate_not_yet_valid,
            fmt::format("the server's own certificate is valid from {}, and this machine's clock "
                        "says {}; it is made anew within a minute, unless the log says why not",
                        base::to_rfc3339(certificate.not_before), base::to_rfc3339(now))};
    if (certificate.role == Role::server) {
        if (now <= certificate.not_after) return std::nullopt;
        return ReadinessFinding{
            Obstacle::server_certificate_expired,
            fmt::format("the server's own certificate expired at {}; the log says why it was not "
                        "renewed",
                        until)};
    }
    if (now < certificate.not_before)
        return ReadinessFinding{
            Obstacle::issuer_not_yet_valid,
            fmt::format("the certificate of the issuer \"{}\" is valid from {}, and this machine's "
                        "clock says {}; set the clock",
                        certificate.name, base::to_rfc3339(certificate.not_before),
                        base::to_rfc3339(now))};
    if (now > certificate.not_after)
        return ReadinessFinding{Obstacle::issuer_expired,
                                fmt::format("the certificate of the issuer \"{}\" expired at {}; "
                                            "put a new one into pki/ and reload",
                                            certificate.name, until)};
    if (certificate.not_after - now < least_issuer_life)
        return ReadinessFinding{Obstacle::issuer_expiring,
                                fmt::format("the certificate of the issuer \"{}\" expires at {}; "
                                            "put a new one into pki/ and reload",
                                            certificate.name, until)};
    return std::nullopt;
}

}  // namespace

std::string_view to_string(Obstacle obstacle) {
    switch (obstacle) {
        case Obstacle::draining:
            return "draining";
        case Obstacle::store:
            return "store";
        case Obstacle::disk:
            return "disk";
        case Obstacle::clock:
            return "clock";
        case Obstacle::issuer_expired:
            return "issuer_expired";
        case Obstacle::issuer_expiring:
            return "issuer_expiring";
        case Obstacle::issuer_not_yet_valid:
            return "issuer_not_yet_valid";
        case Obstacle::server_certificate_expired:
            return "server_certificate_expired";
        case Obstacle::server_certificate_not_yet_valid:
            return "server_certificate_not_yet_valid";
    }
    return "unknown";
}

std::optional<std::string> clock_finding(const ca::ClockWatch::Deviation& deviation,
                                         base::Time now) {
    using std::chrono::duration_cast;
    if (deviation.is_tolerable()) return std::nullopt;
    const auto ahead = std::chrono::abs(deviation.ahead);
    const auto amount =
        fmt::format("{} s ({} days) {}", duration_cast<base::Seconds>(ahead).count(),
                    std::chrono::round<std::chrono::days>(ahead).count(),
                    deviation.ahead < ca::ClockWatch::Duration(0) ? "behind" : "ahead of");
    if (deviation.from == ca::ClockWatch::Deviation::From::database)
        return fmt::format(
            "this machine's clock is {} the database's; nothing is removed meanwhile; set it right",
            amount);
    return fmt::format(
        "this machine's clock is {} the time at which the CA believed it last and what has passed "
        "since; nothing is removed meanwhile; set it right. If it is right, write "
        "confirmed = \"{}\" under [clock] into ca.toml and send SIGHUP",
        amount, base::to_rfc3339(now));
}

std::vector<ReadinessFinding> readiness_findings(const ReadinessFacts& facts) {
    std::vector<ReadinessFinding> findings;
    if (facts.draining)
        findings.push_back({Obstacle::draining, "the server is stopping; requests under way end"});
    if (facts.store_failure)
        findings.push_back(
            {Obstacle::store, "the store cannot be written to: " + *facts.store_failure});
    if (facts.free_octets && *facts.free_octets < least_free_octets)
        findings.push_back(
            {Obstacle::disk,
             fmt::format("the disk of the store has {} MiB left, and {} are wanted; make room",
                         *facts.free_octets >> 20U, least_free_octets >> 20U)});
    for (const auto& deviation : facts.clock)
        if (auto text = clock_finding(deviation, facts.now))
            findings.push_back({Obstacle::clock, *std::move(text)});
    for (const auto& certificate : facts.certificates)
        if (auto finding = finding_about(certificate, facts.now))
            findings.push_back(std::move(*finding));
    std::ranges::stable_sort(findings, {}, &ReadinessFinding::obstacle);
    return findings;
}

std::vector<std::string> readiness_notes(const ReadinessFacts& facts) {
    std::vector<std::string> notes = shortening_issuers(facts);
    for (auto& note : notes) note.insert(0, "issuer_shortens: ");
    for (const auto& crl : facts.crls)
        if (facts.now > crl.next_update)
            notes.push_back(
                fmt::format("crl_ended: a revocation list of the issuer \"{}\" was good until {}, "
                            "and no newer one is here; the log says why",
                            crl.issuer, base::to_rfc3339(crl.next_update)));
    for (const auto& issuer : facts.waiting_issuers)
        notes.push_back(
            fmt::format("signer_unavailable: the key of the issuer \"{}\" cannot sign now; orders "
                        "and revocation lists wait for it, the log says why",
                        issuer));
    if (!facts.differing_nodes.empty())
        notes.push_back(
            fmt::format("nodes_disagree: another configuration or other issuers have: {}",
                        fmt::join(facts.differing_nodes, ", ")));
    return notes;
}

std::vector<std::string> shortening_issuers(const ReadinessFacts& facts) {
    std::vector<std::string> texts;
    for (const auto& certificate : facts.certificates) {
        if (certificate.role != Role::issuer || certificate.longest_life.count() == 0 ||
            certificate.not_after - facts.now >= certificate.longest_life ||
            finding_about(certificate, facts.now))
            continue;
        texts.push_back(
            fmt::format("the chain of the issuer \"{}\" ends at {}, and with it all that it "
                        "issues, sooner than the profiles say; put a new one into pki/ and reload",
                        certificate.name, base::to_rfc3339(certificate.not_after)));
    }
    return texts;
}

}  // namespace cairn::apps
