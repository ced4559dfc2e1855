#include "api/ocsp_api.h"

#include <algorithm>

#include "api/cache_time.h"
#include "api/links.h"
#include "base/base64url.h"
#include "crypto/digest.h"
#include "http/http_date.h"
#include "pki/ocsp_request.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;

namespace {

int digit_of(char character) {
    if (character >= '0' && character <= '9') return character - '0';
    if (character >= 'a' && character <= 'f') return character - 'a' + 10;
    if (character >= 'A' && character <= 'F') return character - 'A' + 10;
    return -1;
}

}  // namespace

base::Bytes ocsp_question_in(std::string_view text) {
    // Three octets for one, where all of it is percent-encoded, and a third more for base64.
    if (text.size() > pki::OcspRequest::max_size * 4) return {};
    while (text.starts_with('/')) text.remove_prefix(1);
    std::string plain;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char character = text[i];
        if (character == '%') {
            if (i + 2 >= text.size()) return {};
            const int high = digit_of(text[i + 1]), low = digit_of(text[i + 2]);
            if (high < 0 || low < 0) return {};
            character = static_cast<char>(high * 16 + low);
            i += 2;
        }
        if (character == '+') character = '-';
        if (character == '/') character = '_';
        plain += character;
    }
    while (plain.ends_with('=')) plain.pop_back();
    auto octets = base::from_base64url(plain);
    return octets ? *std::move(octets) : base::Bytes();
}

OcspApi::OcspApi(ca::OcspResponder& responder, const base::Clock& clock)
    : responder_(responder), clock_(clock) {}

void OcspApi::add_to(Router& router) {
    router.add("POST", path::ocsp, [this](Request request, Router::Parameters) {
        return answer(base::copy_of(base::bytes_of(request.body)), false);
    });
    for (const char* method : {"GET", "HEAD"})
        router.add(method, path::ocsp_question, [this](Request, Router::Parameters parameters) {
            return answer(ocsp_question_in(parameters[0]), true);
        });
}

base::Task<Response> OcspApi::answer(base::Bytes question, bool is_cacheable) {
    const auto given = co_await responder_.answer(std::move(question));
    Response response;
    response.content_type = "application/ocsp-response";
    response.body = std::string(base::text_of(given.response));
    if (!is_cacheable || !given.next_update) co_return response;
    // RFC 5019 section 6.2.
    const auto left =
        std::clamp(*given.next_update - clock_.now(), base::Seconds(0), longest_cached);
    response.fields.emplace_back("Last-Modified", http::http_date(*given.this_update));
    response.fields.emplace_back("Expires", http::http_date(*given.next_update));
    response.fields.emplace_back("ETag",
                                 "\"" + base::to_hex(crypto::sha256(given.response)) + "\"");
    response.fields.emplace_back("Cache-Control", "max-age=" + std::to_string(left.count()) +
                                                      ", public, no-transform, must-revalidate");
    co_return response;
}

}  // namespace cairn::api
