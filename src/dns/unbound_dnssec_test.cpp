// Validation against a real signed root, served by Knot DNS where that is installed.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <thread>

#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/resolver.h"
#include "dns/testing/dns_server.h"
#include "dns/testing/task.h"
#include "net/event_loops.h"

namespace cairn::dns::unbound_dnssec_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = Answer::Outcome;
using Transport = TestServer::Transport;
using Messages = TestServer::Messages;
using std::chrono::steady_clock;

constexpr const char* root_zone = R"(
. 3600 SOA ns.root. h.root. 1 3600 600 86400 3600
. 3600 NS ns.root.
ns.root. 3600 A 127.0.0.1
good.test. 300 TXT "genuine"
www.test. 300 CNAME good.test.
insecure.test. 300 NS ns.root.
)";
constexpr const char* insecure_zone = R"(
insecure.test. 300 SOA ns.root. h.root. 1 3600 600 86400 300
insecure.test. 300 NS ns.root.
insecure.test. 300 TXT "unsigned"
)";

std::optional<std::string> program(const std::string& name) {
    for (const char* folder : {"/usr/sbin/", "/usr/bin/"}) {
        if (std::filesystem::exists(folder + name)) return folder + name;
    }
    return std::nullopt;
}

/// Knot DNS with a root that it signs itself, and an unsigned zone below it.
class SignedRoot {
  public:
    explicit SignedRoot(const std::string& knotd) {
        std::string pattern = (std::filesystem::temp_directory_path() / "cairn-knot-XXXXXX");
        folder_ = ::mkdtemp(pattern.data());
        std::filesystem::create_directory(folder_ / "keys");
        std::ofstream(folder_ / "root.zone") << root_zone;
        std::ofstream(folder_ / "insecure.zone") << insecure_zone;
        // A port that was free a moment ago, since Knot cannot choose one itself.
        port_ = TestServer([](base::BytesView, Transport) { return Messages(); }).port();
        std::ofstream(configuration()) << R"(server:
    rundir: ")" << folder_.string() << R"("
    listen: 127.0.0.1@)" << port_ << R"(
database:
    storage: ")" << (folder_ / "keys").string()
                                       << R"("
policy:
  - id: self
    algorithm: ecdsap256sha256
    single-type-signing: on
    nsec3: on
zone:
  - domain: .
    file: ")" << (folder_ / "root.zone").string()
                                       << R"("
    dnssec-signing: on
    dnssec-policy: self
    zonefile-sync: -1
    journal-content: none
  - domain: insecure.test.
    file: ")" << (folder_ / "insecure.zone").string()
                                       << R"("
)";
        const std::string file = configuration().string();
        std::array<char*, 4> arguments{const_cast<char*>(knotd.c_str()), const_cast<char*>("-c"),
                                       const_cast<char*>(file.c_str()), nullptr};
        posix_spawn_file_actions_t actions;
        posix_spawn_file_actions_init(&actions);
        for (const int descriptor : {1, 2}) {
            posix_spawn_file_actions_addopen(&actions, descriptor, "/dev/null", O_WRONLY, 0);
        }
        if (posix_spawn(&process_, knotd.c_str(), &actions, nullptr, arguments.data(), environ) !=
            0) {
            process_ = 0;
        }
        posix_spawn_file_actions_destroy(&actions);
    }
    ~SignedRoot() {
        if (process_ > 0) {
            ::kill(process_, SIGTERM);
            ::waitpid(process_, nullptr, 0);
        }
        std::filesystem::remove_all(folder_);
    }
    SignedRoot(const SignedRoot&) = delete;
    SignedRoot& operator=(const SignedRoot&) = delete;

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// Waits until the root is signed and served.
    [[nodiscard]] bool ready() const {
        const auto direct = make_stub_resolver({.servers = {address()}, .dnssec = false});
        const auto end = steady_clock::now() + std::chrono::seconds(30);
        while (steady_clock::now() < end) {
            const auto answer = result_of(direct->query("good.test", RecordType::txt));
            if (answer && answer->outcome == Outcome::found) return true;
        }
        return false;
    }
    /// A file with the DS record of the root's key.
    [[nodiscard]] std::string trust_anchor(const std::string& keymgr) const {
        const auto file = folder_ / "anchor";
        const std::string command =
            keymgr + " -c " + configuration().string() + " . ds 2>/dev/null";
        const std::unique_ptr<FILE, int (*)(FILE*)> output(::popen(command.c_str(), "r"), ::pclose);
        std::array<char, 1024> line{};
        std::ofstream anchor(file);
        while (std::fgets(line.data(), line.size(), output.get()) != nullptr) {
            anchor << ". IN " << std::string(line.data()).substr(2);
        }
        return file.string();
    }

  private:
    [[nodiscard]] std::filesystem::path configuration() const { return folder_ / "knot.conf"; }

    std::filesystem::path folder_;
    std::uint16_t port_ = 0;
    pid_t process_ = 0;
};

class UnboundDnssec : public ::testing::Test {
  protected:
    void SetUp() override {
        const auto knotd = program("knotd");
        const auto keymgr = program("keymgr");
        if (!knotd || !keymgr) GTEST_SKIP() << "Knot DNS is not installed";
        root_ = std::make_unique<SignedRoot>(*knotd);
        ASSERT_TRUE(root_->ready());
        anchor_ = root_->trust_anchor(*keymgr);
    }
    [[nodiscard]] std::unique_ptr<Resolver> through(const std::string& server,
                                                    const std::string& anchor) {
        return make_resolver(loops_.executor(0),
                             {.servers = {server}, .dnssec = true, .trust_anchor_file = anchor});
    }

    net::EventLoops loops_{1};
    std::unique_ptr<SignedRoot> root_;
    std::string anchor_;
};

// Check 186.
TEST_F(UnboundDnssec, TakesWhatIsSignedOrProvablyNot) {
    const auto resolver = through(root_->address(), anchor_);
    const auto good = result_of(resolver->query("good.test", RecordType::txt));
    ASSERT_TRUE(good) << good.error().message;
    EXPECT_THAT(good->texts, ElementsAre("genuine"));
    const auto alias = result_of(resolver->query("www.test", RecordType::txt));
    ASSERT_TRUE(alias) << alias.error().message;
    EXPECT_THAT(alias->texts, ElementsAre("genuine"));
    EXPECT_EQ(alias->canonical_name, "good.test");
    const auto none = result_of(resolver->query("good.test", RecordType::caa));
    ASSERT_TRUE(none) << none.error().message;
    EXPECT_EQ(none->outcome, Outcome::no_data);
    const auto missing = result_of(resolver->query("missing.test", RecordType::a));
    ASSERT_TRUE(missing) << missing.error().message;
    EXPECT_EQ(missing->outcome, Outcome::no_such_name);
    const auto insecure = result_of(resolver->query("insecure.test", RecordType::txt));
    ASSERT_TRUE(insecure) << insecure.error().message;
    EXPECT_THAT(insecure->texts, ElementsAre("unsigned"));
}

// Checks 109, 186.
TEST_F(UnboundDnssec, RefusesWhatWasChangedOnTheWay) {
    enum class Change { none, text, no_record };
    std::atomic<Change> change = Change::none;
    // Passes messages on, and changes the answers about one name.
    TestServer forger([&](base::BytesView query, Transport) -> Messages {
        const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const timeval patience{2, 0};
        ::setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        sockaddr_in server{};
        server.sin_family = AF_INET;
        server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        const std::string address = root_->address();
        server.sin_port =
            htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.find(':') + 1))));
        base::Bytes message;
        if (::connect(socket, reinterpret_cast<const sockaddr*>(&server), sizeof server) == 0) {
            base::Bytes framed{static_cast<std::uint8_t>(query.size() >> 8U),
                               static_cast<std::uint8_t>(query.size() & 0xffU)};
            framed.insert(framed.end(), query.begin(), query.end());
            std::array<std::uint8_t, 2> length{};
            if (::send(socket, framed.data(), framed.size(), MSG_NOSIGNAL) > 0 &&
                ::recv(socket, length.data(), 2, MSG_WAITALL) == 2) {
                message.resize(static_cast<std::size_t>(length[0] << 8U | length[1]));
                if (::recv(socket, message.data(), message.size(), MSG_WAITALL) < 0) return {};
            }
        }
        ::close(socket);
        if (question_of(query).first == "good.test") {
            if (change == Change::no_record) return {TestReply{}.to(query)};
            const std::string_view genuine = "genuine";
            const auto found =
                std::search(message.begin(), message.end(), genuine.begin(), genuine.end());
            if (change == Change::text && found != message.end()) *found ^= 1;
        }
        return {message};
    });
    for (const Change kind : {Change::none, Change::text, Change::no_record}) {
        change = kind;
        const auto resolver = through(forger.address(), anchor_);
        const auto answer = result_of(resolver->query("good.test", RecordType::txt));
        if (kind == Change::none) {
            ASSERT_TRUE(answer) << answer.error().message;
            continue;
        }
        ASSERT_FALSE(answer) << static_cast<int>(kind);
        EXPECT_THAT(answer.error().message, HasSubstr("DNSSEC validation failed"));
    }
}

// Check 109.
TEST_F(UnboundDnssec, RefusesTheWrongRoot) {
    const auto resolver = through(root_->address(), "");  // the anchor of the real root
    const auto answer = result_of(resolver->query("good.test", RecordType::txt));
    ASSERT_FALSE(answer);
    EXPECT_THAT(answer.error().message, HasSubstr("DNSSEC validation failed"));
}

}  // namespace
}  // namespace cairn::dns::unbound_dnssec_test
