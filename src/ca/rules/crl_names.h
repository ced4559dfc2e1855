#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "ca/facts/certificate.h"
#include "ca/facts/crl.h"
#include "pki/serial_number.h"

namespace cairn::ca {

/// An issuer is named in these URLs by so many octets of its id.
inline constexpr std::size_t crl_issuer_octets = 8;

/// "/crl/ISSUER.crl": where the complete list of an issuer is served, whatever stands in front.
[[nodiscard]] std::string complete_crl_path(const IssuerId& issuer);
/// The URLs of `count` shards of an issuer below `base`, an http URL without a final slash:
/// "BASE/crl/ISSUER/NUMBER-MARK.crl". Each says where it is from: `mark` is of the base, so that
/// what is named under another base is another shard, and a list can name itself as its
/// certificates do, octet for octet (BR 7.2.2.1).
[[nodiscard]] std::vector<std::string> shard_urls(const std::string& base, const IssuerId& issuer,
                                                  std::size_t count);
/// Where a list is served.
[[nodiscard]] std::string crl_path(const CrlList& list);
/// Which of `count` shards a certificate belongs to: about as many to each.
[[nodiscard]] std::size_t shard_number(const pki::SerialNumber& serial, std::size_t count);

}  // namespace cairn::ca
