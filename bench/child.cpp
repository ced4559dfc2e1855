#include "bench/child.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <grp.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto stop_patience = 20s;
constexpr auto run_patience = 60s;
constexpr auto glance = 2ms;
constexpr int exit_not_started = 127;

std::vector<char*> pointers(const std::vector<std::string>& words) {
    std::vector<char*> result;
    for (const auto& word : words) result.push_back(const_cast<char*>(word.c_str()));
    result.push_back(nullptr);
    return result;
}

// Between fork and exec: nothing that allocates.
[[noreturn]] void become(const Command& command, char* const* words, char* const* environment) {
    const int output = ::open(command.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    const int input = ::open("/dev/null", O_RDONLY);
    ::dup2(input, STDIN_FILENO);
    ::dup2(output, STDOUT_FILENO);
    ::dup2(output, STDERR_FILENO);
    ::setpgid(0, 0);
    ::close_range(STDERR_FILENO + 1, ~0U, 0);
    if (command.user && (::setgroups(0, nullptr) != 0 || ::setgid(command.user->group) != 0 ||
                         ::setuid(command.user->user) != 0))
        ::_exit(exit_not_started);
    ::prctl(PR_SET_PDEATHSIG, command.stop_signal);
    ::execvpe(words[0], words, environment);
    ::_exit(exit_not_started);
}

pid_t start(const Command& command) {
    auto variables = command.environment;
    for (char** variable = environ; *variable != nullptr; ++variable)
        variables.emplace_back(*variable);
    const auto words = pointers(command.words), environment = pointers(variables);
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("cannot fork");
    if (child == 0) become(command, words.data(), environment.data());
    // As the child does itself: whoever comes first.
    ::setpgid(child, child);
    return child;
}

// True once it has ended; then `status` tells how.
bool ended_within(pid_t id, std::chrono::milliseconds patience, int* status) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (::waitpid(id, status, WNOHANG) != 0) return true;
        if (std::chrono::steady_clock::now() > deadline) return false;
        std::this_thread::sleep_for(glance);
    }
}

}  // namespace

SystemUser SystemUser::named(const std::string& name) {
    const passwd* const entry = ::getpwnam(name.c_str());
    if (entry == nullptr) throw std::runtime_error("there is no user " + name);
    return {.name = name, .user = entry->pw_uid, .group = entry->pw_gid};
}

Child::Child(const Command& command) : id_(start(command)), stop_signal_(command.stop_signal) {}

Child::~Child() {
    stop();
}

bool Child::has_ended() {
    if (!ended_ && ended_within(id_, 0ms, nullptr)) ended_ = true;
    return ended_;
}

void Child::stop() {
    if (has_ended()) return;
    ::kill(id_, stop_signal_);
    go_on();
    if (!ended_within(id_, stop_patience, nullptr)) {
        ::kill(id_, SIGKILL);
        ::waitpid(id_, nullptr, 0);
    }
    ended_ = true;
}

void Child::hold() {
    if (has_ended()) return;
    if (::kill(-id_, SIGSTOP) != 0) return;
    int status = 0;
    ::waitpid(id_, &status, WUNTRACED);
    ended_ = !WIFSTOPPED(status);
}

void Child::go_on() {
    if (!ended_) ::kill(-id_, SIGCONT);
}

void run_to_end(Command command) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    command.output_file = (folder.path() / "output").string();
    const pid_t child = start(command);
    int status = 0;
    if (!ended_within(child, run_patience, &status)) {
        ::kill(child, SIGKILL);
        ::waitpid(child, &status, 0);
    }
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
    std::ifstream output(command.output_file);
    throw std::runtime_error(command.words.front() +
                             " failed: " + std::string(std::istreambuf_iterator<char>(output), {}));
}

TemporaryFolder::TemporaryFolder(const std::filesystem::path& parent) {
    std::string pattern = parent / "cairn-bench-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error("cannot make a folder in " + parent.string());
    path_ = pattern;
    // What runs as another user has to get through.
    std::filesystem::permissions(path_, std::filesystem::perms::owner_all |
                                            std::filesystem::perms::group_exec |
                                            std::filesystem::perms::others_exec);
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
}

unsigned free_port() {
    const int probe = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof(address);
    ::bind(probe, reinterpret_cast<const sockaddr*>(&address), length);
    ::getsockname(probe, reinterpret_cast<sockaddr*>(&address), &length);
    ::close(probe);
    return ntohs(address.sin_port);
}

}  // namespace cairn::bench
