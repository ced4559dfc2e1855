#include "store/stored_form.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "base/enum_table.h"

namespace cairn::store {
namespace {

using protocol::ChallengeType;
using protocol::Identifier;
using protocol::RevocationReason;

constexpr base::EnumTable<ChallengeType, char> challenge_letters({
    {ChallengeType::http_01, 'h'},
    {ChallengeType::dns_01, 'd'},
    {ChallengeType::tls_alpn_01, 'a'},
    {ChallengeType::dns_account_01, 'l'},
    {ChallengeType::dns_persist_01, 'p'},
});

constexpr std::string_view dns_prefix = "dns:";
constexpr std::string_view ip_prefix = "ip:";

}  // namespace

std::string to_lines(std::span<const std::string> texts) {
    std::string lines;
    for (const auto& text : texts) {
        if (text.contains('\n')) throw std::invalid_argument("a text to be stored has two lines");
        lines += text;
        lines += '\n';
    }
    return lines;
}

std::vector<std::string> from_lines(std::string_view lines) {
    std::vector<std::string> texts;
    while (!lines.empty()) {
        const auto end = lines.find('\n');
        if (end == std::string_view::npos) throw std::runtime_error("stored line has no end");
        texts.emplace_back(lines.substr(0, end));
        lines.remove_prefix(end + 1);
    }
    return texts;
}

std::string to_stored(const Identifier& identifier) {
    const bool is_dns = identifier.type() == protocol::IdentifierType::dns;
    return std::string(is_dns ? dns_prefix : ip_prefix) + identifier.value();
}

Identifier identifier_from(std::string_view text) {
    if (text.starts_with(dns_prefix))
        return read_or_throw(Identifier::dns(text.substr(dns_prefix.size())), "identifier");
    if (text.starts_with(ip_prefix))
        return read_or_throw(Identifier::ip(text.substr(ip_prefix.size())), "identifier");
    throw std::runtime_error("stored identifier: neither dns nor ip");
}

std::string to_stored(std::span<const ca::NamePattern> patterns) {
    std::vector<std::string> texts;
    for (const auto& pattern : patterns) texts.push_back(pattern.to_string());
    return to_lines(texts);
}

std::vector<ca::NamePattern> name_patterns_from(std::string_view lines) {
    std::vector<ca::NamePattern> patterns;
    for (const auto& text : from_lines(lines))
        patterns.push_back(read_or_throw(ca::NamePattern::from_text(text), "name pattern"));
    return patterns;
}

std::string to_stored(std::span<const base::IpNetwork> networks) {
    std::vector<std::string> texts;
    for (const auto& network : networks) texts.push_back(network.to_string());
    return to_lines(texts);
}

std::vector<base::IpNetwork> networks_from(std::string_view lines) {
    std::vector<base::IpNetwork> networks;
    for (const auto& text : from_lines(lines))
        networks.push_back(read_or_throw(base::IpNetwork::from_text(text), "network"));
    return networks;
}

std::string to_stored(std::span<const Identifier> identifiers) {
    std::string lines;
    for (const auto& identifier : identifiers) {
        lines += to_stored(identifier);
        lines += '\n';
    }
    return lines;
}

std::vector<Identifier> identifiers_from(std::string_view lines) {
    std::vector<Identifier> identifiers;
    for (const auto& line : from_lines(lines)) identifiers.push_back(identifier_from(line));
    return identifiers;
}

std::string to_stored(std::span<const ChallengeType> types) {
    std::string letters;
    for (const auto type : types) letters += challenge_letters[type];
    return letters;
}

std::vector<ChallengeType> challenge_types_from(std::string_view letters) {
    std::vector<ChallengeType> types;
    for (const char letter : letters) {
        const auto type = challenge_letters.find(letter);
        if (!type) throw std::runtime_error("stored challenge type: unknown letter");
        types.push_back(*type);
    }
    return types;
}

base::Bytes to_stored(std::span<const ca::AuthorizationId> ids) {
    base::Bytes octets;
    octets.reserve(ids.size() * ca::AuthorizationId::size);
    for (const auto& id : ids) octets.insert(octets.end(), id.octets().begin(), id.octets().end());
    return octets;
}

std::vector<ca::AuthorizationId> authorization_ids_from(base::BytesView octets) {
    std::vector<ca::AuthorizationId> ids;
    ids.reserve(octets.size() / ca::AuthorizationId::size);
    while (!octets.empty()) {
        const auto size = std::min(octets.size(), ca::AuthorizationId::size);
        ids.push_back(id_from<ca::AuthorizationKind>(octets.first(size)));
        octets = octets.subspan(size);
    }
    return ids;
}

protocol::Jwk jwk_from(std::string_view json) {
    auto jwk = protocol::Jwk::from_json(base::bytes_of(json));
    if (!jwk) throw std::runtime_error("stored key: " + jwk.error().detail);
    return *std::move(jwk);
}

std::string to_stored(std::span<const ca::UriPattern> patterns) {
    std::vector<std::string> texts;
    texts.reserve(patterns.size());
    for (const auto& pattern : patterns) texts.push_back(pattern.text());
    return to_lines(texts);
}

std::vector<ca::UriPattern> uri_patterns_from(std::string_view lines) {
    std::vector<ca::UriPattern> patterns;
    for (const auto& line : from_lines(lines))
        patterns.push_back(read_or_throw(ca::UriPattern::from_text(line), "URI"));
    return patterns;
}

ca::AccountScope scope_from(std::optional<std::string_view> text) {
    return read_or_throw(ca::AccountScope::from_text(text.value_or("")), "scope");
}

protocol::Token token_from(std::string_view text) {
    return read_or_throw(protocol::Token::from_text(text), "token");
}

protocol::Problem problem_from(std::string_view json) {
    return read_or_throw(protocol::Problem::from_json(base::bytes_of(json)), "problem");
}

pki::SerialNumber serial_from(base::BytesView der_content) {
    return read_or_throw(pki::SerialNumber::from_der_content(der_content), "serial number");
}

crypto::Sha256Digest digest_from(base::BytesView octets) {
    crypto::Sha256Digest digest;
    if (octets.size() != digest.size()) throw std::runtime_error("stored digest: wrong length");
    std::ranges::copy(octets, digest.begin());
    return digest;
}

RevocationReason reason_from(std::int64_t code) {
    if (const auto reason = base::enumerator_from<RevocationReason>(code)) return *reason;
    throw std::runtime_error("stored revocation reason: unknown code");
}

}  // namespace cairn::store
