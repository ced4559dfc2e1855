#include "client/child_process.h"

#include <algorithm>
#include <optional>
#include <system_error>

#include <errno.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client/durable_file.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr std::size_t max_output = 4096;
/// How often the end of a program is looked for that leaves its output open to a child of its own.
constexpr int glance_milliseconds = 20;

/// The arrays that posix_spawn takes, over strings that stay where they are.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_with(
    const std::vector<std::pair<std::string, std::string>>& additions) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const auto name = text.substr(0, text.find('='));
        const bool is_replaced = std::ranges::any_of(
            additions, [&](const auto& addition) { return addition.first == name; });
        if (!is_replaced) variables.emplace_back(text);
    }
    for (const auto& [name, value] : additions)
        variables.push_back(fmt::format("{}={}", name, value));
    return variables;
}

/// What posix_spawn is told besides the program.
class SpawnSettings {
  public:
    explicit SpawnSettings(int output) {
        posix_spawn_file_actions_init(&actions_);
        posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDERR_FILENO);
        // Listening sockets and locks must not live on in what a hook leaves running.
        posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);
        posix_spawnattr_init(&attributes_);
        posix_spawnattr_setpgroup(&attributes_, 0);
        sigset_t none;
        sigset_t all;
        sigemptyset(&none);
        sigfillset(&all);
        posix_spawnattr_setsigmask(&attributes_, &none);
        posix_spawnattr_setsigdefault(&attributes_, &all);
        posix_spawnattr_setflags(
            &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    }
    SpawnSettings(const SpawnSettings&) = delete;
    SpawnSettings& operator=(const SpawnSettings&) = delete;
    ~SpawnSettings() {
        posix_spawn_file_actions_destroy(&actions_);
        posix_spawnattr_destroy(&attributes_);
    }
    [[nodiscard]] const posix_spawn_file_actions_t* actions() const { return &actions_; }
    [[nodiscard]] const posix_spawnattr_t* attributes() const { return &attributes_; }

  private:
    posix_spawn_file_actions_t actions_{};
    posix_spawnattr_t attributes_{};
};

/// A started program; killed with its group and reaped if it goes before its end was seen.
class Child {
  public:
    explicit Child(pid_t id) : id_(id) {}
    Child(const Child&) = delete;
    Child& operator=(const Child&) = delete;
    ~Child() {
        if (ended_) return;
        ::kill(-id_, SIGKILL);
        while (::waitpid(id_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }
    /// The status if it has ended.
    std::optional<int> ended() {
        int status = 0;
        if (::waitpid(id_, &status, WNOHANG) != id_) return std::nullopt;
        ended_ = true;
        return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }

  private:
    pid_t id_;
    bool ended_ = false;
};

/// Takes what can be read now; false once the other end is closed.
bool take_output(int pipe, std::string& output) {
    char buffer[4096];
    // So many at a time, since a program that never stops talking must not outrun its deadline.
    for (int reads = 0; reads < 16; ++reads) {
        const auto count = ::read(pipe, buffer, sizeof buffer);
        if (count == 0) return false;
        if (count < 0) return errno == EAGAIN || errno == EINTR;
        output.append(buffer, static_cast<std::size_t>(count));
        if (output.size() > max_output) output.erase(0, output.size() - max_output);
    }
    return true;
}

}  // namespace

base::Result<ChildResult> run_program(const ChildProgram& program, Timer& timer) {
    const auto failed = [&](int error) {
        return base::fail(fmt::format("cannot run {}: {}", program.path.string(),
                                      std::generic_category().message(error)));
    };
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return failed(errno);
    const FileDescriptor reading(ends[0]);
    FileDescriptor writing(ends[1]);
    if (::fcntl(reading.number(), F_SETFL, O_NONBLOCK) != 0) return failed(errno);

    std::vector<std::string> words{program.path.string()};
    words.insert(words.end(), program.arguments.begin(), program.arguments.end());
    auto variables = environment_with(program.environment);
    const SpawnSettings settings(writing.number());
    pid_t id = 0;
    const int error =
        ::posix_spawn(&id, program.path.c_str(), settings.actions(), settings.attributes(),
                      pointers_to(words).data(), pointers_to(variables).data());
    if (error != 0) return failed(error);
    Child child(id);
    writing.close();

    const auto deadline = timer.now() + program.deadline;
    ChildResult result;
    bool is_writing = true;
    for (;;) {
        if (is_writing) {
            pollfd readable{reading.number(), POLLIN, 0};
            ::poll(&readable, 1, glance_milliseconds);
            is_writing = take_output(reading.number(), result.output);
        } else {
            ::poll(nullptr, 0, 1);
        }
        if (const auto status = child.ended()) {
            if (is_writing) take_output(reading.number(), result.output);
            result.status = *status;
            return result;
        }
        if (timer.is_stopped()) throw_interrupted();
        if (timer.now() > deadline)
            return base::fail(fmt::format(
                "{} did not end within {} s and was killed", program.path.string(),
                std::chrono::duration_cast<std::chrono::seconds>(program.deadline).count()));
    }
}

base::Result<std::filesystem::path> program_path(std::string_view text) {
    if (text.empty()) return base::fail("no program was named");
    const auto path = std::filesystem::absolute(text).lexically_normal();
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(path, ignored))
        return base::fail(fmt::format("there is no program {}", path.string()));
    if (::access(path.c_str(), X_OK) != 0)
        return base::fail(fmt::format("{} may not be run: {}", path.string(),
                                      std::generic_category().message(errno)));
    return path;
}

}  // namespace cairn::client
