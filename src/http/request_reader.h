#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace cairn::http {

/// Reads HTTP/1.0 and HTTP/1.1 requests, one after the other, out of a stream of octets (RFC 9112).
/// Does no I/O: the caller puts octets into `room` and says how many with `received`.
///
/// It is strict where leniency lets two readers disagree about where a request ends: bare LF and
/// CR, folded fields, white space before a colon, Content-Length that repeats or stands beside
/// Transfer-Encoding, and any transfer coding but "chunked" are refused. After a refusal the rest
/// of the stream cannot be understood, and the connection must be closed.
class RequestReader {
  public:
    /// `header_limit` bounds the request line and the fields, and once more the framing of a
    /// chunked body; `body_limit` the body.
    RequestReader(std::size_t header_limit, std::size_t body_limit);

    /// Where the next octets go; never empty.
    [[nodiscard]] std::span<char> room();
    /// So many octets now stand at the start of what `room` returned.
    void received(std::size_t count);

    enum class State { incomplete, complete, refused };
    /// Reads on in what was received, up to the end of one request.
    State read();

    /// True if no octet of the next request has been received.
    [[nodiscard]] bool at_rest() const { return phase_ == Phase::request_line && begin_ == end_; }
    /// True, once for each request, if its sender waits for "100 Continue" (RFC 9110 section
    /// 10.1.1).
    [[nodiscard]] bool take_continue_request();
    /// What is known of the request: all of it when complete, and before that, or when it is
    /// refused, what was understood of it.
    [[nodiscard]] const Request& request() const { return request_; }
    /// True if the connection may be kept after this request (RFC 9112 section 9.3).
    [[nodiscard]] bool keeps_connection() const { return keeps_connection_; }
    /// True if the request was sent as HTTP/1.0.
    [[nodiscard]] bool is_http_1_0() const { return http_1_0_; }
    [[nodiscard]] const Refusal& refusal() const { return refusal_; }
    /// Octets that it holds beyond what any request takes.
    [[nodiscard]] std::size_t held_beyond_usual() const;
    /// Bodies of further requests are limited so.
    void limit_bodies(std::size_t most) { body_limit_ = most; }

    /// Gives the complete request away; the reader turns to the next one.
    [[nodiscard]] Request take();

  private:
    enum class Phase {
        request_line,
        fields,
        body,
        chunk_size,
        chunk_data,
        chunk_end,
        trailers,
        complete,
        refused
    };
    [[nodiscard]] bool next_line(std::string_view& line);
    void read_request_line(std::string_view line);
    void read_field(std::string_view line);
    void note_field(std::string_view name, std::string_view value);
    void end_of_fields();
    void use_absolute_target();
    void read_body(Phase after);
    void read_chunk_size(std::string_view line);
    void refuse_long_line(std::string_view line);
    void refuse(int status, std::string detail);

    std::size_t header_limit_, body_limit_;
    std::vector<char> buffer_;
    std::size_t begin_ = 0;    ///< first octet in the buffer that has not been used
    std::size_t end_ = 0;      ///< end of the octets received
    std::size_t scanned_ = 0;  ///< up to here there is no line end

    Phase phase_ = Phase::request_line;
    Request request_;
    Refusal refusal_;
    std::size_t line_octets_ = 0;
    std::uint64_t body_left_ = 0;
    std::size_t hosts_ = 0;
    bool has_length_ = false;
    bool chunked_ = false;
    bool wants_close_ = false;
    bool wants_keep_alive_ = false;
    bool wants_continue_ = false;
    bool keeps_connection_ = false;
    bool http_1_0_ = false;
};

}  // namespace cairn::http
