#include "va/dialer.h"

#include <cerrno>

#include <boost/system/system_error.hpp>
#include <sys/socket.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/shortage.h"
#include "net/testing/failing_sockets.h"
#include "va/testing/challenge.h"
#include "va/testing/fake_resolver.h"
#include "va/testing/peer.h"

namespace cairn::va::dialer_test {
namespace {

using dns::RecordType;
using protocol::ProblemType;
using std::chrono::steady_clock;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;
using Outcome = dns::Answer::Outcome;

/// A port on which `address` listens and never accepts. Its queue is full, so the kernel drops
/// further attempts and a connect hangs.
class Unresponsive {
  public:
    Unresponsive(testing::EventLoop& loop, const std::string& address, std::uint16_t port)
        : acceptor_(loop.context()) {
        const boost::asio::ip::tcp::endpoint endpoint(boost::asio::ip::make_address(address), port);
        acceptor_.open(endpoint.protocol());
        acceptor_.bind(endpoint);
        acceptor_.listen(0);
        for (int index = 0; index < 4; ++index) {
            auto& socket = queued_.emplace_back(loop.context(), endpoint.protocol());
            socket.non_blocking(true);
            // A blocking connect would wait for an answer that never comes.
            const auto target = acceptor_.local_endpoint();
            EXPECT_TRUE(::connect(socket.native_handle(), target.data(),
                                  static_cast<socklen_t>(target.size())) == 0 ||
                        errno == EINPROGRESS);
        }
    }
    [[nodiscard]] std::uint16_t port() const { return acceptor_.local_endpoint().port(); }

  private:
    boost::asio::ip::tcp::acceptor acceptor_;
    std::vector<testing::Socket> queued_;
};

/// A port of 127.0.0.1 on which nobody listens.
std::uint16_t closed_port(testing::EventLoop& loop) {
    using boost::asio::ip::tcp;
    return tcp::acceptor(loop.context(), tcp::endpoint(boost::asio::ip::address_v4::loopback(), 0))
        .local_endpoint()
        .port();
}

class DialerTest : public ::testing::Test {
  protected:
    /// Connects to example.com; the peer's address, or the problem.
    protocol::OrProblem<std::string> dial(std::uint16_t port,
                                          base::Milliseconds patience = base::Milliseconds(5000)) {
        dialer.emplace(resolver, egress, steady_clock::now() + patience);
        auto connection =
            loop.run(dialer->connect("example.com", port, Reach::of_validated_name()));
        if (!connection) return std::unexpected(connection.error());
        return connection->peer;
    }

    testing::EventLoop loop;
    testing::FakeResolver resolver;
    EgressPolicy egress = testing::loopback_settings().egress;
    std::optional<Dialer> dialer;
};

TEST_F(DialerTest, ConnectsAndRecordsItsSteps) {
    testing::Peer peer(loop, testing::silence);
    resolver.set("example.com", {"127.0.0.1"});
    const auto address = "127.0.0.1:" + std::to_string(peer.port());
    EXPECT_EQ(dial(peer.port()), address);
    EXPECT_THAT(dialer->evidence().steps,
                ElementsAre("example.com AAAA", "example.com A", address));
    EXPECT_EQ(peer.connections(), 1);
}

// Check 103.
TEST_F(DialerTest, PrefersIpv6) {
    testing::Peer v6(loop, testing::silence, "::1");
    testing::Peer v4(loop, testing::silence, "127.0.0.1", v6.port());
    resolver.set("example.com", {"127.0.0.1", "::1"});
    EXPECT_EQ(dial(v6.port()), "[::1]:" + std::to_string(v6.port()));
    EXPECT_EQ(v4.connections(), 0);
}

// Check 103.
TEST_F(DialerTest, FallsBackToIpv4WhereIpv6IsRefused) {
    testing::Peer peer(loop, testing::silence);
    resolver.set("example.com", {"127.0.0.1", "::1"});
    const auto port = std::to_string(peer.port());
    EXPECT_EQ(dial(peer.port()), "127.0.0.1:" + port);
    EXPECT_THAT(dialer->evidence().steps,
                ElementsAre("example.com AAAA", "example.com A",
                            AllOf(StartsWith("[::1]:" + port + ": "), HasSubstr("refused")),
                            "127.0.0.1:" + port));
}

TEST_F(DialerTest, LeavesIpv4ItsShareOfTheTimeWhereIpv6IsSilent) {
    Unresponsive v6(loop, "::1", 0);
    testing::Peer v4(loop, testing::silence, "127.0.0.1", v6.port());
    resolver.set("example.com", {"127.0.0.1", "::1"});
    EXPECT_EQ(dial(v6.port(), base::Milliseconds(400)), "127.0.0.1:" + std::to_string(v6.port()));
}

// Check 95.
TEST_F(DialerTest, SilenceIsAConnectionProblemByTheDeadline) {
    Unresponsive peer(loop, "127.0.0.1", 0);
    resolver.set("example.com", {"127.0.0.1"});
    const auto begin = steady_clock::now();
    const auto result = dial(peer.port(), testing::short_deadline);
    EXPECT_LT(steady_clock::now() - begin, std::chrono::seconds(3));
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().type, ProblemType::connection);
    EXPECT_THAT(result.error().detail,
                HasSubstr("127.0.0.1:" + std::to_string(peer.port()) + ": timed out"));
}

TEST_F(DialerTest, RefusalIsAConnectionProblemThatNamesEachAddress) {
    const auto port = closed_port(loop);
    resolver.set("example.com", {"127.0.0.1", "127.0.0.2", "127.0.0.3"});
    const auto result = dial(port);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().type, ProblemType::connection);
    EXPECT_THAT(result.error().detail,
                AllOf(HasSubstr("127.0.0.1:" + std::to_string(port)), HasSubstr("127.0.0.2:"),
                      HasSubstr("refused"),
                      Not(HasSubstr("127.0.0.3"))));  // two attempts of a family are enough
}

// Check 95.
TEST_F(DialerTest, WhatIsNotAnsweredIsADnsProblem) {
    resolver.set("nodata.example", {});
    resolver.add("servfail.example", RecordType::a,
                 testing::with_outcome(Outcome::server_failure, 2));
    resolver.add("bogus.example", RecordType::aaaa, base::fail("bogus: no signature"));
    resolver.add("both.example", RecordType::aaaa, base::fail("bogus"));
    resolver.add("both.example", RecordType::a, base::fail("bogus"));
    const std::pair<const char*, const char*> cases[] = {
        {"nxdomain.example", "NXDOMAIN"},
        {"nodata.example", "neither AAAA nor A"},
        {"servfail.example", "response code 2"},
        {"bogus.example", "bogus: no signature"},
        {"both.example", "bogus"},
    };
    for (const auto& [name, word] : cases) {
        Dialer attempt(resolver, egress, steady_clock::now() + std::chrono::seconds(5));
        const auto result = loop.run(attempt.connect(name, 80, Reach::of_validated_name()));
        ASSERT_FALSE(result) << name;
        EXPECT_EQ(result.error().type, ProblemType::dns) << name;
        EXPECT_THAT(result.error().detail, HasSubstr(word));
    }
}

TEST_F(DialerTest, OneAnsweredFamilyIsEnough) {
    testing::Peer peer(loop, testing::silence);
    resolver.add("example.com", RecordType::aaaa, testing::with_outcome(Outcome::server_failure));
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.1"}));
    EXPECT_TRUE(dial(peer.port()));
}

// Check 122.
TEST_F(DialerTest, AnAddressNeedsNoDns) {
    testing::Peer peer(loop, testing::silence);
    Dialer attempt(resolver, egress, steady_clock::now() + std::chrono::seconds(5));
    EXPECT_TRUE(loop.run(attempt.connect(base::IpAddress::from_text("127.0.0.1").value(),
                                         peer.port(), Reach::of_validated_name())));
    EXPECT_THAT(resolver.queries(), IsEmpty());
}

// Check 100.
TEST_F(DialerTest, ForbiddenAddressesAreNotDialled) {
    testing::Peer peer(loop, testing::silence);
    egress = EgressPolicy({});
    for (const char* address : {"127.0.0.1", "::1", "10.0.0.1", "172.16.0.1", "192.168.0.1",
                                "169.254.169.254", "fe80::1", "fc00::1", "::ffff:10.0.0.1",
                                "::ffff:127.0.0.1", "64:ff9b::10.0.0.1", "0.0.0.0", "224.0.0.1"}) {
        resolver.set("example.com", {address});
        const auto by_name = dial(peer.port());
        Dialer attempt(resolver, egress, steady_clock::now() + std::chrono::seconds(5));
        const auto by_address =
            loop.run(attempt.connect(base::IpAddress::from_lenient_text(address).value(),
                                     peer.port(), Reach::of_validated_name()));
        ASSERT_FALSE(by_name) << address;
        ASSERT_FALSE(by_address) << address;
        EXPECT_EQ(by_name.error().type, ProblemType::connection);
        EXPECT_EQ(by_address.error().type, ProblemType::connection);
        EXPECT_THAT(by_name.error().detail, HasSubstr("no address that validation may connect to"));
        EXPECT_THAT(by_address.error().detail,
                    HasSubstr("no address that validation may connect to"));
    }
    EXPECT_EQ(peer.connections(), 0);
}

TEST_F(DialerTest, ForbiddenAddressesAreSkipped) {
    testing::Peer forbidden(loop, testing::silence, "127.0.0.2");
    testing::Peer allowed(loop, testing::silence, "127.0.0.1", forbidden.port());
    egress = EgressPolicy({base::IpNetwork::from_text("127.0.0.1").value()});
    resolver.set("example.com", {"127.0.0.2", "::1", "127.0.0.1"});
    EXPECT_EQ(dial(allowed.port()), "127.0.0.1:" + std::to_string(allowed.port()));
    EXPECT_EQ(forbidden.connections(), 0);
}

// Check 101.
TEST_F(DialerTest, EachConnectionResolvesAgain) {
    testing::Peer inside(loop, testing::silence, "127.0.0.2");
    testing::Peer outside(loop, testing::silence, "127.0.0.1", inside.port());
    egress = EgressPolicy({base::IpNetwork::from_text("127.0.0.1").value()});
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.1"}));
    resolver.add("example.com", RecordType::a, testing::with_addresses({"127.0.0.2"}));
    Dialer attempt(resolver, egress, steady_clock::now() + std::chrono::seconds(5));
    EXPECT_TRUE(
        loop.run(attempt.connect("example.com", inside.port(), Reach::of_validated_name())));
    EXPECT_FALSE(
        loop.run(attempt.connect("example.com", inside.port(), Reach::of_validated_name())));
    EXPECT_EQ(inside.connections(), 0);
}

TEST_F(DialerTest, AThousandForbiddenAddressesMakeAShortMessage) {
    egress = EgressPolicy({});
    resolver.set("example.com", std::vector<std::string>(1000, "10.0.0.1"));
    const auto result = dial(80);
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().detail, HasSubstr("and 996 more"));
    EXPECT_LT(result.error().detail.size(), 200U);
}

TEST_F(DialerTest, ACancelledTaskFindsNothing) {
    Unresponsive peer(loop, "127.0.0.1", 0);
    resolver.set("example.com", {"127.0.0.1"});
    boost::asio::steady_timer soon(loop.context(), std::chrono::milliseconds(50));
    soon.async_wait([&](auto) { loop.cancel(); });
    EXPECT_THROW(static_cast<void>(dial(peer.port())), boost::system::system_error);
}

TEST_F(DialerTest, RedirectsReachOneGrantedAddressAtMost) {
    testing::Peer first(loop, testing::silence, "127.0.0.1");
    testing::Peer second(loop, testing::silence, "127.0.0.2", first.port());
    resolver.set("example.com", {"127.0.0.2", "127.0.0.1"});
    const auto address = base::IpAddress::from_text("127.0.0.1").value();
    Dialer attempt(resolver, egress, steady_clock::now() + std::chrono::seconds(5));
    const auto reached =
        loop.run(attempt.connect("example.com", first.port(), Reach::of_redirect(address)));
    ASSERT_TRUE(reached);
    EXPECT_EQ(reached->address, address);
    EXPECT_EQ(reached->space, AddressSpace::granted);
    const auto none =
        loop.run(attempt.connect("example.com", first.port(), Reach::of_redirect(std::nullopt)));
    const auto absent =
        loop.run(attempt.connect("absent.example", 80, Reach::of_redirect(std::nullopt)));
    ASSERT_FALSE(none);
    ASSERT_FALSE(absent);
    EXPECT_EQ(none.error().detail, absent.error().detail) << "no difference tells what is inside";
    EXPECT_EQ(none.error().type, absent.error().type);
    EXPECT_EQ(second.connections(), 0);
}

TEST(Reach, CoversPublicSpaceAlways) {
    const auto address = base::IpAddress::from_text("192.0.2.1").value();
    for (const auto& reach : {Reach::of_validated_name(), Reach::of_redirect(std::nullopt)}) {
        EXPECT_TRUE(reach.covers(address, AddressSpace::open));
        EXPECT_FALSE(reach.covers(address, AddressSpace::closed));
    }
    EXPECT_FALSE(Reach::of_redirect(address).covers(address, AddressSpace::closed));
}

TEST_F(DialerTest, WantOfDescriptorsIsNoFinding) {
    resolver.set("example.com", {"127.0.0.1"});
    const net::FailingSockets no_descriptors(EMFILE);
    EXPECT_THROW(static_cast<void>(dial(80)), base::Shortage);
}

}  // namespace
}  // namespace cairn::va::dialer_test
