#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace cairn::http {

/// A request as a handler sees it: complete, within the server's limits, HTTP/1.1 semantics.
struct Request {
    std::string method;
    std::string target;  ///< as sent: path and query
    std::string body;
    std::string remote_address;
    bool over_tls = false;
    /// The client has shown the certificate that the server's TLS identity demands.
    bool client_is_proved = false;
    /// The user at the other end of a local socket; none for a connection over TCP.
    std::optional<std::uint32_t> local_user{};
    /// Names the request in the access log; by this server, short and never the same twice.
    std::string id;
    /// When its last octet had come.
    std::chrono::steady_clock::time_point received;
    /// Header fields in order, names in the sender's case.
    std::vector<std::pair<std::string, std::string>> fields;

    /// The value of the first field with this name (compared without case), or empty.
    [[nodiscard]] std::string_view field(std::string_view name) const;
    /// How many fields have this name.
    [[nodiscard]] std::size_t field_count(std::string_view name) const;
    /// Path without query.
    [[nodiscard]] std::string_view path() const;
};

/// Why a request is answered by no handler.
struct Refusal {
    int status = 400;
    std::string detail;
};

struct Response {
    int status = 200;
    std::string content_type;
    std::string body;
    /// Further header fields; their names live as long as the program. Content-Type,
    /// Content-Length, Date and Connection are set by the server.
    std::vector<std::pair<std::string_view, std::string>> fields;
    bool close = false;

    // For the access log alone:
    std::string log_account, log_detail;
};

}  // namespace cairn::http
