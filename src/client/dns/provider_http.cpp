#include "client/dns/provider_http.h"

#include <algorithm>
#include <array>
#include <chrono>

#include <fmt/format.h>

#include "http/retry_after.h"
#include "net/ascii.h"
#include "net/url.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr int max_request_tries = 5;
/// A provider that wants to be left alone for longer is given up.
constexpr std::chrono::seconds longest_provider_wait{120};
constexpr std::size_t max_exchange_told = 4000;
constexpr std::size_t max_quoted = 600;

http::ClientOptions client_options(const ProviderHttp::Options& options,
                                   const ProviderContext& context) {
    http::ClientOptions client;
    client.user_agent = context.user_agent;
    client.fields = options.fields;
    client.root_file = options.root_file;
    client.max_body = std::size_t{8} << 20U;
    // Only where whoever wrote the credentials wants it: the address is theirs.
    client.allow_plain_http = options.base_url.starts_with("http://");
    return client;
}

bool is_to_hide(std::string_view field) {
    static constexpr std::array words = {"authorization", "key",    "token",   "secret",
                                         "signature",     "cookie", "password"};
    const auto lower = net::ascii_lower(field);
    return std::ranges::any_of(
        words, [&](const char* word) { return lower.find(word) != std::string::npos; });
}

std::string fields_text(const http::Fields& fields) {
    std::string text;
    for (const auto& [name, value] : fields)
        text += fmt::format("{}: {}\n", name, is_to_hide(name) ? "[secret]" : value);
    return text;
}

bool is_to_retry(int status) {
    return status == 429 || status == 500 || status == 502 || status == 503 || status == 504;
}

std::string status_advice(int status) {
    switch (status) {
        case 401:
            return "are the credentials right, and still valid?";
        case 403:
            return "the credentials lack a right, or the provider allows other addresses only.";
        case 404:
            return "is the zone in this account?";
        case 429:
            return "wait; the provider limits how often it may be asked.";
        default:
            return {};
    }
}

}  // namespace

ProviderHttp::ProviderHttp(Options options, const ProviderContext& context)
    : options_(std::move(options)),
      context_(context),
      connections_(client_options(options_, context)) {
    for (const auto& secret : options_.secrets) redaction_.add(secret);
}

http::Reply ProviderHttp::ask(const Call& call) {
    const bool is_absolute = call.path.starts_with("https://") || call.path.starts_with("http://");
    // A link in an answer must not lead the credentials to somebody else.
    if (is_absolute) {
        const auto base = net::Url::from_text(options_.base_url);
        const auto url = net::Url::from_text(call.path);
        if (!base || !url || url->authority() != base->authority() ||
            url->is_https() != base->is_https())
            throw failure(call.aim, "the provider points to another host, which is not asked");
    }
    for (int attempt = 1;; ++attempt) {
        http::ClientRequest request{.method = call.method,
                                    .url = is_absolute ? call.path : options_.base_url + call.path,
                                    .fields = call.fields,
                                    .body = call.body};
        if (call.prepare) call.prepare(request);
        tell(request);
        const auto lease = connections_.take();
        const auto result = lease.client().exchange(request);
        auto pause = std::chrono::milliseconds(1s) * (1 << (attempt - 1));
        if (!result) {
            using Kind = http::ExchangeError::Kind;
            const auto kind = result.error().kind;
            const bool is_final = kind == Kind::bad_request || kind == Kind::not_trusted ||
                                  kind == Kind::too_large || kind == Kind::no_such_host;
            if (context_.trace != nullptr) context_.trace->tell(redaction_(result.error().message));
            if (is_final || attempt == max_request_tries)
                throw failure(call.aim, result.error().message,
                              "can this machine reach the provider?");
        } else {
            tell(call, *result);
            const int status = result->status;
            if ((status >= 200 && status < 300) ||
                std::ranges::find(call.accepted, status) != call.accepted.end())
                return *result;
            if (call.accepts && status >= 400 && status < 500 && !is_to_retry(status) &&
                call.accepts(*result))
                return *result;
            std::optional<base::Seconds> wait;
            if (const auto field = result->field("retry-after"); !field.empty())
                wait = http::parse_retry_after(field, context_.clock.now());
            if (!is_to_retry(status) || attempt == max_request_tries ||
                (wait && *wait > longest_provider_wait))
                throw failure(call, *result);
            if (wait) pause = std::max<std::chrono::milliseconds>(pause, *wait);
        }
        context_.timer.wait(pause);
    }
}

void ProviderHttp::tell(const http::ClientRequest& request) const {
    if (context_.trace == nullptr) return;
    context_.trace->tell(redaction_(fmt::format(
        "> {} {}\n{}{}", request.method, request.url, fields_text(options_.fields),
        fields_text(request.fields) +
            (request.body.empty() ? "" : "\n" + request.body.substr(0, max_exchange_told)))));
}

void ProviderHttp::tell(const Call& call, const http::Reply& reply) const {
    if (context_.trace == nullptr) return;
    std::string text = fmt::format("< {}", reply.status);
    if (call.answer == AnswerTrace::hidden && reply.status < 300)
        text += " (not shown)";
    else if (!reply.body.empty())
        text += "\n" + reply.body.substr(0, max_exchange_told);
    context_.trace->tell(redaction_(std::move(text)));
}

Failure ProviderHttp::failure(const std::string& aim, const std::string& came_back,
                              std::string next) const {
    auto words = redaction_(came_back);
    std::ranges::replace_if(words, [](char c) { return c == '\n' || c == '\r' || c == '\t'; }, ' ');
    return {Aim(aim, Phase::challenge),
            fmt::format("{}: {}", options_.title, base::printable(words, max_quoted)),
            std::move(next)};
}

Failure ProviderHttp::failure(const Call& call, const http::Reply& reply) const {
    return failure(
        call.aim,
        fmt::format("status {}{}{}", reply.status, reply.body.empty() ? "" : ": ", reply.body),
        status_advice(reply.status));
}

std::vector<CredentialKey> with_http_keys(std::vector<CredentialKey> keys,
                                          std::vector<std::string> url_variables) {
    using Need = CredentialKey::Need;
    using Kind = CredentialKey::Kind;
    if (std::ranges::find(keys, "api_url", &CredentialKey::name) == keys.end())
        keys.push_back({.name = "api_url",
                        .meaning = "address of the interface, if it is another than the usual one",
                        .need = Need::optional,
                        .kind = Kind::open,
                        .variables = std::move(url_variables)});
    keys.push_back({.name = "ca_file",
                    .meaning = "PEM file of the roots to trust instead of the system's",
                    .need = Need::optional,
                    .kind = Kind::open});
    return keys;
}

base::Result<ProviderHttp::Options> http_options(const ProviderKind& kind,
                                                 const DnsCredentials& credentials,
                                                 std::string_view default_url) {
    ProviderHttp::Options options;
    options.title = kind.title;
    options.base_url = credentials.has("api_url") ? credentials.text("api_url") : default_url;
    while (options.base_url.ends_with('/')) options.base_url.pop_back();
    if (const auto url = net::Url::from_text(options.base_url); !url)
        return std::unexpected(url.error().within("api_url"));
    options.root_file = credentials.text("ca_file");
    options.secrets = credentials.secrets(kind);
    return options;
}

}  // namespace cairn::client
