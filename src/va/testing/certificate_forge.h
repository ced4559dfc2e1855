#pragma once
// Private to the tests of va: certificates that no careful library would make.

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <boost/asio/ssl/context.hpp>

#include "base/bytes.h"
#include "crypto/openssl.h"

namespace cairn::va::testing {

struct ForgedExtension {
    std::string oid;
    bool critical = true;
    base::Bytes value;
};

/// What goes into a forged certificate.
struct Forgery {
    /// subjectAltName extensions in the notation of OpenSSL: "DNS:example.com, IP:192.0.2.1".
    std::vector<std::string> alt_names;
    std::vector<ForgedExtension> extensions;
    std::string common_name;
    /// Who signs; null: the certificate's own key.
    EVP_PKEY* signer = nullptr;
};

/// A key on P-256.
crypto::PkeyHandle forge_key();

/// A certificate for `key`; valid now, issuer and subject the same.
crypto::X509Handle forge_certificate(EVP_PKEY* key, const Forgery& forgery);

/// DER of `certificate`.
base::Bytes der_of(X509* certificate);

/// The server side of TLS with this certificate; takes any version from TLS 1.0 on.
boost::asio::ssl::context server_context(X509* certificate, EVP_PKEY* key);

}  // namespace cairn::va::testing
