#include "base/child_process.h"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::base {
namespace {

/// The end of a process that was reaped by somebody else.
constexpr int unknown_status = 255;

/// The arrays that posix_spawn takes, over strings that stay where they are.
std::vector<char*> pointers_to(std::vector<std::string>& texts) {
    std::vector<char*> pointers;
    for (auto& text : texts) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    return pointers;
}

std::vector<std::string> environment_with(const ChildProcess::Environment& additions) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        const auto name = text.substr(0, text.find('='));
        const bool is_replaced = std::ranges::any_of(
            additions, [&](const auto& addition) { return addition.first == name; });
        if (!is_replaced) variables.emplace_back(text);
    }
    for (const auto& [name, value] : additions) variables.push_back(name + "=" + value);
    return variables;
}

/// What posix_spawn is told besides the program.
class SpawnSettings {
  public:
    SpawnSettings(int output, int errors, int input) {
        posix_spawn_file_actions_init(&actions_);
        if (input < 0)
            posix_spawn_file_actions_addopen(&actions_, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
        else
            posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
        posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
        // Listening sockets and locks must not live on in what the program leaves running.
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

}  // namespace

Result<ChildProcess> ChildProcess::start(const std::filesystem::path& program,
                                         const std::vector<std::string>& arguments,
                                         const Environment& additions, int output,
                                         std::optional<int> errors, int input) {
    std::vector<std::string> words{program.string()};
    words.insert(words.end(), arguments.begin(), arguments.end());
    auto variables = environment_with(additions);
    const SpawnSettings settings(output, errors.value_or(output), input);
    pid_t id = 0;
    const int error =
        ::posix_spawnp(&id, program.c_str(), settings.actions(), settings.attributes(),
                       pointers_to(words).data(), pointers_to(variables).data());
    if (error != 0)
        return fail("cannot run " + program.string() + ": " +
                    std::generic_category().message(error));
    return ChildProcess(id);
}

ChildProcess::ChildProcess(ChildProcess&& other) noexcept : id_(other.id_), status_(other.status_) {
    other.status_ = unknown_status;
}

ChildProcess::~ChildProcess() {
    kill();
}

void ChildProcess::note_end(int wait_status) {
    status_ = WIFEXITED(wait_status) ? WEXITSTATUS(wait_status) : 128 + WTERMSIG(wait_status);
}

std::optional<int> ChildProcess::ended() {
    int wait_status = 0;
    if (!status_ && ::waitpid(id_, &wait_status, WNOHANG) == id_) note_end(wait_status);
    return status_;
}

void ChildProcess::signal(int number) {
    if (!status_) ::kill(id_, number);
}

void ChildProcess::signal_group(int number) {
    if (!status_) ::kill(-id_, number);
}

bool ChildProcess::wait_until_stopped() {
    if (status_) return false;
    int wait_status = 0;
    if (::waitpid(id_, &wait_status, WUNTRACED) != id_) return false;
    if (WIFSTOPPED(wait_status)) return true;
    note_end(wait_status);
    return false;
}

void ChildProcess::kill() {
    if (status_) return;
    ::kill(-id_, SIGKILL);
    int wait_status = 0;
    pid_t reaped = 0;
    do {
        reaped = ::waitpid(id_, &wait_status, 0);
    } while (reaped < 0 && errno == EINTR);
    if (reaped == id_) {
        note_end(wait_status);
    } else {
        status_ = unknown_status;
    }
}

}  // namespace cairn::base
