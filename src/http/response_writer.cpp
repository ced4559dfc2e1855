#include "http/response_writer.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/json_quoted.h"

namespace cairn::http {
namespace {

std::string_view reason_phrase(int status) {
    constexpr std::pair<int, std::string_view> phrases[] = {
        {200, "OK"},
        {201, "Created"},
        {204, "No Content"},
        {301, "Moved Permanently"},
        {302, "Found"},
        {303, "See Other"},
        {304, "Not Modified"},
        {307, "Temporary Redirect"},
        {308, "Permanent Redirect"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {403, "Forbidden"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {408, "Request Timeout"},
        {409, "Conflict"},
        {413, "Content Too Large"},
        {414, "URI Too Long"},
        {415, "Unsupported Media Type"},
        {417, "Expectation Failed"},
        {421, "Misdirected Request"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };
    const auto* found =
        std::ranges::find(phrases, status, &std::pair<int, std::string_view>::first);
    // The phrase carries no meaning (RFC 9112 section 4) and may be empty.
    return found == std::end(phrases) ? std::string_view() : found->second;
}

void append_number(std::string& wire, std::size_t number) {
    char digits[24];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    wire.append(digits, end);
}

bool append_field(std::string& wire, std::string_view name, std::string_view value) {
    const auto harmless = [](char character) {
        return static_cast<unsigned char>(character) >= 0x20 && character != 0x7f;
    };
    if (!std::ranges::all_of(name, harmless) || !std::ranges::all_of(value, harmless)) return false;
    wire.append(name).append(": ").append(value).append("\r\n");
    return true;
}

}  // namespace

bool append_response(std::string& wire, const Response& response, const ResponseFraming& framing) {
    const auto before = wire.size();
    const bool head = framing.body == ResponseFraming::Body::left_out;
    // No content at all, and no length of it (RFC 9110 section 8.6).
    const bool bodiless = response.status == 204 || response.status == 304;

    wire.reserve(before + 512 + response.body.size());
    wire.append("HTTP/1.1 ");
    append_number(wire, static_cast<std::size_t>(response.status));
    wire.append(" ").append(reason_phrase(response.status)).append("\r\nDate: ");
    wire.append(framing.date).append("\r\n");
    bool harmless = true;
    if (!response.content_type.empty()) {
        harmless = append_field(wire, "Content-Type", response.content_type);
    }
    // A handler that makes no body for HEAD does not know the length that GET would see.
    if (!bodiless && !(head && response.body.empty())) {
        wire.append("Content-Length: ");
        append_number(wire, response.body.size());
        wire.append("\r\n");
    }
    if (framing.connection == ResponseFraming::Connection::closed) {
        wire.append("Connection: close\r\n");
    } else if (framing.connection == ResponseFraming::Connection::kept_1_0) {
        wire.append("Connection: keep-alive\r\n");
    }
    for (const auto& [name, value] : response.fields) {
        harmless = harmless && append_field(wire, name, value);
    }
    if (!harmless) {
        wire.resize(before);
        return false;
    }
    wire.append("\r\n");
    if (!bodiless && !head) wire.append(response.body);
    return true;
}

Response problem_response(const Refusal& refusal) {
    const bool is_ours = refusal.status == 500 || refusal.status == 503;
    return problem_response(refusal.status, is_ours ? "serverInternal" : "malformed",
                            refusal.detail);
}

Response problem_response(int status, std::string_view type, std::string_view detail) {
    Response response;
    response.status = status;
    response.content_type = "application/problem+json";
    response.body.append(R"({"type":"urn:ietf:params:acme:error:)")
        .append(type)
        .append(R"(","detail":)")
        .append(base::json_quoted(detail))
        .append(R"(,"status":)");
    append_number(response.body, static_cast<std::size_t>(status));
    response.body.append("}");
    response.log_detail = detail;
    return response;
}

}  // namespace cairn::http
