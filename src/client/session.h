#pragma once

#include <chrono>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "client/failure.h"
#include "client/timer.h"
#include "crypto/random.h"
#include "crypto/signer.h"
#include "protocol/directory.h"

namespace cairn::client {

/// Whether http URLs are taken; only tests allow them (RFC 8555 section 6.1).
enum class PlainHttp { refused, allowed };

struct SessionOptions {
    std::string directory_url;
    /// PEM file of the roots to trust instead of the system's; empty: the system's.
    std::string root_file;
    /// "Cairn/1.0": RFC 8555 section 6.1 wants one.
    std::string user_agent;
    PlainHttp plain_http = PlainHttp::refused;
    /// How long one request is retried, waits that the CA asks for included.
    std::chrono::milliseconds patience = std::chrono::minutes{3};
    /// Is told, in a sentence, what is being waited for; may be none. Called by several threads.
    std::function<void(std::string_view sentence)> tell = {};
    /// Is told, in a sentence, what each request came to; may be none. Called by several threads.
    std::function<void(std::string_view sentence)> detail = {};
};

/// What the CA answered with a 2xx status.
struct Reply {
    int status = 0;
    std::string body;
    /// Absolute and checked like every URL, else as the CA wrote it; empty if there was none.
    std::string location;
    /// URLs of relation "alternate", absolute and checked; those that are refused are left out.
    std::vector<std::string> alternates;
    std::optional<base::Seconds> retry_after;
};

struct Speaker;

/// Whether a request is repeated after a fault of the server.
enum class Persistence { usual, none };

/// A conversation with one CA: its directory, its nonces, and signed requests that are repeated
/// where repeating is of use (RFC 8555 sections 6.5, 6.6 and 6.7).
///
/// Thread-safe, so that all jobs of a run can share it: the directory is fetched once, a nonce is
/// used by whoever comes next, few requests are in flight at once, and a wait that the CA asks for
/// is a wait for all. A CA that does not answer is found out once: from then on every request
/// fails at once, for the same reason.
///
/// Every function that asks the CA throws Failure, told with what the caller says it tries to do.
/// URLs are kept and signed as the CA wrote them, octet for octet: it compares them like that.
class Session {
  public:
    Session(SessionOptions options, const base::Clock& clock, Timer& timer, crypto::Random& random);
    ~Session();
    Session(Session&&) noexcept;
    Session& operator=(Session&&) noexcept;

    [[nodiscard]] const SessionOptions& options() const;
    /// Host and port of the CA, as messages name it.
    [[nodiscard]] const std::string& host() const;
    /// The time by which the session reads what the CA says of times.
    [[nodiscard]] base::Time now() const;
    /// The CA's directory, fetched when it is first needed.
    [[nodiscard]] const protocol::Directory& directory();
    /// True if the CA is not asked at present, because it did not answer, has no directory, or
    /// wants to be left alone for longer than `patience`.
    [[nodiscard]] bool is_unavailable() const;

    /// From now on `post` and `post_as_get` speak for this account.
    void speak_for(crypto::Signer account_key, std::string account_url);
    /// Empty as long as there is no account.
    [[nodiscard]] std::string account_url() const;
    /// Throws std::logic_error as long as there is no account.
    [[nodiscard]] crypto::Signer account_key() const;

    /// A request signed by the account (`kid`).
    Reply post(const std::string& url, std::string_view payload, const Aim& aim,
               Persistence persistence = Persistence::usual);
    /// Reading: a signed request with an empty payload (RFC 8555 section 6.3).
    Reply post_as_get(const std::string& url, const Aim& aim);
    /// The same for the account at `account_url` by a key that may be its own, whoever the session
    /// speaks for.
    Reply post_as_get_by(const crypto::Signer& key, const std::string& account_url, const Aim& aim);
    /// A request signed by a key that stands in it itself (`jwk`): newAccount, and revocation by a
    /// certificate's key.
    Reply post_with_key(const crypto::Signer& key, const std::string& url, std::string_view payload,
                        const Aim& aim);
    /// An unsigned request, asked once: for renewal information, which one can do without. Fails
    /// without asking when several in a row were not answered.
    std::expected<Reply, Failure> get_once(const std::string& url, const Aim& aim);

    /// `url`, which came from the CA, if it may be asked: https, and not an address that is private
    /// to this machine or network unless the directory is there, too. Throws Failure.
    [[nodiscard]] std::string checked(std::string_view url, const Aim& aim) const;

  private:
    struct State;
    [[nodiscard]] protocol::Directory fetch_directory();
    Reply send(const Speaker& speaker, const std::string& url, std::string_view payload,
               const Aim& aim, Persistence persistence);
    std::unique_ptr<State> state_;
};

}  // namespace cairn::client
