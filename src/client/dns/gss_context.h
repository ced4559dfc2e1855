#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "dns/tsig.h"

namespace cairn::client {

/// Who asks a service by Kerberos, and which one.
struct GssOptions {
    /// The host of the service DNS/HOST.
    std::string host;
    /// Empty: the one of the credential cache, or of the keytab.
    std::string principal{};
    /// A file with the principal's key; empty: the credential cache, or the system's keytab for
    /// clients.
    std::filesystem::path keytab{};
};

/// A security context with a name server by GSS-API, which signs as GSS-TSIG does (RFC 3645). Used
/// by one thread.
class GssContext : public dns::TsigSigner {
  public:
    /// `key_name`: by which both will call it. The error says why there are no credentials, or that
    /// this program was built without Kerberos.
    [[nodiscard]] static base::Result<std::unique_ptr<GssContext>> begin(const GssOptions& options,
                                                                         std::string key_name);
    /// What is to be told to the server next, after it has told this (nothing, at first); empty if
    /// nothing is. The error is Kerberos's.
    [[nodiscard]] virtual base::Result<base::Bytes> step(base::BytesView from_server) = 0;
    /// Whether both know each other.
    [[nodiscard]] virtual bool is_complete() const = 0;
};

}  // namespace cairn::client
