#include "client/solvers/standalone.h"

#include <array>
#include <map>
#include <stdexcept>
#include <vector>

#include <fmt/format.h>

#include "base/log.h"
#include "client/solvers/listening.h"
#include "http/server.h"
#include "net/event_loops.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr std::uint16_t http_port = 80;
constexpr std::string_view path_prefix = "/.well-known/acme-challenge/";

/// What is served at this moment. Thread-safe.
class Answers {
  public:
    void add(const Challenge& challenge) {
        const std::scoped_lock lock(mutex_);
        by_token_.insert_or_assign(challenge.token.text(), challenge.key_authorization);
    }
    void remove(const Challenge& challenge) {
        const std::scoped_lock lock(mutex_);
        by_token_.erase(challenge.token.text());
    }
    [[nodiscard]] bool is_empty() const {
        const std::scoped_lock lock(mutex_);
        return by_token_.empty();
    }
    [[nodiscard]] http::Response answer(const http::Request& request) const {
        http::Response response;
        const std::scoped_lock lock(mutex_);
        const auto path = request.path();
        const auto found = path.starts_with(path_prefix)
                               ? by_token_.find(path.substr(path_prefix.size()))
                               : by_token_.end();
        if (found == by_token_.end()) {
            response.status = 404;
            return response;
        }
        response.content_type = "application/octet-stream";
        response.body = found->second;
        return response;
    }

  private:
    mutable std::mutex mutex_;
    std::map<std::string, std::string, std::less<>> by_token_;
};

base::Task<http::Response> respond(std::shared_ptr<const Answers> answers, http::Request request) {
    co_return answers->answer(request);
}

class StandaloneSolver final : public Solver {
  public:
    StandaloneSolver(Listening listening, const SolverContext& context)
        : listening_(std::move(listening)),
          turn_(listening_, context),
          progress_(context.progress) {}

    std::string specification() const override {
        const auto address = listening_.to_string();
        return address.empty() ? "standalone" : "standalone:" + address;
    }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }

    bool listens() const override { return true; }
    std::optional<Failure> obstacle() override try {
        const std::scoped_lock lock(mutex_);
        if (servers_.empty()) turn_.look([this] { static_cast<void>(listen(listening_.address)); });
        return std::nullopt;
    } catch (const Failure& failure) {
        return failure;
    }

    void present(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        if (servers_.empty()) start();
        answers_->add(challenge);
    }

    void clean_up(const Challenge& challenge) override {
        const std::scoped_lock lock(mutex_);
        answers_->remove(challenge);
        if (answers_->is_empty()) stop();
    }

  private:
    void start() {
        turn_.take();
        try {
            servers_.push_back(listen(listening_.address));
        } catch (...) {
            stop();
            throw;
        }
        if (listening_.ipv6_address.empty()) return;
        try {
            servers_.push_back(listen(listening_.ipv6_address));
        } catch (const Failure& failure) {
            progress_.tell({.kind = ProgressKind::ipv4_alone, .failure = failure});
        }
    }

    void stop() {
        servers_.clear();
        turn_.end();
    }

    std::unique_ptr<http::Server> listen(const std::string& address) try {
        http::Server::Options options;
        options.listen = {address};
        options.limits = {.body = 0, .connections = 256};
        options.access_log = false;
        options.handler = [answers = answers_](http::Request request) {
            return respond(answers, std::move(request));
        };
        auto server = std::make_unique<http::Server>(loops_, *log_, std::move(options));
        server->start();
        return server;
    } catch (const std::runtime_error& error) {
        throw cannot_listen(address, error.what());
    }

    Listening listening_;
    ListeningTurn turn_;
    Progress& progress_;
    std::shared_ptr<Answers> answers_ = std::make_shared<Answers>();
    std::unique_ptr<base::Log> log_ = base::silent_log();
    net::EventLoops loops_{1};
    std::mutex mutex_;
    std::vector<std::unique_ptr<http::Server>> servers_;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_standalone_solver(std::string_view address,
                                                             const SolverContext& context) {
    auto listening = Listening::from_text(address, http_port);
    if (!listening) return std::unexpected(listening.error());
    return std::make_unique<StandaloneSolver>(std::move(*listening), context);
}

}  // namespace cairn::client
