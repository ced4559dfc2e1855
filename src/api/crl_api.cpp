#include "api/crl_api.h"

#include <algorithm>
#include <array>
#include <string>

#include "api/cache_time.h"
#include "api/entity_tag.h"
#include "api/links.h"
#include "http/http_date.h"
#include "protocol/problem.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;

namespace {

// RFC 9110 section 13.2.2: with an entity tag the time does not matter.
bool has_it_already(const Request& request, const std::string& tag, base::Time modified) {
    if (request.field_count("If-None-Match") > 0) return has_entity(request, tag);
    const auto since = http::parse_http_date(request.field("If-Modified-Since"));
    return since && modified <= *since;
}

}  // namespace

CrlApi::CrlApi(const ca::CrlShelf& shelf, const base::Clock& clock)
    : shelf_(shelf), clock_(clock) {}

void CrlApi::add_to(Router& router) {
    for (const char* method : {"GET", "HEAD"})
        for (const auto pattern : {path::complete_crl, path::crl_shard})
            router.add(method, pattern, [this](Request request, Router::Parameters) {
                return crl(std::move(request));
            });
}

base::Task<Response> CrlApi::crl(Request request) const {
    const auto found = shelf_.find(request.path());
    if (!found)
        throw protocol::Problem(protocol::ProblemType::malformed, "no such revocation list", 404);
    const auto tag = "\"" + std::to_string(found->head.number) + "\"";
    const auto left =
        std::clamp(found->head.next_update - clock_.now(), base::Seconds(0), longest_cached);
    Response response;
    response.fields.emplace_back("ETag", tag);
    response.fields.emplace_back("Last-Modified", http::http_date(found->head.this_update));
    response.fields.emplace_back("Expires", http::http_date(found->head.next_update));
    response.fields.emplace_back("Cache-Control",
                                 "public, max-age=" + std::to_string(left.count()));
    if (has_it_already(request, tag, found->head.this_update)) {
        response.status = 304;
        co_return response;
    }
    response.content_type = "application/pkix-crl";
    response.body = found->der;
    co_return response;
}

}  // namespace cairn::api
