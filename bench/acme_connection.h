#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <boost/beast/http.hpp>

#include "base/task.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "protocol/directory.h"
#include "protocol/jwk.h"

namespace cairn::bench {

/// What a CA answered to one request.
using AcmeResponse = boost::beast::http::response<boost::beast::http::string_body>;

/// The directory at `url`. Throws std::runtime_error if it cannot be read.
[[nodiscard]] protocol::Directory fetch_directory(const std::string& url,
                                                  const std::string& root_file);

/// A CA on the loopback, as its clients know it.
struct AcmePlace {
    AcmePlace(unsigned https_port, const std::string& root_file, protocol::Directory its_directory);

    unsigned port;
    protocol::Directory directory;
    boost::asio::ssl::context tls;
};

/// Who orders; several connections may be one account's.
struct AcmeAccount {
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    crypto::Sha256Digest thumbprint = protocol::Jwk::of(key.public_key()).thumbprint();
    /// Empty until it is registered.
    std::string url{};
};

/// A connection by which an account's signed requests go, one at a time. It is made when it is
/// needed. Used from one executor.
class AcmeConnection {
  public:
    /// Both outlive it.
    AcmeConnection(AcmePlace& place, AcmeAccount& account);

    /// Makes the account. Throws as `post`.
    [[nodiscard]] base::Task<void> register_account();
    /// Sends `payload`, signed; an empty one reads. Throws std::runtime_error if the answer is an
    /// error, and boost::system::system_error if the connection breaks.
    [[nodiscard]] base::Task<AcmeResponse> post(std::string url, std::string payload);
    /// The next request makes a fresh connection.
    void close() { stream_.reset(); }

    [[nodiscard]] const AcmePlace& place() const { return place_; }
    [[nodiscard]] const AcmeAccount& account() const { return account_; }
    /// Signed requests sent so far.
    [[nodiscard]] std::size_t requests() const { return requests_; }

  private:
    using Stream = boost::asio::ssl::stream<boost::asio::ip::tcp::socket>;
    base::Task<void> connect();
    base::Task<AcmeResponse> exchange(
        boost::beast::http::request<boost::beast::http::string_body> request);

    AcmePlace& place_;
    AcmeAccount& account_;
    std::optional<Stream> stream_;
    std::string nonce_;
    std::size_t requests_ = 0;
};

}  // namespace cairn::bench
