#include "client/issued_chain.h"

#include <algorithm>
#include <set>
#include <string>

#include <fmt/format.h>

namespace cairn::client {
namespace {

std::string lower_case(std::string text) {
    std::ranges::transform(text, text.begin(), [](char c) {
        return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    });
    return text;
}

std::set<std::string> names_of(const pki::SubjectNames& names) {
    std::set<std::string> values;
    for (const auto& name : names.dns_names) values.insert(lower_case(name));
    for (const auto& address : names.ip_addresses) values.insert(address.to_string());
    return values;
}

std::string list(const std::set<std::string>& values) {
    std::string text;
    for (const auto& value : values) text += (text.empty() ? "" : ", ") + base::printable(value);
    return text.empty() ? "no names" : text;
}

std::set<std::string> values_of(std::span<const protocol::Identifier> identifiers) {
    std::set<std::string> values;
    for (const auto& identifier : identifiers) values.insert(identifier.value());
    return values;
}

bool has_other_names(const pki::SubjectNames& names) {
    return names.other_names != 0 || !names.uris.empty();
}

std::optional<base::Error> error_of_dates(std::string_view which,
                                          const pki::Certificate& certificate, base::Time now) {
    const auto told = [&](std::string_view wrong, base::Time when) {
        return base::Error{fmt::format("{} {} {}, and the clock here says {}", which, wrong,
                                       base::to_rfc3339(when), base::to_rfc3339(now))};
    };
    if (certificate.not_before() > now + clock_tolerance)
        return told("is valid only from", certificate.not_before());
    if (certificate.not_after() <= now) return told("was valid until", certificate.not_after());
    return std::nullopt;
}

}  // namespace

bool is_exactly_for(const pki::SubjectNames& names,
                    std::span<const protocol::Identifier> identifiers) {
    return !has_other_names(names) && names_of(names) == values_of(identifiers);
}

base::Result<pki::Chain> issued_chain_from_pem(std::string_view pem,
                                               const ExpectedCertificate& expected) {
    auto chain = pki::chain_from_pem(pem);
    if (!chain) return chain;
    const auto& leaf = chain->front();
    if (leaf.public_key() != expected.key)
        return base::fail("the certificate holds another key than ours");
    if (!is_exactly_for(leaf.names(), expected.identifiers))
        return base::fail(fmt::format("the certificate is for {}{}, but we asked for {}",
                                      list(names_of(leaf.names())),
                                      has_other_names(leaf.names()) ? " and more" : "",
                                      list(values_of(expected.identifiers))));
    if (leaf.is_ca()) return base::fail("the certificate is one of a CA");
    if (expected.purpose && !pki::is_for(leaf, *expected.purpose))
        return base::fail("the certificate is not for a TLS server, by its key usage");
    if (auto error = error_of_dates("the certificate", leaf, expected.now))
        return std::unexpected(std::move(*error));
    for (std::size_t i = 1; i < chain->size(); ++i)
        if (!chain->at(i).is_ca())
            return base::fail(fmt::format("certificate {} of the chain is of no CA", i + 1));
    if (chain->size() > 1)
        if (auto error = error_of_dates("the CA's certificate", chain->at(1), expected.now))
            return std::unexpected(std::move(*error));
    return chain;
}

bool leads_to(std::span<const pki::Certificate> chain, std::string_view issuer) {
    return !chain.empty() && (chain.back().issuer_common_name() == issuer ||
                              chain.back().subject_common_name() == issuer);
}

}  // namespace cairn::client
