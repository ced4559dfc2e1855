#include "apps/ca/passphrase.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <sstream>
#include <stdexcept>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apps/ca/files.h"
#include "base/child_process.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_passphrase = 1024;
/// How long a program may take, which may ask somebody.
constexpr std::chrono::minutes patience{2};
constexpr std::chrono::milliseconds between_looks{10};

std::string from_file(const fs::path& path) {
    struct stat facts{};
    if (::stat(path.c_str(), &facts) == 0 && (facts.st_mode & (S_IRGRP | S_IROTH)) != 0)
        throw std::runtime_error(path.string() +
                                 " holds a passphrase and can be read by others: "
                                 "chmod 600 it, and think of another passphrase");
    return read_file(path, longest_passphrase + 2);
}

std::string from_credential(const std::string& name) {
    const char* folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0')
        throw std::runtime_error(
            "there are no credentials of systemd here (LoadCredential= of the "
            "unit sets CREDENTIALS_DIRECTORY)");
    if (name.contains('/')) throw std::runtime_error("a credential's name has no slash");
    // systemd keeps them in memory, for this unit's user alone.
    return read_file(fs::path(folder) / name, longest_passphrase + 2);
}

/// What a program writes until it ends.
std::string read_output(int file, std::chrono::steady_clock::time_point deadline) {
    std::string text;
    std::array<char, 512> part{};
    for (;;) {
        const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(
            deadline - std::chrono::steady_clock::now());
        pollfd ready{.fd = file, .events = POLLIN, .revents = 0};
        if (rest.count() <= 0 || ::poll(&ready, 1, static_cast<int>(rest.count())) == 0)
            throw std::runtime_error("it did not end in two minutes");
        const auto count = ::read(file, part.data(), part.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(part.data(), static_cast<std::size_t>(count));
        if (text.size() > longest_passphrase + 2) return text;
    }
}

std::string from_command(const std::string& command) {
    std::istringstream words(command);
    std::string program;
    words >> program;
    std::vector<std::string> arguments;
    for (std::string word; words >> word;) arguments.push_back(std::move(word));
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw std::runtime_error("there is no pipe for it");
    auto started =
        base::ChildProcess::start(program, arguments, {}, ends[1], STDERR_FILENO, STDIN_FILENO);
    ::close(ends[1]);
    const auto deadline = std::chrono::steady_clock::now() + patience;
    std::string text;
    try {
        if (!started) throw std::runtime_error(started.error().message);
        text = read_output(ends[0], deadline);
    } catch (const std::exception&) {
        ::close(ends[0]);
        throw;
    }
    ::close(ends[0]);
    std::optional<int> status;
    while (!(status = started->ended()) && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(between_looks);
    if (status != 0)
        throw std::runtime_error(status ? "it ended with status " + std::to_string(*status)
                                        : "it did not end in two minutes");
    return text;
}

}  // namespace

std::string read_passphrase(const PassphraseSource& source) {
    const int given = (source.file.empty() ? 0 : 1) + (source.command.empty() ? 0 : 1) +
                      (source.credential.empty() ? 0 : 1);
    if (given != 1)
        throw std::runtime_error(
            "say where the passphrase is: --passphrase-file FILE, "
            "--passphrase-command PROGRAM, or --passphrase-credential NAME");
    std::string text;
    try {
        if (!source.file.empty())
            text = from_file(source.file);
        else if (!source.credential.empty())
            text = from_credential(source.credential);
        else
            text = from_command(source.command);
    } catch (const std::exception& error) {
        throw std::runtime_error(std::string("the passphrase cannot be had: ") + error.what());
    }
    if (text.ends_with('\n')) text.pop_back();
    if (text.ends_with('\r')) text.pop_back();
    if (text.size() < least_passphrase || text.size() > longest_passphrase)
        throw std::runtime_error("a passphrase has 12 to 1024 octets, and this one has " +
                                 std::to_string(text.size()) +
                                 "; `openssl rand -base64 24` makes a good one");
    return text;
}

}  // namespace cairn::apps
