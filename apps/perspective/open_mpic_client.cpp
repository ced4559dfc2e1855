#include "apps/perspective/open_mpic_client.h"

#include <stdexcept>
#include <utility>

#include "apps/command_line/files.h"
#include "apps/perspective/api_keys.h"
#include "base/shortage.h"

namespace cairn::apps {

OpenMpicClient::OpenMpicClient(OpenMpicEndpoint endpoint, Context context, base::Executor executor)
    : endpoint_(std::move(endpoint)),
      context_(std::move(context)),
      executor_(std::move(executor)),
      client_(make_client()) {}

std::shared_ptr<http::AsyncClient> OpenMpicClient::make_client() const {
    const auto& folder = context_.folder;
    http::ClientOptions options;
    options.user_agent = context_.user_agent;
    options.timeout = context_.timeout;
    options.max_body = va::largest_open_mpic_response;
    if (!endpoint_.api_key_file.empty()) {
        const auto file = folder / endpoint_.api_key_file;
        const auto keys = read_api_keys(file);
        if (keys.size() != 1)
            throw std::runtime_error(file.string() + " must hold one key, which is sent");
        if (endpoint_.key_field == OpenMpicEndpoint::KeyField::bearer)
            options.fields.emplace_back("Authorization", "Bearer " + keys.front());
        else
            options.fields.emplace_back("X-Api-Key", keys.front());
    }
    if (!endpoint_.roots_file.empty()) {
        const auto file = folder / endpoint_.roots_file;
        (void)read_file(file);  // says what is wrong with it, and now
        options.root_file = file.string();
    }
    if (!endpoint_.client_key_file.empty()) {
        const auto file = folder / endpoint_.client_key_file;
        auto key = crypto::PrivateKey::from_pem(read_file(file));
        if (!key) throw std::runtime_error(file.string() + ": " + key.error().message);
        options.identity =
            http::ClientIdentity{.chain_pem = read_file(folder / endpoint_.client_certificate_file),
                                 .key = *std::move(key)};
    }
    // A question takes as long as what is looked at takes to answer.
    return std::make_shared<http::AsyncClient>(
        executor_, std::move(options),
        http::AsyncClient::Pool{.requests_per_origin = context_.in_flight,
                                .idle_connections = 64,
                                .requests = context_.in_flight});
}

std::shared_ptr<http::AsyncClient> OpenMpicClient::client() const {
    const std::scoped_lock lock(mutex_);
    return client_;
}

void OpenMpicClient::reload() {
    auto fresh = make_client();
    const std::scoped_lock lock(mutex_);
    client_.swap(fresh);
}

base::Task<va::OpenMpicResponse> OpenMpicClient::ask(va::OpenMpicRequest request) {
    const auto asked = client();
    http::ClientRequest message{.method = "POST", .url = url()};
    message.fields.emplace_back("Content-Type", "application/json");
    message.body = request.to_json();
    auto exchanging = asked->exchange(std::move(message));
    auto reply = co_await std::move(exchanging);
    if (!reply) {
        using Kind = http::ExchangeError::Kind;
        const auto& error = reply.error();
        // That this machine lacks something says nothing about the service.
        if (error.kind == Kind::shortage || error.kind == Kind::busy)
            throw base::Shortage(error.message);
        throw std::runtime_error(error.message);
    }
    if (reply->status != 200)
        throw std::runtime_error(url() + " answered " + std::to_string(reply->status) + ": " +
                                 base::printable(reply->body.substr(0, reply->body.find('\n'))));
    auto response = va::OpenMpicResponse::from_json(base::bytes_of(reply->body));
    if (!response)
        throw std::runtime_error(url() + " answered what is no response of the Open MPIC API: " +
                                 response.error().message);
    if (const auto fault = va::fault_of(*response, request))
        throw std::runtime_error("the answer of " + url() + " is not believed: " + fault->message);
    co_return *std::move(response);
}

}  // namespace cairn::apps
