#include "apps/perspective/open_mpic_client.h"

#include <stdexcept>
#include <utility>

#include "apps/command_line/files.h"
#include "apps/perspective/api_keys.h"

namespace cairn::apps {

OpenMpicClient::OpenMpicClient(OpenMpicEndpoint endpoint, Context context, base::Executor executor)
    : endpoint_(std::move(endpoint)),
      context_(std::move(context)),
      client_(std::move(executor), context_.in_flight, read_options()) {}

http::ClientOptions OpenMpicClient::read_options() const {
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
    return options;
}

void OpenMpicClient::reload() {
    client_.replace(read_options());
}

base::Task<va::OpenMpicResponse> OpenMpicClient::ask(va::OpenMpicRequest request) {
    auto asking =
        client_.ask({.method = "POST", .url = url(), .fields = {}, .body = request.to_json()});
    const auto body = co_await std::move(asking);
    auto response = va::OpenMpicResponse::from_json(base::bytes_of(body));
    if (!response)
        throw std::runtime_error(url() + " answered what is no response of the Open MPIC API: " +
                                 response.error().message);
    if (const auto fault = va::fault_of(*response, request))
        throw std::runtime_error("the answer of " + url() + " is not believed: " + fault->message);
    co_return *std::move(response);
}

}  // namespace cairn::apps
