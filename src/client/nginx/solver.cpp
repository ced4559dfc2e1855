#include "client/nginx/solver.h"

#include <array>
#include <mutex>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "client/failure.h"
#include "client/nginx/answers.h"
#include "client/nginx/configuration_lock.h"
#include "client/nginx/http_sight.h"
#include "client/nginx/options.h"
#include "client/nginx/program.h"

namespace cairn::client {
namespace {

using namespace nginx;

/// How long the workers may take to show what was put up, and between two looks.
constexpr std::chrono::milliseconds sight_patience = std::chrono::seconds{30};
constexpr std::chrono::milliseconds sight_pause{50};
/// Old workers may take a last connection: the answer is to be seen this often.
constexpr int wanted_sights = 3;

class NginxSolver final : public Solver {
  public:
    NginxSolver(NginxOptions options, const SolverContext& context)
        : options_(std::move(options)), context_(context) {}

    std::string specification() const override {
        const auto text = options_.to_string();
        return text.empty() ? "nginx" : "nginx:" + text;
    }
    std::span<const protocol::ChallengeType> challenge_types() const override {
        static constexpr std::array types = {protocol::ChallengeType::http_01};
        return types;
    }
    Residue residue() const override { return Residue::outlives_process; }

    std::optional<Failure> obstacle() override try {
        const std::scoped_lock lock(mutex_);
        const auto& nginx = program(context_.timer);
        const auto configuration = read(nginx);
        if (!nginx.is_running(configuration))
            throw Failure({"use nginx", Phase::challenge},
                          fmt::format("it does not run: no process has the number in {}",
                                      nginx.pid_file(configuration).string()),
                          "start it, or use another solver, as standalone.");
        if (const auto fine = nginx.test(context_.timer); !fine)
            throw Failure({"use nginx", Phase::challenge}, fine.error().message,
                          "mend the configuration.");
        if (sockets_at(configuration, options_.http_port).empty())
            throw Failure({"use nginx", Phase::challenge},
                          asked_servers(configuration, "NAME", options_.http_port).error().message,
                          "or say which port is meant: nginx:http-port=N.");
        return std::nullopt;
    } catch (const Failure& failure) {
        return failure;
    }

    void present(const Challenge& challenge) override {
        const auto aim = aim_of("put up", challenge);
        const std::scoped_lock lock(mutex_);
        const auto& nginx = program(context_.timer);
        const auto file_lock =
            lock_configuration(context_.state_folder, nginx.configuration_file(), context_.timer);
        const auto configuration = read(nginx);
        const auto asked = asked_servers(configuration, host_of(challenge), options_.http_port);
        if (!asked) throw Failure(aim, asked.error().message, "add it, and have nginx read it.");
        const auto edits = edits_to_answer(configuration, *asked, answer_of(challenge));
        presented_.insert(challenge.token.text());
        if (edits.empty()) return;
        make_edits(record_of(edits));
        ++edited_;
    }

    void wait(const Challenge& challenge) override {
        const auto aim = aim_of("have nginx show", challenge);
        std::vector<AskedServer> asked;
        {
            const std::scoped_lock lock(mutex_);
            const auto& nginx = program(context_.timer);
            reload(nginx, aim, context_.timer);
            const auto configuration = read(nginx);
            const auto servers =
                asked_servers(configuration, host_of(challenge), options_.http_port);
            if (!servers) throw Failure(aim, servers.error().message);
            asked = *servers;
        }
        const auto deadline = context_.timer.now() + sight_patience;
        for (const auto& each : asked) await_sight(aim, challenge, each.socket, deadline);
    }

    void clean_up(const Challenge& challenge) override {
        // A run that is asked to stop still takes down what it has put up.
        SystemTimer unstoppable;
        const auto aim = aim_of("take down", challenge);
        {
            const std::scoped_lock lock(mutex_);
            const auto& nginx = program(unstoppable);
            const auto file_lock =
                lock_configuration(context_.state_folder, nginx.configuration_file(), unstoppable);
            const auto configuration = read(nginx);
            const auto edits = edits_to_take_down(configuration, answer_of(challenge));
            if (!edits.empty()) make_edits(record_of(edits));
            // A run that was killed may have changed the files and not have had them read.
            if (!edits.empty() || presented_.erase(challenge.token.text()) == 0) ++edited_;
        }
        const std::scoped_lock lock(mutex_);
        const auto& nginx = program(unstoppable);
        if (nginx.is_running(read(nginx))) reload(nginx, aim, unstoppable);
    }

  private:
    [[nodiscard]] static Aim aim_of(std::string_view verb, const Challenge& challenge) {
        return {fmt::format("{} the answer for {}", verb, challenge.identifier.value()),
                Phase::challenge, challenge.identifier};
    }
    [[nodiscard]] static HttpAnswer answer_of(const Challenge& challenge) {
        return {challenge.token.text(), challenge.key_authorization};
    }
    /// As it stands in a Host header.
    [[nodiscard]] static std::string host_of(const Challenge& challenge) {
        return challenge.identifier.type() == protocol::IdentifierType::ip
                   ? challenge.identifier.ip_address().to_url_host()
                   : challenge.identifier.base_value();
    }

    const NginxProgram& program(Timer& timer) {
        if (!program_) {
            auto found = NginxProgram::find(options_, timer);
            if (!found) throw Failure({"find nginx", Phase::challenge}, found.error().message);
            program_ = std::move(*found);
        }
        return *program_;
    }
    [[nodiscard]] static Configuration read(const NginxProgram& nginx) {
        auto configuration = nginx.configuration();
        if (!configuration)
            throw Failure({"read the configuration of nginx", Phase::challenge},
                          configuration.error().message, "mend it; `nginx -t` says more.");
        return std::move(*configuration);
    }

    /// Has nginx read what was changed since the last time, for all challenges at once.
    void reload(const NginxProgram& nginx, const Aim& aim, Timer& timer) {
        if (reloaded_ == edited_) return;
        const auto edited = edited_;
        if (const auto fine = nginx.test(timer); !fine)
            throw Failure(aim, fine.error().message,
                          "mend the configuration; the former one is in force until then.");
        if (const auto done = nginx.reload(timer); !done)
            throw Failure(aim, done.error().message, "see nginx's error log.");
        reloaded_ = edited;
    }

    void await_sight(const Aim& aim, const Challenge& challenge, const Socket& socket,
                     Timer::TimePoint deadline) {
        const HttpQuestion question{
            .address = socket.host.reachable_at(),
            .port = socket.port,
            .speaks_proxy_protocol = socket.speaks_proxy_protocol,
            .host = host_of(challenge),
            .path = "/.well-known/acme-challenge/" + challenge.token.text()};
        int sights = 0;
        while (true) {
            const auto seen = look_at_http(question);
            const bool is_right =
                seen && seen->status == 200 && seen->body == challenge.key_authorization;
            sights = is_right ? sights + 1 : 0;
            if (sights == wanted_sights) return;
            if (!is_right && context_.timer.now() >= deadline)
                throw Failure(
                    aim,
                    fmt::format("{} does not show it: {}", socket.to_string(),
                                seen ? fmt::format("it answers with status {}", seen->status)
                                     : seen.error().message),
                    "see nginx's error log; is another program at that address?");
            context_.timer.wait(sight_pause);
        }
    }

    NginxOptions options_;
    SolverContext context_;
    std::mutex mutex_;
    std::optional<NginxProgram> program_;
    std::set<std::string> presented_;
    /// How often the files were changed, and how many of these changes nginx has been told of.
    std::size_t edited_ = 0;
    std::size_t reloaded_ = 0;
};

}  // namespace

base::Result<std::unique_ptr<Solver>> make_nginx_solver(std::string_view text,
                                                        const SolverContext& context) {
    auto options = NginxOptions::from_text(text, NginxOptions::Use::solver);
    if (!options) return std::unexpected(options.error());
    return std::make_unique<NginxSolver>(std::move(*options), context);
}

}  // namespace cairn::client
