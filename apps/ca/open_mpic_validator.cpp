#include "apps/ca/open_mpic_validator.h"

#include <exception>
#include <utility>

#include <boost/asio/experimental/awaitable_operators.hpp>

#include "apps/ca/open_mpic_translation.h"

namespace cairn::apps {

namespace {

/// What one of two requests came to, which are under way side by side. What it throws is kept until
/// both have ended: of two exceptions at once neither would be known again.
struct Ended {
    std::optional<va::OpenMpicResponse> response{};
    std::exception_ptr error{};
};

base::Task<Ended> ended(std::shared_ptr<OpenMpicClient> client,
                        std::optional<va::OpenMpicRequest> request) {
    Ended result;
    if (!request) co_return result;
    try {
        auto asking = client->ask(*std::move(request));
        result.response = co_await std::move(asking);
    } catch (...) {
        result.error = std::current_exception();
    }
    co_return result;
}

}  // namespace

base::Task<std::vector<ca::Evidence>> OpenMpicValidator::look_at(protocol::DnsName name) {
    const std::vector<std::string> identities{name.text()};
    auto validating = validate({.account_url = "",
                                .profile = "",
                                .identifier = protocol::Identifier::of(name, false),
                                .method = protocol::ChallengeType::http_01,
                                .token = *protocol::Token::from_text("0000000000000000000000"),
                                .key_authorization = "",
                                .caa_identities = identities,
                                .aim = Aim::caa_alone});
    auto answer = co_await std::move(validating);
    co_return std::move(answer.evidence);
}

base::Task<ca::Validator::Answer> OpenMpicValidator::validate(Question question) {
    using namespace boost::asio::experimental::awaitable_operators;
    const auto begun = clock_.now();
    auto asking_proof = ended(client_, proof_request_of(question, service_));
    auto asking_caa = ended(client_, caa_request_of(question, service_));
    auto [proof, caa] = co_await (std::move(asking_proof) && std::move(asking_caa));
    for (const auto& error : {proof.error, caa.error})
        if (error) std::rethrow_exception(error);
    const OpenMpicResponses responses{.proof = std::move(proof.response),
                                      .caa = std::move(caa.response)};
    co_return answer_of(responses, question, service_, client_->url(), begun, clock_.now());
}

}  // namespace cairn::apps
