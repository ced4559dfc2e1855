#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "crypto/key.h"
#include "pki/chain.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// Reads what a CA sent as our certificate (RFC 8555 section 9.1) and checks that it is: that the
/// first certificate holds our key and exactly the names we asked for, and that each is signed by
/// the next. Blocks of another kind, more than 100 certificates and more than 1 MiB are refused.
[[nodiscard]] base::Result<pki::Chain> issued_chain_from_pem(
    std::string_view pem, const crypto::PublicKey& key,
    std::span<const protocol::Identifier> identifiers);

/// True if these names of a certificate are exactly those of `identifiers`, in any order and case.
[[nodiscard]] bool is_exactly_for(const pki::SubjectNames& names,
                                  std::span<const protocol::Identifier> identifiers);

/// True if `chain` ends below a certificate whose common name is `issuer`.
[[nodiscard]] bool leads_to(std::span<const pki::Certificate> chain, std::string_view issuer);

}  // namespace cairn::client
