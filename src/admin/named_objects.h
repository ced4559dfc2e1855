#pragma once
// Private to admin: what operators have at hand of an object, and what it is.

#include <optional>
#include <string>
#include <string_view>

#include "admin/operation.h"

namespace cairn::admin {

// All throw Refused: `usage` for what can be no name of such an object, `not_found` where there is
// none of that name.

/// "2026-11-22T12:00:00Z", or a day, which begins at midnight UTC; none: it was not given.
[[nodiscard]] std::optional<base::Time> time_of(const Arguments& arguments, std::string_view name);

/// As it stands in the log and in openssl's output, as ACME names the certificate (RFC 9773 section
/// 4.1), or at the end of its URL.
[[nodiscard]] pki::SerialNumber serial_of(const std::string& name);
[[nodiscard]] base::Task<ca::IssuedCertificate> find_certificate(const Context& context,
                                                                 std::string name);

/// The URL from a log or a client's file, its last part, or the thumbprint of the key.
[[nodiscard]] base::Task<ca::Account> find_account(const Context& context, std::string name);

/// The id of an order, or its URL.
[[nodiscard]] ca::OrderId order_of(const std::string& name);

/// The name of an issuer in the configuration, or the SHA-256 fingerprint of one that is, or once
/// was, the CA's.
[[nodiscard]] base::Task<ca::IssuerId> issuer_of(const Context& context, std::string name);

/// An issuer's name in the configuration; empty: it is not there any more, or cannot be read.
[[nodiscard]] std::string name_of(const std::map<ca::IssuerId, std::string>& names,
                                  const ca::IssuerId& issuer);
/// The names of the issuers; none if their files cannot be read.
[[nodiscard]] std::map<ca::IssuerId, std::string> issuer_names(const Context& context);

}  // namespace cairn::admin
