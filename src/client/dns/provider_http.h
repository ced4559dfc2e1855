#pragma once

#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "client/connection_pool.h"
#include "client/dns/provider.h"
#include "client/dns/redaction.h"
#include "client/failure.h"

namespace cairn::client {

/// Speaks with a provider's interface over HTTPS: bounded, with retries where a provider wants a
/// wait or is at fault, and with every secret taken out of what is told. Thread-safe.
class ProviderHttp {
  public:
    struct Options {
        /// As messages name the provider.
        std::string title;
        /// Scheme, host and path in front of every request's; redirects are not followed.
        std::string base_url;
        /// Roots to trust instead of the system's; empty: the system's.
        std::string root_file{};
        /// Sent with every request.
        http::Fields fields{};
        /// What nobody may see.
        std::vector<std::string> secrets{};
    };
    ProviderHttp(Options options, const ProviderContext& context);

    /// Whether an answer is told: that to a login holds a token.
    enum class AnswerTrace { shown, hidden };
    struct Call {
        std::string method = "GET";
        /// Behind the base URL, with its query; or absolute, at the same host.
        std::string path{};
        http::Fields fields{};
        std::string body{};
        /// "Could not ...".
        std::string aim{};
        /// Statuses besides 2xx that are an answer.
        std::vector<int> accepted{};
        /// Whether another 4xx status than 429 is an answer by what it says; null: it is not.
        std::function<bool(const http::Reply&)> accepts{};
        AnswerTrace answer = AnswerTrace::shown;
        /// Called before each try, for what must be fresh: signatures and times.
        std::function<void(http::ClientRequest&)> prepare{};
    };
    /// The reply, which has a 2xx status or an accepted one. Throws Failure with what the provider
    /// said.
    [[nodiscard]] http::Reply ask(const Call& call);

    [[nodiscard]] const std::string& base_url() const { return options_.base_url; }
    [[nodiscard]] const std::string& title() const { return options_.title; }
    /// From now on nobody may see this.
    void hide(std::string_view secret) { redaction_.add(secret); }
    /// A failure that quotes what came back.
    [[nodiscard]] Failure failure(const std::string& aim, const std::string& came_back,
                                  std::string next = {}) const;

  private:
    void tell(const http::ClientRequest& request) const;
    void tell(const Call& call, const http::Reply& reply) const;
    [[nodiscard]] Failure failure(const Call& call, const http::Reply& reply) const;

    const Options options_;
    ProviderContext context_;
    ConnectionPool connections_;
    Redaction redaction_;
};

/// The credential keys that every provider with an interface over HTTPS has: api_url, ca_file.
[[nodiscard]] std::vector<CredentialKey> with_http_keys(
    std::vector<CredentialKey> keys, std::vector<std::string> url_variables = {});
/// Options by these keys. The error says what is wrong with them.
[[nodiscard]] base::Result<ProviderHttp::Options> http_options(const ProviderKind& kind,
                                                               const DnsCredentials& credentials,
                                                               std::string_view default_url);

}  // namespace cairn::client
