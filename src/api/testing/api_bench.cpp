#include "api/testing/api_bench.h"

#include <utility>

namespace cairn::api::testing {

Face::Face(const Links& links, ca::RequestChecks& request_checks, ca::Nonces& nonces,
           ca::Registration& registration, ca::Ordering& ordering, ca::Validation& validation,
           ca::Issuance& issuance, ca::StandingProofs& standing, ca::CertificateStore& certificates,
           ca::Revoking& revoking, ca::RenewalAdvice& advice, const base::Clock& clock)
    : gate(links, request_checks, clock),
      directory(links, gate, {}),
      account(links, gate, registration, ordering),
      order(links, gate, ordering, issuance, standing),
      authorization(links, gate, ordering, validation, standing, clock,
                    {.issuer_names = {"ca.example"}, .preauthorization = true}),
      certificate(links, gate, certificates, revoking),
      renewal(advice, std::chrono::hours(6)),
      door(links, nonces, router(), {.hosts = {"ca.example"}, .terms_of_service = {}}) {}

Face::~Face() = default;

http::Router Face::router() {
    http::Router result;
    directory.add_to(result);
    account.add_to(result);
    order.add_to(result);
    authorization.add_to(result);
    certificate.add_to(result);
    renewal.add_to(result);
    return result;
}

ApiBench::ApiBench() = default;

ApiBench::~ApiBench() = default;

crypto::PrivateKey ApiBench::new_key() {
    return crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
}

Client ApiBench::client() {
    auto key = new_key();
    const auto id = stored_account(protocol::Jwk::of(key.public_key())).id;
    return {std::move(key), links.account(id), id};
}

Client ApiBench::stranger() {
    return {new_key(), {}};
}

http::Request ApiBench::request(const Client& sender, const std::string& url,
                                std::string_view payload) {
    http::Request made;
    made.method = "POST";
    made.target = url.substr(site.size());
    made.body = protocol::make_jws(
        sender.key, {.url = url, .nonce = nonces.issue(), .kid = sender.kid}, payload);
    made.id = "r1";
    made.received = std::chrono::steady_clock::now();
    made.fields = {{"Host", "ca.example"}, {"Content-Type", "application/jose+json"}};
    return made;
}

base::Task<http::Response> ApiBench::posted(const Client& sender, const std::string& url,
                                            std::string_view payload) {
    return face().door.handle(request(sender, url, payload));
}

http::Response ApiBench::post(const Client& sender, const std::string& url,
                              std::string_view payload) {
    return await(posted(sender, url, payload));
}

http::Response ApiBench::read(const Client& sender, const std::string& url) {
    return post(sender, url, "");
}

http::Response ApiBench::unsigned_request(const std::string& method, const std::string& target) {
    http::Request made;
    made.method = method;
    made.target = target;
    made.received = std::chrono::steady_clock::now();
    made.fields = {{"Host", "ca.example"}};
    return await(face().door.handle(std::move(made)));
}

std::string ApiBench::field(const http::Response& response, std::string_view name) {
    for (const auto& [each, value] : response.fields)
        if (each == name) return value;
    return {};
}

Refused ApiBench::refused(const http::Response& response) {
    EXPECT_EQ(response.content_type, "application/problem+json");
    const auto problem = protocol::Problem::from_json(base::bytes_of(response.body));
    if (!problem) return {protocol::ProblemType::unknown, response.status, response.body};
    return {problem->type, response.status, problem->detail};
}

Face& ApiBench::face() {
    if (!face_)
        face_.emplace(links, checks, nonces, registration(), ordering(), validation(), issuance(),
                      standing(), repository, revoking(), advice, clock);
    return *face_;
}

}  // namespace cairn::api::testing
