#pragma once

#include <optional>
#include <string>
#include <utility>

#include "api/links.h"
#include "api/request_observer.h"
#include "base/bytes.h"
#include "base/clock.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/request_context.h"
#include "ca/ports/request_checks.h"
#include "http/message.h"
#include "protocol/jwk.h"
#include "protocol/jws.h"

namespace cairn::api {

/// The one way into every POST resource: only what passes here is believed (RFC 8555 section 6).
/// It demands the media type, a well-formed JWS for exactly this URL, an unused nonce, and a
/// signature of the account or key named. Failures are thrown as problems.
class JwsGate {
  public:
    JwsGate(const Links& links, ca::RequestChecks& checks, const base::Clock& clock,
            RequestObserver& observer = deaf_request_observer());

    /// What an account sent.
    struct FromAccount {
        ca::Account account;
        base::Bytes payload;
        std::string url;
        ca::RequestContext context;

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
        ca::RequestContext context;
    };

    /// For resources of accounts: the JWS names its account by `kid`.
    [[nodiscard]] base::Task<FromAccount> from_account(const http::Request& request);
    /// The same, and what `reading` reads meanwhile, so that a store elsewhere is asked for all of
    /// it at once. The caller sees it only if the request is what it has to be.
    template <class T>
    [[nodiscard]] base::Task<std::pair<FromAccount, T>> from_account(const http::Request& request,
                                                                     base::Task<T> reading) {
        auto opened = co_await open(request);
        auto read = co_await std::move(reading);
        auto sent = co_await as_account(std::move(opened));
        co_return std::pair<FromAccount, T>(std::move(sent), std::move(read));
    }
    /// For newAccount: the JWS carries its key as `jwk`.
    [[nodiscard]] base::Task<FromKey> from_key(const http::Request& request);
    /// For revokeCert: one or the other.
    struct FromEither {
        std::optional<FromAccount> account;
        std::optional<FromKey> key;
    };
    [[nodiscard]] base::Task<FromEither> from_either(const http::Request& request);

  private:
    /// A JWS for this URL, while the store is asked about its nonce and account.
    struct Opened {
        protocol::Jws jws;
        ca::RequestChecks::Pending check;
        ca::RequestContext context;
    };
    /// Throws what can be said without the store.
    base::Task<Opened> open(const http::Request& request);
    /// To be thrown for a nonce that was refused.
    protocol::Problem bad_nonce();
    /// The account that was named, if there is one. Throws unless the nonce was good.
    base::Task<std::optional<ca::Account>> require_nonce(ca::RequestChecks::Pending check);
    base::Task<FromAccount> as_account(Opened opened);
    base::Task<FromKey> as_key(Opened opened);

    const Links& links_;
    ca::RequestChecks& checks_;
    const base::Clock& clock_;
    RequestObserver& observer_;
};

}  // namespace cairn::api
