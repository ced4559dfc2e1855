#include "bench/child.h"

#include <chrono>
#include <csignal>
#include <cstring>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <pwd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto stop_patience = 20s;
constexpr auto run_patience = 60s;
constexpr auto glance = 2ms;

/// The words that run the command as its user, and end it when this process ends.
std::vector<std::string> words_of(const Command& command) {
    std::vector<std::string> words;
    if (command.at_our_end == AtOurEnd::it_ends)
        words = {"setpriv", "--pdeathsig", ::sigabbrev_np(command.stop_signal)};
    if (command.user) {
        if (words.empty()) words = {"setpriv"};
        words.insert(words.end(), {"--reuid", std::to_string(command.user->user), "--regid",
                                   std::to_string(command.user->group), "--clear-groups"});
    }
    words.insert(words.end(), command.words.begin(), command.words.end());
    return words;
}

base::ChildProcess start(const Command& command) {
    const auto words = words_of(command);
    base::ChildProcess::Environment environment;
    for (const auto& variable : command.environment) {
        const auto equals = variable.find('=');
        environment.emplace_back(variable.substr(0, equals), variable.substr(equals + 1));
    }
    const int output =
        ::open(command.output_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (output < 0) throw std::runtime_error("cannot write " + command.output_file);
    auto child = base::ChildProcess::start(words.front(), {words.begin() + 1, words.end()},
                                           environment, output);
    ::close(output);
    if (!child) throw std::runtime_error(child.error().message);
    return std::move(*child);
}

/// The status it ended with, if it ends in time.
std::optional<int> end_within(base::ChildProcess& process, std::chrono::milliseconds patience) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    for (;;) {
        if (const auto status = process.ended()) return status;
        if (std::chrono::steady_clock::now() > deadline) return std::nullopt;
        std::this_thread::sleep_for(glance);
    }
}

}  // namespace

SystemUser SystemUser::named(const std::string& name) {
    const passwd* const entry = ::getpwnam(name.c_str());
    if (entry == nullptr) throw std::runtime_error("there is no user " + name);
    return {.name = name, .user = entry->pw_uid, .group = entry->pw_gid};
}

Child::Child(const Command& command)
    : process_(start(command)), stop_signal_(command.stop_signal) {}

Child::~Child() {
    stop();
}

bool Child::has_ended() {
    return process_.ended().has_value();
}

void Child::stop() {
    process_.signal(stop_signal_);
    go_on();
    if (!end_within(process_, stop_patience)) process_.kill();
}

void Child::hold() {
    if (has_ended()) return;
    process_.signal_group(SIGSTOP);
    static_cast<void>(process_.wait_until_stopped());
}

void Child::go_on() {
    process_.signal_group(SIGCONT);
}

std::string run_to_end(Command command) {
    const TemporaryFolder folder(std::filesystem::temp_directory_path());
    command.output_file = (folder.path() / "output").string();
    auto process = start(command);
    const auto status = end_within(process, run_patience);
    if (status != 0) process.kill();
    std::ifstream file(command.output_file);
    std::string output(std::istreambuf_iterator<char>(file), {});
    if (status != 0) throw std::runtime_error(command.words.front() + " failed: " + output);
    return output;
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
