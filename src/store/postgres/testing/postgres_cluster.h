#pragma once
// Private to the tests of store: a PostgreSQL of their own.

#include <algorithm>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/task.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::testing {

/// A PostgreSQL server that listens on a socket in a temporary folder and goes with its owner. It
/// does not run as root; then the user "postgres" has to exist.
class PostgresCluster {
  public:
    PostgresCluster() {
        std::filesystem::create_directory(socket_folder());
        if (const auto* user = unprivileged_user()) {
            for (const auto& folder : {folder_.file(""), socket_folder()})
                if (::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0)
                    throw std::runtime_error("chown failed");
        }
        const int outcome =
            wait_for(run({program("initdb"), "-D", data_folder(), "-U", "cairn", "-A", "trust",
                          "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"}));
        if (outcome != 0) throw std::runtime_error("initdb failed; see " + folder_.file("log"));
        start();
    }
    ~PostgresCluster() { stop(SIGQUIT); }
    PostgresCluster(const PostgresCluster&) = delete;
    PostgresCluster& operator=(const PostgresCluster&) = delete;

    /// The one of this test program.
    static PostgresCluster& instance() {
        static PostgresCluster cluster;
        return cluster;
    }

    void start() {
        server_ = run({program("postgres"), "-D", data_folder(), "-k", socket_folder(), "-c",
                       "listen_addresses=", "-c", "fsync=off", "-c", "shared_buffers=16MB", "-c",
                       "max_connections=200", "-c", "unix_socket_permissions=0777"});
        const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
        while (PQping(url().c_str()) != PQPING_OK) {
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("PostgreSQL does not start; see " + folder_.file("log"));
            std::this_thread::sleep_for(std::chrono::milliseconds(20));
        }
    }
    /// SIGQUIT: at once, as a crash. SIGINT: in good order.
    void stop(int signal) {
        if (server_ <= 0) return;
        ::kill(server_, signal);
        wait_for(server_);
        server_ = -1;
    }

    [[nodiscard]] std::string url() const {
        return "postgresql:///postgres?user=cairn&host=" + socket_folder();
    }
    /// A name for a schema that nothing has used.
    [[nodiscard]] std::string fresh_schema() { return "test_" + std::to_string(++schemas_); }

    /// A session beside those of the store.
    class Session {
      public:
        explicit Session(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
            PQsetNoticeReceiver(connection_, [](void*, const PGresult*) {}, nullptr);
        }
        ~Session() { PQfinish(connection_); }
        Session(const Session&) = delete;
        Session& operator=(const Session&) = delete;

        /// The first value of the answer; empty if there is none.
        std::string run(const std::string& script) {
            auto* result = PQexec(connection_, script.c_str());
            const auto status = PQresultStatus(result);
            const std::string value = PQntuples(result) > 0 ? PQgetvalue(result, 0, 0) : "";
            PQclear(result);
            if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
                throw std::runtime_error(script + ": " + PQerrorMessage(connection_));
            return value;
        }

      private:
        PGconn* const connection_;
    };

    /// Runs statements in a session of their own; as Session::run.
    std::string run_sql(const std::string& script) const { return Session(url()).run(script); }

  private:
    [[nodiscard]] std::string data_folder() const { return folder_.file("data"); }
    [[nodiscard]] std::string socket_folder() const { return folder_.file("socket"); }

    static const passwd* unprivileged_user() {
        return ::geteuid() == 0 ? ::getpwnam("postgres") : nullptr;
    }

    // Debian keeps the programs of each version in a folder of their own; the newest is taken.
    static std::string program(const std::string& name) {
        std::vector<std::filesystem::path> found;
        std::error_code ignored;
        for (const auto& version :
             std::filesystem::directory_iterator("/usr/lib/postgresql", ignored)) {
            const auto path = version.path() / "bin" / name;
            if (std::filesystem::exists(path)) found.push_back(path);
        }
        if (found.empty()) throw std::runtime_error("PostgreSQL is not installed");
        return *std::ranges::max_element(found);
    }

    pid_t run(const std::vector<std::string>& command) {
        std::vector<char*> arguments;
        for (const auto& argument : command)
            arguments.push_back(const_cast<char*>(argument.c_str()));
        arguments.push_back(nullptr);
        const auto* user = unprivileged_user();
        const auto log = folder_.file("log");
        const pid_t child = ::fork();
        if (child != 0) return child;
        const int output = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0644);
        ::dup2(output, STDOUT_FILENO);
        ::dup2(output, STDERR_FILENO);
        if (user != nullptr && (::setgroups(0, nullptr) != 0 || ::setgid(user->pw_gid) != 0 ||
                                ::setuid(user->pw_uid) != 0))
            ::_exit(126);
        // It does not outlive a test program that crashes.
        ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
        if (::chdir("/") == 0) ::execv(arguments[0], arguments.data());
        ::_exit(127);
    }

    static int wait_for(pid_t child) {
        int status = 0;
        ::waitpid(child, &status, 0);
        return status;
    }

    TemporaryFolder folder_;
    pid_t server_ = -1;
    std::atomic<int> schemas_ = 0;
};

/// Event loops, one thread each.
class Loops {
  public:
    explicit Loops(std::size_t count) : loops_(count) {
        for (auto& loop : loops_)
            loop.thread = std::jthread([&context = loop.context] { context.run(); });
    }
    ~Loops() {
        for (auto& loop : loops_) loop.work.reset();
    }
    [[nodiscard]] std::vector<base::Executor> executors() {
        std::vector<base::Executor> executors;
        for (auto& loop : loops_) executors.emplace_back(loop.context.get_executor());
        return executors;
    }

  private:
    struct Loop {
        boost::asio::io_context context{1};
        boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work{
            context.get_executor()};
        std::jthread thread;
    };
    std::vector<Loop> loops_;
};

}  // namespace cairn::store::testing
