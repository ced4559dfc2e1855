#include "apps/va/perspective_service.h"

#include <stdexcept>

#include "apps/perspective/question_translation.h"
#include "apps/va/place.h"
#include "base/shortage.h"
#include "va/enrolment_message.h"
#include "va/perspective_message.h"

namespace cairn::apps {

namespace {

http::Response message_response(std::string body) {
    http::Response response;
    response.content_type = "application/json";
    response.body = std::move(body);
    return response;
}

http::Response text_refusal(int status, const std::string& reason) {
    http::Response response;
    response.status = status;
    response.content_type = "text/plain; charset=utf-8";
    response.body = reason + "\n";
    response.log_detail = reason;
    return response;
}

http::Response forbidden() {
    return text_refusal(403, "this perspective speaks to its CA alone");
}

}  // namespace

base::Task<http::Response> PerspectiveService::handle(http::Request request) {
    const auto path = request.path();
    const bool is_post = request.method == "POST";
    // These two also enrol, and look at the secret themselves.
    if (is_post && path == "/v1/csr") co_return make_request(request);
    if (is_post && path == "/v1/certificate") co_return take_certificate(request);
    if (!request.client_is_proved) co_return forbidden();
    if (is_post && path == "/v1/validate") {
        auto validating = validate(std::move(request));
        co_return co_await std::move(validating);
    }
    if (request.method == "GET" && path == "/v1/status") co_return status();
    co_return text_refusal(404, "there is nothing here");
}

base::Task<http::Response> PerspectiveService::validate(http::Request request) {
    const auto message = va::PerspectiveQuestion::from_json(base::bytes_of(request.body));
    if (!message)
        co_return text_refusal(400, "the question cannot be read: " + message.error().message);
    if (message->perspective != configuration_.name)
        co_return text_refusal(421, "this is the perspective " + configuration_.name);
    const Place place(in_flight_, configuration_.validation.in_flight);
    if (!place.is_there()) co_return text_refusal(503, "too many questions are under way");
    auto answer = ca::Validator::Answer();
    try {
        auto validating = validator_.validate(question_of(*message));
        answer = co_await std::move(validating);
    } catch (const std::logic_error& error) {
        co_return text_refusal(400, "the question makes no sense: " + std::string(error.what()));
    } catch (const std::exception& error) {
        // What this machine lacks is no finding about the identifier.
        if (!base::shortage_in(std::current_exception())) throw;
        co_return text_refusal(503, error.what());
    }
    auto reply = message_of(std::move(answer), va::digest_of_question(request.body),
                            configuration_.name, configuration_.region);
    log_.info("validation", {{"request", request.id},
                             {"identifier", message->identifier.value()},
                             {"method", to_string(message->method)},
                             {"outcome", reply.problem ? to_string(reply.problem->type) : "valid"},
                             {"detail", reply.problem ? reply.problem->detail : ""}});
    co_return message_response(reply.to_json());
}

http::Response PerspectiveService::status() const {
    return message_response(va::PerspectiveStatus{.perspective = configuration_.name,
                                                  .region = configuration_.region,
                                                  .program = "cairn-va " CAIRN_VERSION,
                                                  .certificate_ends = identity_.certificate_ends()}
                                .to_json());
}

bool PerspectiveService::is_enrolling(const http::Request& request,
                                      const std::string& secret) const {
    if (request.client_is_proved) return true;
    if (identity_.is_secret(secret)) return true;
    log_.warning("a request for enrolment without the code's secret",
                 {{"remote", request.remote_address}});
    return false;
}

http::Response PerspectiveService::make_request(const http::Request& request) {
    const auto message = va::IdentityRequest::from_json(base::bytes_of(request.body));
    if (!message)
        return text_refusal(400, "the request cannot be read: " + message.error().message);
    if (!is_enrolling(request, message->secret)) return forbidden();
    std::string differences;
    const auto compare = [&](const char* what, std::string_view ours, std::string_view theirs) {
        if (ours == theirs) return;
        differences += std::string(differences.empty() ? "" : "; ") + what + " is " +
                       std::string(ours) + " here, and " + base::printable(theirs, 200) +
                       " at the CA";
    };
    compare("name", configuration_.name, message->perspective);
    compare("region", to_string(configuration_.region), to_string(message->region));
    compare("ca_url", configuration_.ca_url, message->ca_url);
    if (!differences.empty()) return text_refusal(409, differences);
    return message_response(va::IdentityOffer{identity_.request()}.to_json());
}

http::Response PerspectiveService::take_certificate(const http::Request& request) {
    const auto message = va::IdentityGrant::from_json(base::bytes_of(request.body));
    if (!message)
        return text_refusal(400, "the certificate cannot be read: " + message.error().message);
    if (!is_enrolling(request, message->secret)) return forbidden();
    const bool was_enrolled = identity_.is_enrolled();
    try {
        identity_.take(*message);
    } catch (const std::runtime_error& error) {
        log_.error("certificate refused", {{"reason", error.what()}});
        return text_refusal(409, error.what());
    }
    log_.info(
        was_enrolled ? "certificate renewed" : "enrolled",
        {{"ca", configuration_.ca_url}, {"until", base::to_rfc3339(identity_.certificate_ends())}});
    auto response = status();
    response.close = true;  // the next one shows certificates
    return response;
}

}  // namespace cairn::apps
