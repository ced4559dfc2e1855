#include "client/deploy/haproxy_socket.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>

#include <fmt/format.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "client/durable_file.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_answer = 65536;
/// tune.bufsize, in which a command has to fit.
constexpr std::size_t max_payload = 16000;
constexpr std::size_t max_told = 300;

std::string words_of(int error) {
    return std::generic_category().message(error);
}

bool is_blank(char character) {
    return character == ' ' || character == '\n' || character == '\r' || character == '\t';
}

std::string_view trimmed(std::string_view text) {
    while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
    return text;
}

/// The value behind "NAME: " at the start of a line.
std::optional<std::string_view> field_of(std::string_view answer, std::string_view name) {
    for (std::size_t at = 0; at < answer.size();) {
        const auto end = std::min(answer.find('\n', at), answer.size());
        const auto line = answer.substr(at, end - at);
        if (line.starts_with(name) && line.substr(name.size()).starts_with(':'))
            return trimmed(line.substr(name.size() + 1));
        at = end + 1;
    }
    return std::nullopt;
}

/// A name of a file as a word of a command: HAProxy takes blanks and backslashes as its own.
base::Result<std::string> word_of(const std::string& file) {
    std::string word;
    for (const char character : file) {
        const auto octet = static_cast<unsigned char>(character);
        if (octet < 0x20 || octet == 0x7f || character == ';' || character == '<')
            return base::fail(fmt::format("{} has a character that HAProxy cannot be told",
                                          base::printable(file)));
        if (character == ' ' || character == '\\') word += '\\';
        word += character;
    }
    return word;
}

}  // namespace

base::Result<std::optional<std::string>> haproxy_serial_from(std::string_view answer) {
    if (answer.contains("Can't display the certificate: Not found") ||
        answer.contains("certificate doesn't exist") || answer.contains("Not found"))
        return std::optional<std::string>();
    const auto serial = field_of(answer, "Serial");
    if (!serial) {
        // A name that was made with `new` and has no certificate yet.
        if (field_of(answer, "Filename")) return std::optional<std::string>();
        return base::fail(
            fmt::format("HAProxy answered \"{}\"", base::printable(trimmed(answer), max_told)));
    }
    std::string text;
    for (const char character : *serial) {
        const bool is_hex = (character >= '0' && character <= '9') ||
                            (character >= 'a' && character <= 'f') ||
                            (character >= 'A' && character <= 'F');
        if (!is_hex || text.size() > 64) return base::fail("HAProxy answered no serial number");
        text += character >= 'a' ? static_cast<char>(character - 'a' + 'A') : character;
    }
    return std::optional(text);
}

base::Result<void> haproxy_success_from(std::string_view command, std::string_view answer) {
    constexpr std::array<std::string_view, 5> good = {"New empty certificate store", "Transaction",
                                                      "Success!", "already exists in",
                                                      "Inserting certificate"};
    const bool is_done =
        std::ranges::any_of(good, [&](std::string_view words) { return answer.contains(words); });
    const bool is_wrong = answer.contains("Can't") || answer.contains("Unable") ||
                          answer.contains("failed") || answer.contains("unable") ||
                          answer.contains("Permission denied") || answer.contains("rror");
    if (is_done && !is_wrong) return {};
    return base::fail(fmt::format("HAProxy answered \"{}\" with \"{}\"", command,
                                  base::printable(trimmed(answer), max_told)));
}

base::Result<std::string> HaproxySocket::ask(std::string_view command) const {
    const auto failed = [&](std::string_view what) {
        return base::fail(fmt::format("the socket {}: {}", path_, what));
    };
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path_.size() >= sizeof address.sun_path) return failed("its path is too long");
    std::memcpy(address.sun_path, path_.data(), path_.size());
    const FileDescriptor socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    if (!socket.is_open() || ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&address),
                                       sizeof address) != 0)
        return failed(words_of(errno));
    const auto deadline = std::chrono::steady_clock::now() + patience_;
    const auto await = [&](short events) {
        const auto rest = std::chrono::ceil<std::chrono::milliseconds>(
                              deadline - std::chrono::steady_clock::now())
                              .count();
        pollfd ready{socket.number(), events, 0};
        return rest > 0 && ::poll(&ready, 1, static_cast<int>(rest)) > 0;
    };
    while (!command.empty()) {
        if (!await(POLLOUT)) return failed("it does not take what it is sent");
        const auto count =
            ::send(socket.number(), command.data(), command.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) return failed(words_of(errno));
        command.remove_prefix(static_cast<std::size_t>(count));
    }
    std::string answer;
    char buffer[4096];
    for (;;) {
        if (!await(POLLIN)) return failed("it does not answer");
        const auto count = ::recv(socket.number(), buffer, sizeof buffer, MSG_DONTWAIT);
        if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
        if (count < 0) return failed(words_of(errno));
        if (count == 0) return answer;
        answer.append(buffer, static_cast<std::size_t>(count));
        if (answer.size() > max_answer) return failed("it says too much");
    }
}

base::Result<std::optional<std::string>> HaproxySocket::serial_of(const std::string& file) const {
    const auto word = word_of(file);
    if (!word) return std::unexpected(word.error());
    const auto answer = ask(fmt::format("show ssl cert {}\n", *word));
    if (!answer) return std::unexpected(answer.error());
    return haproxy_serial_from(*answer);
}

base::Result<void> HaproxySocket::replace(const std::string& file, base::BytesView pem,
                                          bool is_new) const {
    const auto word = word_of(file);
    if (!word) return std::unexpected(word.error());
    if (pem.size() > max_payload)
        return base::fail("key and chain are larger than what HAProxy takes in one command");
    const auto tell = [&](std::string_view verb, const std::string& command) -> base::Result<void> {
        const auto answer = ask(command);
        if (!answer) return std::unexpected(answer.error());
        return haproxy_success_from(fmt::format("{} ssl cert {}", verb, file), *answer);
    };
    if (is_new)
        if (const auto made = tell("new", fmt::format("new ssl cert {}\n", *word)); !made)
            return made;
    // An empty line ends the payload.
    base::SecretBytes command;
    const auto add = [&](std::string_view text) {
        command.insert(command.end(), text.begin(), text.end());
    };
    add(fmt::format("set ssl cert {} <<\n", *word));
    bool is_line_empty = true;
    for (const auto octet : pem) {
        if (octet == '\n' && is_line_empty) continue;
        is_line_empty = octet == '\n';
        command.push_back(octet);
    }
    add(is_line_empty ? "\n" : "\n\n");
    const auto answer = ask(base::text_of(base::BytesView(command)));
    if (!answer) return std::unexpected(answer.error());
    if (const auto set = haproxy_success_from(fmt::format("set ssl cert {}", file), *answer); !set)
        return set;
    const auto committed = tell("commit", fmt::format("commit ssl cert {}\n", *word));
    if (!committed) static_cast<void>(ask(fmt::format("abort ssl cert {}\n", *word)));
    return committed;
}

base::Result<void> HaproxySocket::add_to_list(const std::string& list,
                                              const std::string& file) const {
    const auto list_word = word_of(list);
    const auto file_word = word_of(file);
    if (!list_word) return std::unexpected(list_word.error());
    if (!file_word) return std::unexpected(file_word.error());
    const auto standing = ask(fmt::format("show ssl crt-list {}\n", *list_word));
    if (!standing) return std::unexpected(standing.error());
    if (("\n" + *standing).contains(fmt::format("\n{}", file))) return {};
    const auto answer = ask(fmt::format("add ssl crt-list {} {}\n", *list_word, *file_word));
    if (!answer) return std::unexpected(answer.error());
    return haproxy_success_from(fmt::format("add ssl crt-list {}", list), *answer);
}

}  // namespace cairn::client
