#pragma once
// Private to the .cpp files of store: the form of domain values in a row.

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "ca/facts/account.h"
#include "ca/facts/authorization.h"
#include "ca/facts/certificate.h"
#include "ca/facts/external_key.h"
#include "ca/facts/order.h"

// The readers throw std::runtime_error for values that no version of this program writes.
namespace cairn::store {

/// Texts, each ended by a line feed. Throws std::invalid_argument if one holds a line feed itself.
[[nodiscard]] std::string to_lines(std::span<const std::string> texts);
[[nodiscard]] std::vector<std::string> from_lines(std::string_view lines);

/// "dns:*.example.com", "ip:192.0.2.1".
[[nodiscard]] std::string to_stored(const protocol::Identifier& identifier);
[[nodiscard]] protocol::Identifier identifier_from(std::string_view text);
/// Identifiers as lines.
[[nodiscard]] std::string to_stored(std::span<const protocol::Identifier> identifiers);
[[nodiscard]] std::vector<protocol::Identifier> identifiers_from(std::string_view lines);

/// Each as a line.
[[nodiscard]] std::string to_stored(std::span<const ca::NamePattern> patterns);
[[nodiscard]] std::vector<ca::NamePattern> name_patterns_from(std::string_view lines);
[[nodiscard]] std::string to_stored(std::span<const base::IpNetwork> networks);
[[nodiscard]] std::vector<base::IpNetwork> networks_from(std::string_view lines);

/// A letter for each challenge type.
[[nodiscard]] std::string to_stored(std::span<const protocol::ChallengeType> types);
[[nodiscard]] std::vector<protocol::ChallengeType> challenge_types_from(std::string_view letters);

/// The octets of the ids, one behind the other.
[[nodiscard]] base::Bytes to_stored(std::span<const ca::AuthorizationId> ids);
[[nodiscard]] std::vector<ca::AuthorizationId> authorization_ids_from(base::BytesView octets);

template <class Kind>
[[nodiscard]] ca::Id<Kind> id_from(base::BytesView octets);
[[nodiscard]] protocol::Jwk jwk_from(std::string_view json);
/// URI patterns as lines.
[[nodiscard]] std::string to_stored(std::span<const ca::UriPattern> patterns);
[[nodiscard]] std::vector<ca::UriPattern> uri_patterns_from(std::string_view lines);
/// Of no text: an empty one.
[[nodiscard]] ca::AccountScope scope_from(std::optional<std::string_view> text);
[[nodiscard]] protocol::Token token_from(std::string_view text);
[[nodiscard]] protocol::Problem problem_from(std::string_view json);
[[nodiscard]] pki::SerialNumber serial_from(base::BytesView der_content);
[[nodiscard]] crypto::Sha256Digest digest_from(base::BytesView octets);
[[nodiscard]] protocol::RevocationReason reason_from(std::int64_t code);

/// The value of `result`; throws std::runtime_error "stored `what`: why" if there is none.
template <class Value>
[[nodiscard]] Value read_or_throw(base::Result<Value> result, std::string_view what) {
    if (!result)
        throw std::runtime_error("stored " + std::string(what) + ": " + result.error().message);
    return *std::move(result);
}

template <class Kind>
ca::Id<Kind> id_from(base::BytesView octets) {
    return read_or_throw(ca::Id<Kind>::from_octets(octets), "id");
}

}  // namespace cairn::store
