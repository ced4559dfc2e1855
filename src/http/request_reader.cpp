#include "http/request_reader.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "base/result.h"
#include "http/field_syntax.h"
#include "net/ascii.h"
#include "net/url.h"

namespace cairn::http {
namespace {

constexpr std::size_t first_buffer = 4096;
/// So much room is made for a body before any of it has come.
constexpr std::size_t first_body = 4096;
/// A buffer that a long line made larger than this is given back between requests.
constexpr std::size_t kept_buffer = 16384;
constexpr std::size_t max_fields = 100;
constexpr std::size_t max_method = 32;

// Visible ASCII; a fragment is not part of a target (RFC 9112 section 3.2).
constexpr OctetSet target_octets =
    octets_where([](unsigned octet) { return octet > 0x20 && octet < 0x7f && octet != '#'; });
// What an authority consists of (RFC 3986 section 3.2), without userinfo.
constexpr OctetSet host_octets = octets_where([](unsigned octet) {
    const char character = static_cast<char>(octet);
    return octet < 128 && (net::is_ascii_digit(character) || net::is_ascii_letter(character) ||
                           std::string_view("-._~%!$&'()*+;=:[]").contains(character));
});

bool list_contains(std::string_view list, std::string_view token) {
    while (!list.empty()) {
        const auto comma = list.find(',');
        if (net::same_ignoring_case(trimmed(list.substr(0, comma)), token)) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
    return false;
}

bool read_number(std::string_view text, int number_base, std::uint64_t& number) {
    const auto [end, error] =
        std::from_chars(text.data(), text.data() + text.size(), number, number_base);
    return error == std::errc{} && end == text.data() + text.size();
}

// Trailer fields are dropped (RFC 9110 section 6.5.1), but what is no field is refused: a proxy in
// front might read it as something else.
bool is_trailer(std::string_view line) {
    const auto colon = line.find(':');
    return colon != 0 && colon != std::string_view::npos && line.front() != ' ' &&
           line.front() != '\t' && consists_of(value_octets, line);
}

}  // namespace

RequestReader::RequestReader(std::size_t header_limit, std::size_t body_limit)
    : header_limit_(header_limit), body_limit_(body_limit) {}

std::span<char> RequestReader::room() {
    if (begin_ == end_) {
        begin_ = end_ = scanned_ = 0;
        if (buffer_.empty() || (at_rest() && buffer_.size() > kept_buffer)) {
            buffer_ = std::vector<char>(first_buffer);
        }
    }
    if (end_ == buffer_.size()) {
        if (begin_ > 0) {
            std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
            end_ -= begin_;
            scanned_ -= begin_;
            begin_ = 0;
        } else {
            buffer_.resize(2 * buffer_.size());
        }
    }
    return std::span(buffer_).subspan(end_);
}

void RequestReader::received(std::size_t count) {
    end_ += count;
}

std::size_t RequestReader::held_beyond_usual() const {
    const auto beyond = [](std::size_t held, std::size_t usual) {
        return held > usual ? held - usual : 0;
    };
    return beyond(buffer_.size(), first_buffer) + beyond(request_.body.capacity(), first_body);
}

bool RequestReader::take_continue_request() {
    // Once the fields are known to be good, and as long as nothing of the body has come.
    if (phase_ != Phase::body && phase_ != Phase::chunk_size) return false;
    return std::exchange(wants_continue_, false);
}

Request RequestReader::take() {
    Request request = std::exchange(request_, Request{});
    phase_ = Phase::request_line;
    line_octets_ = 0;
    body_left_ = 0;
    hosts_ = 0;
    has_length_ = chunked_ = wants_close_ = wants_keep_alive_ = wants_continue_ = false;
    return request;
}

RequestReader::State RequestReader::read() {
    std::string_view line;
    while (phase_ != Phase::complete && phase_ != Phase::refused) {
        switch (phase_) {
            case Phase::body:
            case Phase::chunk_data:
                read_body(phase_ == Phase::body ? Phase::complete : Phase::chunk_end);
                if (body_left_ > 0) return State::incomplete;
                break;
            default:
                if (!next_line(line)) {
                    if (phase_ == Phase::refused) break;
                    return State::incomplete;
                }
                if (phase_ == Phase::request_line) {
                    // Empty lines before a request are ignored (RFC 9112 section 2.2).
                    if (!line.empty()) read_request_line(line);
                } else if (phase_ == Phase::fields) {
                    line.empty() ? end_of_fields() : read_field(line);
                } else if (phase_ == Phase::chunk_size) {
                    read_chunk_size(line);
                } else if (phase_ == Phase::chunk_end) {
                    if (!line.empty())
                        refuse(400, "a chunk is longer than its size says");
                    else
                        phase_ = Phase::chunk_size;
                } else if (line.empty()) {
                    phase_ = Phase::complete;
                } else if (!is_trailer(line)) {
                    refuse(400, "a trailer field is malformed");
                }
        }
    }
    return phase_ == Phase::complete ? State::complete : State::refused;
}

bool RequestReader::next_line(std::string_view& line) {
    const char* start = buffer_.data() + scanned_;
    const void* line_feed = end_ > scanned_ ? std::memchr(start, '\n', end_ - scanned_) : nullptr;
    if (line_feed == nullptr) {
        scanned_ = end_;
        if (line_octets_ + (end_ - begin_) > header_limit_) {
            refuse_long_line({buffer_.data() + begin_, end_ - begin_});
        }
        return false;
    }
    const auto past =
        static_cast<std::size_t>(static_cast<const char*>(line_feed) - buffer_.data()) + 1;
    line = std::string_view(buffer_.data() + begin_, past - begin_);
    line_octets_ += line.size();
    begin_ = scanned_ = past;
    if (line_octets_ > header_limit_) {
        refuse_long_line(line);
        return false;
    }
    line.remove_suffix(1);
    if (line.empty() || line.back() != '\r') {
        refuse(400, "a line does not end with CR LF");
        return false;
    }
    line.remove_suffix(1);
    return true;
}

void RequestReader::read_request_line(std::string_view line) {
    phase_ = Phase::fields;
    const auto first = line.find(' ');
    const auto last = line.rfind(' ');
    if (first == std::string_view::npos || first == last) {
        return refuse(400, "the request line is not \"method target version\"");
    }
    const auto method = line.substr(0, first);
    const auto target = line.substr(first + 1, last - first - 1);
    const auto version = line.substr(last + 1);
    if (method.empty() || method.size() > max_method || !consists_of(token_octets, method)) {
        return refuse(400, "the method is not a token");
    }
    request_.method = method;
    if (target.empty() || !consists_of(target_octets, target)) {
        return refuse(400, "the request target has characters that a URL cannot have");
    }
    request_.target = target;
    if (version.size() != 8 || !version.starts_with("HTTP/") || !net::is_ascii_digit(version[5]) ||
        version[6] != '.' || !net::is_ascii_digit(version[7])) {
        return refuse(400, "the request line does not end with an HTTP version");
    }
    http_1_0_ = version == "HTTP/1.0";
    if (!http_1_0_ && version != "HTTP/1.1") return refuse(505, "only HTTP/1.1 is spoken here");
}

void RequestReader::read_field(std::string_view line) {
    if (line.front() == ' ' || line.front() == '\t') {
        return refuse(400, "a header field is folded over two lines");
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0 ||
        !consists_of(token_octets, line.substr(0, colon))) {
        return refuse(400, "a header field has no proper name");
    }
    const auto name = line.substr(0, colon);
    const auto value = trimmed(line.substr(colon + 1));
    if (!consists_of(value_octets, value)) {
        return refuse(400, "a header field holds a control character");
    }
    if (request_.fields.size() == max_fields) return refuse(431, "too many header fields");
    if (request_.fields.empty()) request_.fields.reserve(16);
    request_.fields.emplace_back(name, value);
    note_field(name, value);
}

void RequestReader::note_field(std::string_view name, std::string_view value) {
    if (net::same_ignoring_case(name, "Host")) {
        if (++hosts_ > 1) return refuse(400, "there is more than one Host field");
        if (value.empty() || !consists_of(host_octets, value)) {
            refuse(400, "the Host field is not a host");
        }
    } else if (net::same_ignoring_case(name, "Content-Length")) {
        // Also two equal ones: no honest client repeats it (RFC 9112 section 6.3 lets us refuse).
        if (std::exchange(has_length_, true)) {
            return refuse(400, "there is more than one Content-Length field");
        }
        if (value.empty() || value.size() > 18 || !read_number(value, 10, body_left_)) {
            refuse(400, "Content-Length is not a number");
        }
    } else if (net::same_ignoring_case(name, "Transfer-Encoding")) {
        if (std::exchange(chunked_, true)) {
            return refuse(400, "the transfer coding \"chunked\" may be named once alone");
        }
        // RFC 9112 section 6.1.
        if (!net::same_ignoring_case(value, "chunked")) {
            refuse(501, "the only transfer coding taken is \"chunked\"");
        }
    } else if (net::same_ignoring_case(name, "Connection")) {
        wants_close_ = wants_close_ || list_contains(value, "close");
        wants_keep_alive_ = wants_keep_alive_ || list_contains(value, "keep-alive");
    } else if (net::same_ignoring_case(name, "Content-Encoding")) {
        if (!net::same_ignoring_case(value, "identity")) {
            refuse(415, "a request body must not have a content coding");
        }
    } else if (net::same_ignoring_case(name, "Expect")) {
        if (!net::same_ignoring_case(value, "100-continue")) {
            return refuse(417, "the only expectation met is \"100-continue\"");
        }
        wants_continue_ = true;
    }
}

void RequestReader::end_of_fields() {
    if (chunked_ && has_length_) {
        return refuse(400, "there are both Content-Length and Transfer-Encoding");
    }
    if (chunked_ && http_1_0_) return refuse(400, "HTTP/1.0 has no transfer codings");
    if (hosts_ == 0 && !http_1_0_) return refuse(400, "there is no Host field");
    if (body_left_ > body_limit_) return refuse(413, "the body is too large");
    if (request_.target.front() != '/' &&
        !(request_.target == "*" && request_.method == "OPTIONS")) {
        use_absolute_target();
        if (phase_ == Phase::refused) return;
    }
    keeps_connection_ = !wants_close_ && (!http_1_0_ || wants_keep_alive_);
    wants_continue_ = wants_continue_ && !http_1_0_;
    if (chunked_) {
        phase_ = Phase::chunk_size;
        line_octets_ = 0;
    } else {
        phase_ = Phase::body;
        request_.body.reserve(std::min<std::size_t>(body_left_, first_body));
    }
}

// The absolute form must be taken, and its host goes before the Host field (RFC 9112 section
// 3.2.2).
void RequestReader::use_absolute_target() {
    const auto url = net::Url::from_text(request_.target);
    if (!url) return refuse(400, "the request target is neither a path nor a URL");
    request_.target = url->target();
    bool replaced = false;
    for (auto& [name, value] : request_.fields) {
        if (net::same_ignoring_case(name, "Host")) {
            value = url->authority();
            replaced = true;
        }
    }
    if (!replaced) request_.fields.emplace_back("Host", url->authority());
}

void RequestReader::read_body(Phase after) {
    const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(body_left_, end_ - begin_));
    request_.body.append(buffer_.data() + begin_, count);
    begin_ += count;
    scanned_ = begin_;
    body_left_ -= count;
    if (body_left_ == 0) phase_ = after;
}

void RequestReader::read_chunk_size(std::string_view line) {
    // Chunk extensions are ignored (RFC 9112 section 7.1.1).
    const auto digits = trimmed(line.substr(0, line.find(';')));
    if (digits.empty() || digits.front() != line.front() || digits.size() > 8 ||
        !read_number(digits, 16, body_left_)) {
        return refuse(400, "a chunk has no proper size");
    }
    if (!consists_of(value_octets, line)) {
        return refuse(400, "a chunk extension holds a control character");
    }
    if (body_left_ > body_limit_ - request_.body.size()) {
        return refuse(413, "the body is too large");
    }
    phase_ = body_left_ == 0 ? Phase::trailers : Phase::chunk_data;
}

void RequestReader::refuse_long_line(std::string_view line) {
    if (phase_ != Phase::request_line) {
        return refuse(431, "the request line and header fields are too large");
    }
    const auto method = line.substr(0, std::min(line.find(' '), max_method + 1));
    if (method.size() <= max_method && consists_of(token_octets, method)) request_.method = method;
    // RFC 9112 section 3.
    refuse(414, "the request line is too long");
}

void RequestReader::refuse(int status, std::string detail) {
    if (phase_ == Phase::refused) return;
    phase_ = Phase::refused;
    keeps_connection_ = false;
    refusal_ = {status, std::move(detail)};
}

}  // namespace cairn::http
