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

}  // namespace

bool is_exactly_for(const pki::SubjectNames& names,
                    std::span<const protocol::Identifier> identifiers) {
    return !has_other_names(names) && names_of(names) == values_of(identifiers);
}

base::Result<pki::Chain> issued_chain_from_pem(std::string_view pem, const crypto::PublicKey& key,
                                               std::span<const protocol::Identifier> identifiers) {
    auto chain = pki::chain_from_pem(pem);
    if (!chain) return chain;
    const auto& leaf = chain->front();
    if (leaf.public_key() != key) return base::fail("the certificate holds another key than ours");
    if (!is_exactly_for(leaf.names(), identifiers))
        return base::fail(fmt::format(
            "the certificate is for {}{}, but we asked for {}", list(names_of(leaf.names())),
            has_other_names(leaf.names()) ? " and more" : "", list(values_of(identifiers))));
    return chain;
}

bool leads_to(std::span<const pki::Certificate> chain, std::string_view issuer) {
    return !chain.empty() && (chain.back().issuer_common_name() == issuer ||
                              chain.back().subject_common_name() == issuer);
}

}  // namespace cairn::client
