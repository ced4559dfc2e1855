#include "apps/ca/command_linter.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/child_process.h"
#include "pki/certificate.h"

namespace cairn::apps {

namespace {

constexpr std::size_t threads = 4;
constexpr std::size_t longest_finding = 2000;

/// A descriptor, closed at the end.
class Descriptor {
  public:
    explicit Descriptor(int number) : number_(number) {}
    ~Descriptor() {
        if (number_ >= 0) ::close(number_);
    }
    Descriptor(const Descriptor&) = delete;
    Descriptor& operator=(const Descriptor&) = delete;
    [[nodiscard]] int number() const { return number_; }

  private:
    int number_;
};

[[noreturn]] void fail(const char* what) {
    throw std::system_error(errno, std::generic_category(), what);
}

/// A file with `content` among the temporary ones, removed at the end.
class TemporaryFile {
  public:
    explicit TemporaryFile(std::string_view content)
        : path_(std::filesystem::temp_directory_path() / "cairn-lint-XXXXXX") {
        const Descriptor file(::mkostemp(path_.data(), O_CLOEXEC));
        if (file.number() < 0) fail("making a file for the linter");
        while (!content.empty()) {
            const auto written = ::write(file.number(), content.data(), content.size());
            if (written < 0) {
                const int reason = errno;
                ::unlink(path_.c_str());
                errno = reason;
                fail("writing the file for the linter");
            }
            content.remove_prefix(static_cast<std::size_t>(written));
        }
    }
    ~TemporaryFile() { ::unlink(path_.c_str()); }
    TemporaryFile(const TemporaryFile&) = delete;
    TemporaryFile& operator=(const TemporaryFile&) = delete;
    [[nodiscard]] const std::string& path() const { return path_; }

  private:
    std::string path_;
};

/// What a program prints, as far as it is kept. The rest is read and forgotten, so that no amount
/// of it holds the program up or fills the memory.
class Output {
  public:
    Output() {
        std::array<int, 2> ends{};
        if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("making a pipe");
        read_end_.emplace(ends[0]);
        write_end_.emplace(ends[1]);
        if (::fcntl(read_end(), F_SETFL, O_NONBLOCK) != 0) fail("making a pipe");
    }
    [[nodiscard]] int write_end() const { return write_end_->number(); }
    [[nodiscard]] int read_end() const { return read_end_->number(); }
    /// Takes what is there now.
    void take() {
        std::array<char, 4096> block{};
        for (ssize_t count = 1; count > 0;) {
            count = ::read(read_end(), block.data(), block.size());
            if (count <= 0) break;
            const auto room = longest_finding - text_.size();
            text_.append(block.data(), std::min(room, static_cast<std::size_t>(count)));
        }
    }
    /// Without line ends behind it.
    [[nodiscard]] std::string text() const {
        const auto end = text_.find_last_not_of("\n ");
        return text_.substr(0, end == std::string::npos ? 0 : end + 1);
    }

  private:
    std::optional<Descriptor> read_end_, write_end_;
    std::string text_;
};

/// The exit status; none if the program runs longer than `timeout`.
std::optional<int> await_end(base::ChildProcess& child, Output& output,
                             std::chrono::milliseconds timeout) {
    const Descriptor process(static_cast<int>(::syscall(SYS_pidfd_open, child.id(), 0)));
    if (process.number() < 0) fail("watching the linter");
    const auto end = std::chrono::steady_clock::now() + timeout;
    for (;;) {
        const auto status = child.ended();
        output.take();
        if (status) return status;
        const auto left =
            std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
        if (left.count() <= 0) return std::nullopt;
        std::array<pollfd, 2> watched{
            pollfd{.fd = process.number(), .events = POLLIN, .revents = 0},
            pollfd{.fd = output.read_end(), .events = POLLIN, .revents = 0}};
        if (::poll(watched.data(), watched.size(), static_cast<int>(left.count())) < 0 &&
            errno != EINTR)
            fail("waiting for the linter");
    }
}

}  // namespace

CommandLinter::CommandLinter(std::vector<std::string> words, std::chrono::milliseconds timeout)
    : words_(std::move(words)), timeout_(timeout), threads_(threads) {
    if (words_.empty()) throw std::invalid_argument("a linter needs a program");
}

CommandLinter::~CommandLinter() {
    threads_.join();
}

base::Task<std::optional<std::string>> CommandLinter::finding(base::Bytes certificate) {
    // A strand, because a cancellation arrives from elsewhere.
    return boost::asio::co_spawn(
        boost::asio::make_strand(threads_),
        [this, certificate = std::move(certificate)]() -> base::Task<std::optional<std::string>> {
            co_return judge(certificate);
        },
        boost::asio::use_awaitable);
}

std::optional<std::string> CommandLinter::judge(const base::Bytes& certificate) const {
    try {
        const TemporaryFile file(pki::Certificate::pem_of(certificate));
        Output output;
        std::vector<std::string> arguments(words_.begin() + 1, words_.end());
        arguments.push_back(file.path());
        auto child = base::ChildProcess::start(words_.front(), arguments, {}, output.write_end());
        if (!child) return "the linter could not be started: " + child.error().message;
        const auto status = await_end(*child, output, timeout_);
        if (!status) {
            child->kill();
            return "the linter did not end within " +
                   std::to_string(std::chrono::ceil<std::chrono::seconds>(timeout_).count()) + " s";
        }
        if (*status == 0) return std::nullopt;
        const auto text = output.text();
        return "the linter ended with status " + std::to_string(*status) +
               (text.empty() ? ", without a word" : ": " + text);
    } catch (const std::system_error& error) {
        return std::string("the linter could not be asked: ") + error.what();
    }
}

}  // namespace cairn::apps
