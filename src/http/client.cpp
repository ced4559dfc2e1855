#include "http/client.h"

#include <chrono>
#include <optional>
#include <utility>

#include "http/redirection.h"
#include "http/transfer.h"

namespace cairn::http {

using std::chrono::steady_clock;

struct Client::State {
    explicit State(ClientOptions client_options)
        : options(std::move(client_options)), transfer(options) {}

    [[nodiscard]] ExchangeResult ask(const ClientRequest& request,
                                     steady_clock::time_point deadline) {
        if (auto fault = transfer.prepare(request)) return std::unexpected(std::move(*fault));
        transfer.set_deadline(deadline);
        return transfer.finish(curl_easy_perform(transfer.handle()));
    }

    const ClientOptions options;
    Transfer transfer;
    std::optional<ExchangeError> error;  ///< of the last exchange
};

Client::Client(ClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

bool Client::was_refused() const {
    return state_->error && state_->error->kind == ExchangeError::Kind::refused;
}

bool Client::was_unanswered() const {
    using Kind = ExchangeError::Kind;
    if (!state_->error || state_->error->answer_began) return false;
    const auto kind = state_->error->kind;
    return kind == Kind::no_such_host || kind == Kind::refused || kind == Kind::unreachable ||
           kind == Kind::shortage || kind == Kind::timed_out;
}

ExchangeResult Client::exchange(ClientRequest request) {
    const auto deadline = steady_clock::now() + state_->options.timeout;
    Redirection redirection(std::move(request), state_->options.max_redirects);
    for (;;) {
        auto result = redirection.take(state_->ask(redirection.request(), deadline));
        if (!result) continue;
        state_->error.reset();
        if (!*result) state_->error = result->error();
        return std::move(*result);
    }
}

ExchangeResult Client::get(const std::string& url) {
    return exchange({.method = "GET", .url = url, .fields = {}, .body = {}});
}

ExchangeResult Client::head(const std::string& url) {
    return exchange({.method = "HEAD", .url = url, .fields = {}, .body = {}});
}

ExchangeResult Client::post(const std::string& url, std::string_view content_type,
                            std::string_view body) {
    return exchange({.method = "POST",
                     .url = url,
                     .fields = {{"Content-Type", std::string(content_type)}},
                     .body = std::string(body)});
}

}  // namespace cairn::http
