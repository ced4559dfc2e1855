#include "api/renewal_api.h"

#include "api/links.h"
#include "pki/renewal_identifier.h"
#include "protocol/problem.h"
#include "protocol/renewal_info.h"

namespace cairn::api {

using http::Request;
using http::Response;
using http::Router;
using protocol::Problem;
using protocol::ProblemType;

RenewalApi::RenewalApi(ca::RenewalAdvice& advice, base::Seconds retry_after)
    : advice_(advice), retry_after_(retry_after) {}

void RenewalApi::add_to(Router& router) {
    for (const char* method : {"GET", "HEAD"}) {
        router.add(method, path::renewal_info_of, [this](Request, Router::Parameters parameters) {
            return renewal_info(std::move(parameters[0]));
        });
    }
}

base::Task<Response> RenewalApi::renewal_info(std::string text) {
    auto identifier = pki::RenewalIdentifier::from_text(text);
    if (!identifier)
        throw Problem(ProblemType::malformed,
                      "this names no certificate: " + identifier.error().message, 404);
    auto window = co_await advice_.window_of(*std::move(identifier));
    if (!window)
        throw Problem(ProblemType::malformed, "this CA did not issue such a certificate", 404);
    const protocol::RenewalInfo info{.start = window->start,
                                     .end = window->end,
                                     .explanation_url = std::move(window->explanation_url)};
    Response response;
    response.content_type = "application/json";
    response.body = info.to_json();
    response.fields.emplace_back("Retry-After", std::to_string(retry_after_.count()));
    // Long enough for a crowd behind one proxy, too short to hide what an operator says.
    response.fields.emplace_back("Cache-Control", "public, max-age=60");
    co_return response;
}

}  // namespace cairn::api
