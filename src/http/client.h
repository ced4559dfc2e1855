#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/task.h"

namespace cairn::http {

struct Reply {
    int status = 0;
    std::string body;
    /// Field names in lower case.
    std::vector<std::pair<std::string, std::string>> fields;
    /// First value of this field (name in lower case), or empty.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    /// Every value of this field.
    [[nodiscard]] std::vector<std::string_view> all_fields(std::string_view name) const;
};

struct ClientOptions {
    std::string user_agent;
    /// PEM file of the roots to trust instead of the system's; empty: the system's.
    std::string root_file;
    base::Milliseconds timeout{30000};
    std::size_t max_body = 1 << 20;
    /// For tests against local servers alone: allow plain http URLs.
    bool allow_plain_http = false;
    /// A socket in the file system to connect to, whatever the URL's host, by plain http; none if
    /// empty.
    std::string local_path{};
};

/// A blocking HTTPS client over libcurl that keeps its connections. TLS is always verified; no
/// redirect is followed. Not thread-safe: one for each thread.
class Client {
  public:
    explicit Client(ClientOptions options);
    ~Client();
    Client(Client&&) noexcept;
    Client& operator=(Client&&) noexcept;

    /// One exchange. The error says what was asked of whom and what came of it: name not found,
    /// refused, certificate not trusted, body too large, deadline over.
    [[nodiscard]] base::Result<Reply> get(const std::string& url);
    [[nodiscard]] base::Result<Reply> head(const std::string& url);
    [[nodiscard]] base::Result<Reply> post(const std::string& url, std::string_view content_type,
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
