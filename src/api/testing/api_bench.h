#pragma once
// Private to the tests of api: the HTTP face of a CA in memory, and clients of it.

#include <algorithm>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "api/account_api.h"
#include "api/authorization_api.h"
#include "api/certificate_api.h"
#include "api/directory_api.h"
#include "api/front_door.h"
#include "api/jws_gate.h"
#include "api/links.h"
#include "api/order_api.h"
#include "api/renewal_api.h"
#include "ca/testing/bench.h"
#include "ca/work/local_nonces.h"
#include "ca/work/local_request_checks.h"
#include "protocol/jws.h"
#include "protocol/problem.h"

namespace cairn::api::testing {

using namespace std::chrono_literals;
using ca::testing::EventLoop;
using ca::testing::eventually;
using ca::testing::Refused;
using ca::testing::start_time;
using ca::testing::StoreCall;
using ca::testing::StoreScript;

inline const std::string site = "https://ca.example";

/// The parts of the HTTP face over the workflows of one process.
struct Face {
    Face(const Links& links, ca::RequestChecks& request_checks, ca::Nonces& nonces,
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

    JwsGate gate;
    DirectoryApi directory;
    AccountApi account;
    OrderApi order;
    AuthorizationApi authorization;
    CertificateApi certificate;
    RenewalApi renewal;
    FrontDoor door;

  private:
    http::Router router() {
        http::Router result;
        directory.add_to(result);
        account.add_to(result);
        order.add_to(result);
        authorization.add_to(result);
        certificate.add_to(result);
        renewal.add_to(result);
        return result;
    }
};

/// Who sends signed requests.
struct Client {
    crypto::PrivateKey key;
    std::string kid;  ///< the account's URL; empty: the key stands in the request
    std::optional<ca::AccountId> account{};
};

/// A CA that is asked over HTTP, without a socket.
class ApiBench : public ca::testing::Bench {
  protected:
    [[nodiscard]] static crypto::PrivateKey new_key() {
        return crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    }
    /// A client with an account.
    Client client() {
        auto key = new_key();
        const auto id = stored_account(protocol::Jwk::of(key.public_key())).id;
        return {std::move(key), links.account(id), id};
    }
    [[nodiscard]] static Client stranger() { return {new_key(), {}}; }

    /// A request that is as it should be. `url`: absolute.
    http::Request request(const Client& sender, const std::string& url, std::string_view payload) {
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
    base::Task<http::Response> posted(const Client& sender, const std::string& url,
                                      std::string_view payload) {
        return face().door.handle(request(sender, url, payload));
    }
    http::Response post(const Client& sender, const std::string& url, std::string_view payload) {
        return await(posted(sender, url, payload));
    }
    /// POST-as-GET.
    http::Response read(const Client& sender, const std::string& url) {
        return post(sender, url, "");
    }
    http::Response unsigned_request(const std::string& method, const std::string& target) {
        http::Request made;
        made.method = method;
        made.target = target;
        made.received = std::chrono::steady_clock::now();
        made.fields = {{"Host", "ca.example"}};
        return await(face().door.handle(std::move(made)));
    }

    /// The value of a header field, or nothing.
    [[nodiscard]] static std::string field(const http::Response& response, std::string_view name) {
        for (const auto& [each, value] : response.fields)
            if (each == name) return value;
        return {};
    }
    /// What a problem document says.
    [[nodiscard]] static Refused refused(const http::Response& response) {
        EXPECT_EQ(response.content_type, "application/problem+json");
        const auto problem = protocol::Problem::from_json(base::bytes_of(response.body));
        if (!problem) return {protocol::ProblemType::unknown, response.status, response.body};
        return {problem->type, response.status, problem->detail};
    }
    /// The object in an answer, as clients read it.
    template <class Object>
    [[nodiscard]] static Object object(const http::Response& response) {
        EXPECT_EQ(response.content_type, "application/json") << response.body;
        return Object::from_json(base::bytes_of(response.body)).value();
    }

    [[nodiscard]] Face& face() {
        if (!face_)
            face_.emplace(links, checks, nonces, registration(), ordering(), validation(),
                          issuance(), standing(), repository, revoking(), advice, clock);
        return *face_;
    }

    Links links{site};
    ca::RenewalAdvice advice{repository};
    ca::LocalNonces nonces{random};
    ca::LocalRequestChecks checks{nonces, repository};

  private:
    std::optional<Face> face_;
};

}  // namespace cairn::api::testing
