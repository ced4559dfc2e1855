#pragma once
// Private to the .cpp files of store: rules about renewals, and the chains of issuers, in rows.

#include <string>
#include <string_view>
#include <vector>

#include "ca/facts/certificate.h"
#include "ca/facts/order.h"
#include "ca/facts/pull_forward.h"
#include "ca/ports/operator_store.h"
#include "ca/ports/renewal_store.h"
#include "store/stored_form.h"

namespace cairn::store {

/// Serial numbers in hexadecimal, each a line.
[[nodiscard]] inline std::string to_stored(const std::vector<pki::SerialNumber>& serials) {
    std::string lines;
    for (const auto& serial : serials) lines += serial.to_hex() + '\n';
    return lines;
}

/// id, created, serials, profile, issuer, issued_after, issued_before, deadline, explanation.
template <class Row>
ca::PullForward read_pull_forward(Row& row) {
    const auto id = id_from<ca::PullForwardKind>(row.blob());
    const auto created = row.time();
    std::vector<pki::SerialNumber> serials;
    for (const auto& line : from_lines(row.text()))
        serials.push_back(read_or_throw(pki::SerialNumber::from_hex(line), "serial number"));
    std::string profile(row.text());
    std::optional<ca::IssuerId> issuer;
    if (const auto digest = row.optional_blob()) issuer = digest_from(*digest);
    const auto issued_after = row.optional_time();
    const auto issued_before = row.time();
    const auto deadline = row.optional_time();
    return {.id = id,
            .created = created,
            .serials = std::move(serials),
            .profile = std::move(profile),
            .issuer = issuer,
            .issued_after = issued_after,
            .issued_before = issued_before,
            .deadline = deadline,
            .explanation_url = std::string(row.text())};
}

/// What a rule looks at: serial, issuer, issued, not_after, profile.
struct SeenCertificate {
    ca::IssuedCertificate certificate;

    [[nodiscard]] bool is_meant(const ca::PullForward& rule, base::Time now) const {
        return certificate.not_after >= now && rule.is_about(certificate);
    }
};
template <class Row>
SeenCertificate read_seen_certificate(Row& row) {
    auto serial = serial_from(row.blob());
    const auto issuer = digest_from(row.blob());
    const auto issued = row.time();
    const auto not_after = row.time();
    return {{.serial = std::move(serial),
             .der = {},
             .issuer = issuer,
             .key = {},
             .not_after = not_after,
             .account = std::nullopt,
             .order = std::nullopt,
             .issued = issued,
             .revocation = std::nullopt,
             .profile = std::string(row.optional_text().value_or(""))}};
}
[[nodiscard]] inline ca::RenewalStore::Count count_of(const std::vector<SeenCertificate>& seen,
                                                      const ca::PullForward& rule, base::Time now,
                                                      std::size_t limit) {
    ca::RenewalStore::Count count;
    for (const auto& each : seen)
        if (each.is_meant(rule, now)) ++count.meant;
    if (!seen.empty() && seen.size() == limit) count.next = seen.back().certificate.serial;
    return count;
}

/// order_id, completed.
template <class Row>
ca::Replacement read_replacement(Row& row) {
    const auto order = id_from<ca::OrderKind>(row.blob());
    return {.order = order, .is_issued = row.optional_time().has_value()};
}

/// Chains of PEM blocks with an empty line behind each.
[[nodiscard]] inline std::string chains_to_stored(const std::vector<std::string>& chains) {
    std::string text;
    for (const auto& chain : chains) text += chain + '\n';
    return text;
}
[[nodiscard]] inline std::vector<std::string> chains_from(std::string_view text) {
    std::vector<std::string> chains;
    while (!text.empty()) {
        const auto end = text.find("\n\n");
        if (end == std::string_view::npos) throw std::runtime_error("stored chain has no end");
        chains.emplace_back(text.substr(0, end + 1));
        text.remove_prefix(end + 2);
    }
    return chains;
}

/// id, retired.
template <class Row>
ca::OperatorStore::RetiredIssuer read_retired_issuer(Row& row) {
    const auto issuer = digest_from(row.blob());
    return {issuer, row.time()};
}

/// chain, other_chains.
template <class Row>
ca::IssuerChains read_issuer_chains(Row& row) {
    std::string usual(row.text());
    return {.usual = std::move(usual), .others = chains_from(row.optional_text().value_or(""))};
}

}  // namespace cairn::store
