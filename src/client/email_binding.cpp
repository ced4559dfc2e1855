#include "client/email_binding.h"

#include <algorithm>
#include <cstdlib>

#include <fmt/format.h>

#include "base/base64url.h"
#include "http/client.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::string_view zerossl_directory = "https://acme.zerossl.com/v2/DV90";
constexpr std::string_view zerossl_binding = "https://api.zerossl.com/acme/eab-credentials-email";
constexpr std::string_view mailto = "mailto:";
constexpr std::size_t max_answer = 65536;
constexpr std::size_t max_key_id = 1000;
constexpr std::size_t max_told = 300;

/// application/x-www-form-urlencoded.
std::string form_encoded(std::string_view value) {
    std::string encoded;
    for (const char character : value) {
        const bool is_plain = (character >= 'a' && character <= 'z') ||
                              (character >= 'A' && character <= 'Z') ||
                              (character >= '0' && character <= '9') || character == '.' ||
                              character == '-' || character == '_';
        encoded += is_plain ? std::string(1, character)
                            : fmt::format("%{:02X}", static_cast<unsigned char>(character));
    }
    return encoded;
}

/// ZeroSSL says true or 1.
bool is_success(const boost::json::object& object) {
    const auto* success = object.if_contains("success");
    if (success == nullptr) return false;
    if (const auto* flag = success->if_bool()) return *flag;
    const auto* number = success->if_int64();
    return number != nullptr && *number == 1;
}

}  // namespace

std::string email_binding_url(std::string_view directory_url) {
    if (directory_url == zerossl_directory) return std::string(zerossl_binding);
    const char* const text = std::getenv("CAIRN_TEST_EMAIL_BINDING");
    const std::string_view pair = text == nullptr ? "" : text;
    const auto blank = pair.find(' ');
    if (blank == std::string_view::npos || pair.substr(0, blank) != directory_url) return {};
    return std::string(pair.substr(blank + 1));
}

base::Result<ExternalAccount> external_account_from_answer(std::string_view json) {
    const auto object = protocol::parse_json_object(base::bytes_of(json));
    if (!object) return std::unexpected(object.error());
    if (!is_success(*object))
        return base::fail(fmt::format("it gives none out: {}", base::printable(json, max_told)));
    protocol::MemberReader reader(*object);
    const auto key_id = reader.required_text("eab_kid");
    const auto hmac_key = reader.required_text("eab_hmac_key");
    if (reader.error()) return std::unexpected(*reader.error());
    if (key_id.empty() || key_id.size() > max_key_id) return base::fail("eab_kid: of no use");
    auto key = base::from_base64url(hmac_key);
    if (!key) return std::unexpected(key.error().within("eab_hmac_key"));
    if (key->empty()) return base::fail("eab_hmac_key: empty");
    ExternalAccount account{std::string(key_id), base::SecretBytes(key->begin(), key->end())};
    base::wipe(*key);
    return account;
}

ExternalAccount request_external_account(const std::string& url, const std::string& email,
                                         const SessionOptions& options) {
    const Aim aim(fmt::format("get an external account for {} from {}", base::printable(email),
                              base::printable(url)),
                  Phase::binding);
    constexpr std::string_view next =
        "run the command again, or get a key id and an HMAC key from the CA's web site and pass "
        "--eab-kid and --eab-hmac-key-file.";
    http::ClientOptions client_options;
    client_options.user_agent = options.user_agent;
    client_options.root_file = options.root_file;
    client_options.max_body = max_answer;
    client_options.allow_plain_http = options.plain_http == PlainHttp::allowed;
    http::Client client(std::move(client_options));
    const auto reply =
        client.post(url, "application/x-www-form-urlencoded", "email=" + form_encoded(email));
    if (!reply) throw Failure(aim, reply.error().message, std::string(next));
    if (reply->status < 200 || reply->status > 299)
        throw Failure(aim, reply->status,
                      fmt::format("it answered with status {}: {}", reply->status,
                                  base::printable(reply->body, max_told)),
                      std::string(next));
    auto account = external_account_from_answer(reply->body);
    if (!account)
        throw Failure(aim, fmt::format("its answer is of no use: {}", account.error().message),
                      std::string(next));
    return std::move(*account);
}

std::string email_in(const std::vector<std::string>& contact) {
    const auto found = std::ranges::find_if(
        contact, [](const std::string& url) { return url.starts_with(mailto); });
    return found == contact.end() ? std::string() : found->substr(mailto.size());
}

}  // namespace cairn::client
