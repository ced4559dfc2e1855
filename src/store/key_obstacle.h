#pragma once
// Private to the .cpp files of store.

#include <cstdint>
#include <stdexcept>

#include "base/enum_table.h"
#include "crypto/digest.h"
#include "protocol/jwk.h"

namespace cairn::store {

/// Why a key cannot be used for something else. The numbers are those of PostgreSQL's function
/// `obstacle_to_key`.
enum class KeyObstacle : std::int8_t {
    none = 0,
    blocked = 1,
    account = 2,    ///< it is an account's
    certified = 3,  ///< it is in a certificate, or in one whose issuance has begun
};

[[nodiscard]] inline KeyObstacle obstacle_from(std::int64_t number) {
    const auto obstacle = base::enumerator_from<KeyObstacle>(number);
    if (!obstacle) throw std::logic_error("the database's answer is no obstacle");
    return *obstacle;
}

/// What certificates know a key by: SHA-256 of its SubjectPublicKeyInfo.
[[nodiscard]] inline crypto::Sha256Digest key_id_of(const protocol::Jwk& key) {
    return crypto::sha256(key.public_key().spki());
}

/// The number of the lock that is taken in PostgreSQL before a key gets a use. Two keys may share a
/// number, and then wait for each other.
[[nodiscard]] inline std::int64_t lock_of_key(const crypto::Sha256Digest& key) {
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | key[i];
    return static_cast<std::int64_t>(number);
}

}  // namespace cairn::store
