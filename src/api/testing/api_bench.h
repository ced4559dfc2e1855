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
         ca::Revoking& revoking, ca::RenewalAdvice& advice, const base::Clock& clock);
    ~Face();

    JwsGate gate;
    DirectoryApi directory;
    AccountApi account;
    OrderApi order;
    AuthorizationApi authorization;
    CertificateApi certificate;
    RenewalApi renewal;
    FrontDoor door;

  private:
    http::Router router();
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
    ApiBench();
    ~ApiBench() override;

    [[nodiscard]] static crypto::PrivateKey new_key();
    /// A client with an account.
    Client client();
    [[nodiscard]] static Client stranger();

    /// A request that is as it should be. `url`: absolute.
    http::Request request(const Client& sender, const std::string& url, std::string_view payload);
    base::Task<http::Response> posted(const Client& sender, const std::string& url,
                                      std::string_view payload);
    http::Response post(const Client& sender, const std::string& url, std::string_view payload);
    /// POST-as-GET.
    http::Response read(const Client& sender, const std::string& url);
    http::Response unsigned_request(const std::string& method, const std::string& target);

    /// The value of a header field, or nothing.
    [[nodiscard]] static std::string field(const http::Response& response, std::string_view name);
    /// What a problem document says.
    [[nodiscard]] static Refused refused(const http::Response& response);
    /// The object in an answer, as clients read it.
    template <class Object>
    [[nodiscard]] static Object object(const http::Response& response) {
        EXPECT_EQ(response.content_type, "application/json") << response.body;
        return Object::from_json(base::bytes_of(response.body)).value();
    }

    [[nodiscard]] Face& face();

    Links links{site};
    ca::RenewalAdvice advice{repository};
    ca::LocalNonces nonces{random};
    ca::LocalRequestChecks checks{nonces, repository};

  private:
    std::optional<Face> face_;
};

}  // namespace cairn::api::testing
