#include "client/dns/service_login.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "base/base64url.h"
#include "client/dns/json_body.h"
#include "client/dns/query_text.h"
#include "crypto/signature.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds assertion_lifetime = 1h;
/// Of a token, where the answer does not say it.
constexpr std::int64_t usual_lifetime = 3600;

using Parameters = std::vector<std::pair<std::string, std::string>>;

/// The request for a token (RFC 6749 section 4.4.2) and its answer (section 5.1).
AccessToken::Granted granted(ProviderHttp& http, const Parameters& parameters) {
    const std::string aim = "log in";
    const auto reply = http.ask({.method = "POST",
                                 .fields = {{"Content-Type", "application/x-www-form-urlencoded"}},
                                 .body = query_text(parameters),
                                 .aim = aim,
                                 .answer = ProviderHttp::AnswerTrace::hidden});
    const auto body = json_body(http, aim, reply);
    auto token = text_at(body, "access_token");
    if (token.empty()) throw http.failure(aim, "it grants no token");
    http.hide(token);
    return {std::move(token),
            std::chrono::seconds(whole_number_at(body, "expires_in").value_or(usual_lifetime))};
}

}  // namespace

base::Result<ServiceAccount> service_account_from(const std::string& json) {
    const auto object = protocol::parse_json_object(base::bytes_of(json));
    if (!object) return std::unexpected(object.error());
    protocol::MemberReader reader(*object);
    const auto pem = reader.required_text("private_key");
    const std::string email(reader.required_text("client_email"));
    auto key_id = reader.text_or_empty("private_key_id");
    auto token_url = reader.text_or_empty("token_uri");
    auto project = reader.text_or_empty("project_id");
    if (reader.error()) return std::unexpected(*reader.error());
    auto key = crypto::PrivateKey::from_pem(pem);
    if (!key) return std::unexpected(key.error().within("private_key"));
    if (token_url.empty()) token_url = "https://oauth2.googleapis.com/token";
    return ServiceAccount{email, std::move(key_id), std::move(token_url), std::move(project),
                          std::move(*key)};
}

std::string azure_token_url(std::string login_url, const std::string& tenant_id) {
    if (login_url.empty()) login_url = "https://login.microsoftonline.com";
    while (login_url.ends_with('/')) login_url.pop_back();
    return login_url + "/" + percent_encoded(tenant_id) + "/oauth2/v2.0/token";
}

AccessToken::Granted log_in(ProviderHttp& http, const ServiceAccount& account,
                            const std::string& scope, base::Time now) {
    const auto since = now.time_since_epoch();
    const boost::json::object header{{"alg", "RS256"}, {"typ", "JWT"}, {"kid", account.key_id}};
    const boost::json::object claims{{"iss", account.email},
                                     {"scope", scope},
                                     {"aud", http.base_url()},
                                     {"iat", since.count()},
                                     {"exp", (since + assertion_lifetime).count()}};
    auto assertion = base::base64url(base::bytes_of(boost::json::serialize(header))) + "." +
                     base::base64url(base::bytes_of(boost::json::serialize(claims)));
    assertion += "." + base::base64url(crypto::sign(account.key, base::bytes_of(assertion)));
    http.hide(assertion);
    return granted(http, {{"grant_type", "urn:ietf:params:oauth:grant-type:jwt-bearer"},
                          {"assertion", assertion}});
}

AccessToken::Granted log_in(ProviderHttp& http, const ServicePrincipal& principal) {
    return granted(http, {{"grant_type", "client_credentials"},
                          {"client_id", principal.client_id},
                          {"client_secret", principal.client_secret},
                          {"scope", principal.scope}});
}

}  // namespace cairn::client
