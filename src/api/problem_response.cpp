#include "api/problem_response.h"

namespace cairn::api {

http::Response problem_response(const protocol::Problem& problem) {
    http::Response response;
    response.status = problem.status;
    response.content_type = "application/problem+json";
    response.body = problem.to_json();
    if (problem.retry_after)
        response.fields.emplace_back("Retry-After", std::to_string(problem.retry_after->count()));
    if (!problem.location.empty()) response.fields.emplace_back("Location", problem.location);
    for (const auto& link : problem.links) response.fields.emplace_back("Link", link);
    if (!problem.allow.empty()) response.fields.emplace_back("Allow", problem.allow);
    response.log_detail = problem.detail;
    return response;
}

}  // namespace cairn::api
