#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "http/exchange.h"

namespace cairn::http {

/// A blocking HTTPS client over libcurl that keeps its connections. TLS is verified unless its
/// options say otherwise; redirects are followed only as far as they say. Not thread-safe: one for
/// each thread.
class Client {
  public:
    explicit Client(ClientOptions options);
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    /// One exchange, within the bounds of the options.
    [[nodiscard]] ExchangeResult exchange(ClientRequest request);
    [[nodiscard]] ExchangeResult get(const std::string& url);
    [[nodiscard]] ExchangeResult head(const std::string& url);
    [[nodiscard]] ExchangeResult post(const std::string& url, std::string_view content_type,
                                      std::string_view body);
    /// True if the last exchange failed because nobody listens where it went: a server that has not
    /// started yet, or that starts again.
    [[nodiscard]] bool was_refused() const;
    /// True if the last exchange failed before the server said anything: its name was not found, no
    /// connection was made, or there was silence until the deadline.
    [[nodiscard]] bool was_unanswered() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::http
