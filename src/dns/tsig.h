#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "crypto/mac.h"

namespace cairn::dns {

/// A secret that a server shares with whoever may change its zones (RFC 8945).
struct TsigKey {
    std::string name;
    crypto::HashFunction function = crypto::HashFunction::sha256;
    base::SecretBytes secret;
};

/// Reads "hmac-sha256" and its kin, also "hmac-md5" and "hmac-md5.sig-alg.reg.int", with or without
/// final dot. The error names all.
[[nodiscard]] base::Result<crypto::HashFunction> tsig_function_from(std::string_view text);

/// Makes and checks the MACs of TSIG under the name of one key.
class TsigSigner {
  public:
    virtual ~TsigSigner() = default;
    [[nodiscard]] virtual const std::string& key_name() const = 0;
    /// "hmac-sha256", "gss-tsig"
    [[nodiscard]] virtual std::string algorithm() const = 0;
    /// The error says why there is none.
    [[nodiscard]] virtual base::Result<base::Bytes> mac_of(base::BytesView text) = 0;
    [[nodiscard]] virtual bool is_mac_of(base::BytesView text, base::BytesView mac) = 0;
};

/// A message with its signature.
struct SignedMessage {
    base::Bytes octets;
    base::Bytes mac;
};
/// `message` with a TSIG record behind it, made at `now`. The error says why the key's name is
/// none.
[[nodiscard]] base::Result<SignedMessage> sign(base::BytesView message, const TsigKey& key,
                                               base::Time now);
[[nodiscard]] base::Result<SignedMessage> sign(base::BytesView message, TsigSigner& signer,
                                               base::Time now);

/// What the TSIG record of a response says.
struct TsigVerdict {
    /// It is from the holder of the key, and of now.
    bool is_authentic = false;
    /// TSIG's own error code, 0 for none (section 3).
    int error = 0;
    /// The server's clock, which it tells with BADTIME.
    base::Time server_time{};
};
/// Looks at the response to a request whose MAC was `request_mac`, or that had none. The error says
/// what is wrong with its form; a response without TSIG is not authentic.
[[nodiscard]] base::Result<TsigVerdict> verify(base::BytesView response, const TsigKey& key,
                                               base::BytesView request_mac, base::Time now);
[[nodiscard]] base::Result<TsigVerdict> verify(base::BytesView response, TsigSigner& signer,
                                               base::BytesView request_mac, base::Time now);

}  // namespace cairn::dns
