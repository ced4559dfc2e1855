#include "apps/perspective/question_client.h"

#include <stdexcept>
#include <utility>

#include "base/result.h"
#include "base/shortage.h"

namespace cairn::apps {

QuestionClient::QuestionClient(base::Executor executor, std::size_t in_flight,
                               http::ClientOptions options)
    : executor_(std::move(executor)), in_flight_(in_flight), client_(made(std::move(options))) {}

std::shared_ptr<http::AsyncClient> QuestionClient::made(http::ClientOptions options) const {
    return std::make_shared<http::AsyncClient>(
        executor_, std::move(options),
        http::AsyncClient::Pool{
            .requests_per_origin = in_flight_, .idle_connections = 64, .requests = in_flight_});
}

std::shared_ptr<http::AsyncClient> QuestionClient::current() const {
    const std::scoped_lock lock(mutex_);
    return client_;
}

void QuestionClient::replace(http::ClientOptions options) {
    auto fresh = made(std::move(options));
    const std::scoped_lock lock(mutex_);
    client_.swap(fresh);
}

base::Task<std::string> QuestionClient::ask(http::ClientRequest request) const {
    const auto client = current();
    const auto url = request.url;
    if (!request.body.empty()) request.fields.emplace_back("Content-Type", "application/json");
    auto exchanging = client->exchange(std::move(request));
    auto reply = co_await std::move(exchanging);
    if (!reply) {
        using Kind = http::ExchangeError::Kind;
        const auto& error = reply.error();
        if (error.kind == Kind::shortage || error.kind == Kind::busy)
            throw base::Shortage(error.message);
        throw std::runtime_error(error.message);
    }
    if (reply->status != 200)
        throw std::runtime_error(url + " answered " + std::to_string(reply->status) + ": " +
                                 base::printable(reply->body.substr(0, reply->body.find('\n'))));
    co_return std::move(reply->body);
}

}  // namespace cairn::apps
