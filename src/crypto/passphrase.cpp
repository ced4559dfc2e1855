#include "crypto/passphrase.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <optional>
#include <span>
#include <sstream>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <toml++/toml.h>
#include <unistd.h>

#include "base/child_process.h"
#include "base/toml_section.h"

namespace cairn::crypto {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

// How a failure begins, before what was asked for it.
constexpr const char* no_passphrase = "the passphrase cannot be had from ";

constexpr std::size_t longest_passphrase = 1024;
constexpr std::size_t most_words = 64;
constexpr std::chrono::minutes patience{2};

[[noreturn]] void fail(const std::string& what, const std::string& why) {
    throw std::runtime_error(what + ": " + why);
}

std::string reason(int number) {
    return std::system_category().message(number);
}

/// A descriptor, closed at the end.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() { close(); }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }
    void close() {
        if (number_ >= 0) ::close(number_);
        number_ = -1;
    }

  private:
    int number_;
};

/// Octets as they come, more than a passphrase may have at most.
class Reading {
  public:
    Reading() { octets_.reserve(longest_passphrase + 3); }
    [[nodiscard]] bool is_full() const { return octets_.size() > longest_passphrase + 2; }
    /// Reads once; what `::read` returned.
    ssize_t take(int descriptor) {
        std::array<std::uint8_t, 256> block{};
        const auto count = ::read(descriptor, block.data(), block.size());
        const auto room = longest_passphrase + 3 - octets_.size();
        if (count > 0)
            octets_.insert(octets_.end(), block.begin(),
                           block.begin() + static_cast<std::ptrdiff_t>(
                                               std::min(static_cast<std::size_t>(count), room)));
        base::wipe(block);
        return count;
    }
    /// The first line, checked.
    [[nodiscard]] base::SecretBytes passphrase(const std::string& what, std::size_t least) && {
        const auto end = std::ranges::find(octets_, static_cast<std::uint8_t>('\n'));
        base::SecretBytes line(octets_.begin(), end);
        if (!line.empty() && line.back() == '\r') line.pop_back();
        if (line.empty()) fail(what, "its first line is empty");
        if (line.size() > longest_passphrase)
            fail(what, "its first line has more than 1024 octets");
        if (line.size() < least)
            fail(what, "a passphrase has " + std::to_string(least) +
                           " to 1024 octets, and this one has " + std::to_string(line.size()) +
                           "; `openssl rand -base64 24` makes a good one");
        if (std::ranges::find(line, 0) != line.end()) fail(what, "it has an octet 0");
        return line;
    }

  private:
    base::SecretBytes octets_;
};

// `is_own`: it lies among the operator's files, not in a place that systemd keeps.
base::SecretBytes from_file(const fs::path& path, const std::string& what, bool is_own,
                            std::size_t least) {
    const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
    if (file.number() < 0) fail(what, reason(errno));
    struct stat facts{};
    if (::fstat(file.number(), &facts) != 0) fail(what, reason(errno));
    // A file of root's may be read by its group, as a service that may not change it has it.
    const mode_t others = facts.st_uid == 0 ? S_IRWXO | S_IWGRP : S_IRWXO | S_IRWXG;
    if (is_own && (facts.st_mode & others) != 0)
        fail(what, "it can be read by others: chmod 600 it, and think of another one");
    Reading reading;
    while (!reading.is_full()) {
        const auto count = reading.take(file.number());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) fail(what, reason(errno));
        if (count == 0) break;
    }
    return std::move(reading).passphrase(what, least);
}

/// Waits for `done` to have an answer, looking again whenever there is something to read, and else
/// a few times a second. False if there was none in time.
template <class Done>
bool wait_until(Clock::time_point end, int descriptor, const Done& done) {
    for (;;) {
        if (done()) return true;
        const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - Clock::now()).count();
        if (left <= 0) return false;
        pollfd watched{.fd = descriptor, .events = POLLIN, .revents = 0};
        const int longest = descriptor < 0 ? 20 : 250;
        (void)::poll(&watched, 1, static_cast<int>(std::min<std::int64_t>(left, longest)));
    }
}

base::SecretBytes from_command(const std::vector<std::string>& words, const std::string& what,
                               std::size_t least) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail(what, reason(errno));
    const Descriptor output(ends[0]);
    Descriptor input(ends[1]);
    if (::fcntl(output.number(), F_SETFL, O_NONBLOCK) != 0) fail(what, reason(errno));
    auto child = base::ChildProcess::start(words.front(), {words.begin() + 1, words.end()}, {},
                                           input.number(), STDERR_FILENO);
    if (!child) fail(what, "it could not be started: " + child.error().message);
    input.close();

    const auto end = Clock::now() + patience;
    Reading reading;
    std::array<std::uint8_t, 256> rest{};
    const bool was_read = wait_until(end, output.number(), [&] {
        for (;;) {
            // What is beyond a passphrase is read and forgotten, so that it holds nobody up.
            const auto count = reading.is_full() ? ::read(output.number(), rest.data(), rest.size())
                                                 : reading.take(output.number());
            if (count == 0) return true;
            if (count < 0) return errno != EAGAIN && errno != EINTR;
        }
    });
    base::wipe(rest);
    std::optional<int> status;
    const bool has_ended = was_read && wait_until(end, -1, [&] {
                               status = child->ended();
                               return status.has_value();
                           });
    if (!has_ended) {
        child->kill();
        fail(what, "it did not end in two minutes");
    }
    if (*status != 0) fail(what, "it ended with status " + std::to_string(*status));
    return std::move(reading).passphrase(what, least);
}

base::SecretBytes from_credential(const std::string& name, std::size_t least) {
    const std::string what = no_passphrase + ("the credential " + base::printable(name, 80));
    const char* const folder = std::getenv("CREDENTIALS_DIRECTORY");
    if (folder == nullptr || *folder == '\0')
        fail(what,
             "CREDENTIALS_DIRECTORY is not set: systemd sets it for a service whose unit says "
             "LoadCredential=" +
                 base::printable(name, 80) + ":FILE");
    if (name.contains('/') || name == "." || name == "..")
        fail(what, "a name of a credential has no slash");
    return from_file(fs::path(folder) / name, what, false, least);
}

}  // namespace

base::SecretBytes read_passphrase(const PassphraseSource& source, const fs::path& folder,
                                  std::size_t least) {
    if (source.count() != 1)
        throw std::runtime_error(
            "say where the passphrase is: by one of --passphrase-file FILE, --passphrase-command "
            "WORDS and --passphrase-credential NAME");
    if (!source.file.empty()) {
        const auto path = folder / source.file;
        return from_file(path, no_passphrase + ("the file " + path.string()), true, least);
    }
    if (!source.credential.empty()) return from_credential(source.credential, least);
    // Its arguments may be nobody's business.
    return from_command(
        source.command,
        no_passphrase + ("the command " + base::printable(source.command.front(), 80)), least);
}

base::SecretBytes read_secret_line(const fs::path& file, const std::string& name) {
    return from_file(file, name + " cannot be had from the file " + file.string(), true, 1);
}

base::Result<std::vector<std::string>> command_words_from(const std::string& text) {
    std::vector<std::string> words;
    if (text.starts_with('[')) {
        const auto table = base::parse_toml("words = " + text);
        const auto* list = table && table->size() == 1 ? (*table)["words"].as_array() : nullptr;
        if (list == nullptr) return base::fail("is no TOML list of strings");
        for (const auto& node : *list) {
            const auto* word = node.as_string();
            if (word == nullptr) return base::fail("is no TOML list of strings");
            words.push_back(word->get());
        }
    } else {
        if (text.find_first_of("'\"\\$`|&;<>(){}*?[]~#\n") != std::string::npos)
            return base::fail(
                "has a quote or what only a shell would understand, and no shell runs it: write a "
                "TOML list, [\"PROGRAM\", \"ARGUMENT\"]");
        std::istringstream line(text);
        for (std::string word; line >> word;) words.push_back(word);
    }
    if (words.empty() || words.front().empty()) return base::fail("names no program");
    if (words.size() > most_words) return base::fail("has more than 64 words");
    return words;
}

}  // namespace cairn::crypto
