#pragma once

#include <optional>
#include <string>

#include "api/links.h"
#include "api/request_observer.h"
#include "base/bytes.h"
#include "base/task.h"
#include "ca/account.h"
#include "ca/nonces.h"
#include "ca/repository.h"
#include "net/http_message.h"
#include "protocol/jwk.h"
#include "protocol/jws.h"

namespace cairn::api {

/// The one way into every POST resource: only what passes here is believed (RFC 8555 section 6).
/// It demands the media type, a well-formed JWS for exactly this URL, an unused nonce, and a
/// signature of the account or key named. Failures are thrown as problems.
class JwsGate {
  public:
    JwsGate(const Links& links, ca::Nonces& nonces, ca::AccountStore& accounts,
            RequestObserver& observer = deaf_request_observer());

    /// What an account sent.
    struct FromAccount {
        ca::Account account;
        base::Bytes payload;
        std::string url;

        /// True for an empty payload (section 6.3).
        [[nodiscard]] bool is_post_as_get() const { return payload.empty(); }
        /// Throws malformed unless this is a POST-as-GET.
        void require_post_as_get() const;
    };
    /// What the holder of a key sent that need not have an account.
    struct FromKey {
        protocol::Jwk key;
        base::Bytes payload;
        std::string url;
    };

    /// For resources of accounts: the JWS names its account by `kid`.
    [[nodiscard]] base::Task<FromAccount> from_account(const net::HttpRequest& request);
    /// For newAccount: the JWS carries its key as `jwk`.
    [[nodiscard]] base::Task<FromKey> from_key(const net::HttpRequest& request);
    /// For revokeCert: one or the other.
    struct FromEither {
        std::optional<FromAccount> account;
        std::optional<FromKey> key;
    };
    [[nodiscard]] base::Task<FromEither> from_either(const net::HttpRequest& request);

  private:
    /// A JWS for this URL whose nonce is being redeemed.
    struct Opened {
        protocol::Jws jws;
        ca::Nonces::Redemption nonce;
    };
    Opened open(const net::HttpRequest& request, const base::Executor& executor);
    /// Throws unless the nonce was good.
    base::Task<void> require(ca::Nonces::Redemption nonce);
    base::Task<FromAccount> as_account(Opened opened);
    base::Task<FromKey> as_key(Opened opened);

    const Links& links_;
    ca::Nonces& nonces_;
    ca::AccountStore& accounts_;
    RequestObserver& observer_;
};

}  // namespace cairn::api
