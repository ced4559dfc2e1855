#include "client/dns/record_place.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/fake_dns.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::record_place_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::record;
using enum dns::RecordType;

constexpr const char* resolver = "192.0.2.53:53";
constexpr const char* parent_server = "192.0.2.1:53";
constexpr const char* child_server = "192.0.2.2:53";
constexpr int no_such_name = 3;

class RecordPlacesTest : public ::testing::Test {
  protected:
    RecordPlacesTest() {
        zone("example.com", "ns.example.com", "192.0.2.1");
        // Below it the resolver knows no zone, and says which one it is.
        dns_.put(resolver, "www.example.com", soa,
                 {.code = 0,
                  .is_authoritative = false,
                  .authorities = {record("example.com", soa, "ns.example.com")}});
        deny("_acme-challenge.www.example.com", parent_server, "example.com");
    }
    void zone(const std::string& apex, const std::string& server, const std::string& address) {
        dns_.put(resolver, apex, soa,
                 {.is_authoritative = false, .answers = {record(apex, soa, server)}});
        dns_.put(resolver, apex, ns,
                 {.is_authoritative = false, .answers = {record(apex, ns, server)}});
        dns_.put(resolver, server, a,
                 {.is_authoritative = false, .answers = {record(server, a, address)}});
        dns_.put(resolver, server, aaaa, {.is_authoritative = false});
    }
    void deny(const std::string& name, const std::string& server, const std::string& apex) {
        dns_.put(server, name, soa,
                 {.code = no_such_name, .authorities = {record(apex, soa, "ns." + apex)}});
    }
    RecordPlace find(const std::string& name,
                     std::optional<net::SocketAddress> authority = std::nullopt) {
        return RecordPlaces({.resolvers = {net::SocketAddress::from_text(resolver).value()},
                             .authority = authority},
                            dns_.ask())
            .find(name);
    }
    std::string failure_of(const std::string& name) {
        try {
            static_cast<void>(find(name));
        } catch (const Failure& failure) {
            return failure.what();
        }
        return "no failure";
    }
    testing::FakeDns dns_;
};

TEST_F(RecordPlacesTest, FindsTheZoneAndItsServers) {
    const auto place = find("_acme-challenge.WWW.example.com");
    EXPECT_EQ(place.name, "_acme-challenge.www.example.com");
    EXPECT_EQ(place.zone, "example.com");
    ASSERT_EQ(place.servers.size(), 1U);
    EXPECT_EQ(place.servers[0].text(), "ns.example.com (192.0.2.1)");
}

TEST_F(RecordPlacesTest, FollowsAnAliasToItsZone) {
    dns_.put(
        parent_server, "_acme-challenge.www.example.com", soa,
        {.answers = {record("_acme-challenge.www.example.com", cname, "X.Proofs.example.net")}});
    zone("proofs.example.net", "ns.example.net", "192.0.2.2");
    deny("x.proofs.example.net", child_server, "proofs.example.net");
    const auto place = find("_acme-challenge.www.example.com");
    EXPECT_EQ(place.name, "x.proofs.example.net");
    EXPECT_EQ(place.zone, "proofs.example.net");
    EXPECT_EQ(place.servers.at(0).address.to_string(), child_server);
}

TEST_F(RecordPlacesTest, TakesNoWildcardForAnAlias) {
    for (const auto* name : {"_acme-challenge.www.example.com",
                             "_cairn-looks-for-wildcards.www.example.com", "www.example.com"})
        dns_.put(parent_server, name, soa, {.answers = {record(name, cname, "cdn.example.net")}});
    dns_.put(parent_server, "example.com", soa,
             {.answers = {record("example.com", soa, "ns.example.com")}});
    const auto place = find("_acme-challenge.www.example.com");
    EXPECT_EQ(place.name, "_acme-challenge.www.example.com");
    EXPECT_EQ(place.zone, "example.com");
    const auto own = net::SocketAddress::from_text(parent_server).value();
    EXPECT_EQ(find("_acme-challenge.www.example.com", own).zone, "example.com");
}

TEST_F(RecordPlacesTest, FollowsADelegationOfTheNameItself) {
    dns_.put(parent_server, "_acme-challenge.www.example.com", soa,
             {.is_authoritative = false,
              .authorities = {record("_acme-challenge.www.example.com", ns, "ns.example.net")},
              .additionals = {record("ns.example.net", a, "192.0.2.2")}});
    dns_.put(child_server, "_acme-challenge.www.example.com", soa,
             {.answers = {record("_acme-challenge.www.example.com", soa, "ns.example.net")}});
    const auto place = find("_acme-challenge.www.example.com");
    EXPECT_EQ(place.zone, "_acme-challenge.www.example.com");
    EXPECT_EQ(place.servers.at(0).address.to_string(), child_server);
}

TEST_F(RecordPlacesTest, BelievesTheProvidersOwnServerFirst) {
    const auto own = net::SocketAddress::from_text("10.0.0.1:5353").value();
    dns_.put(
        "10.0.0.1:5353", "_acme-challenge.www.example.com", soa,
        {.code = no_such_name, .authorities = {record("www.example.com", soa, "hidden.test")}});
    dns_.put("10.0.0.1:5353", "www.example.com", ns,
             {.answers = {record("www.example.com", ns, "ns.example.com")}});
    const auto place = find("_acme-challenge.www.example.com", own);
    EXPECT_EQ(place.zone, "www.example.com");
    EXPECT_EQ(place.servers.at(0).text(), "ns.example.com (192.0.2.1)");
}

TEST_F(RecordPlacesTest, EndsInCirclesAndLongChains) {
    const std::string first = "_acme-challenge.www.example.com";
    dns_.put(parent_server, first, soa, {.answers = {record(first, cname, "b.example.com")}});
    dns_.put(parent_server, "b.example.com", soa,
             {.answers = {record("b.example.com", cname, first)}});
    EXPECT_THAT(failure_of(first), HasSubstr("circle"));
    for (int i = 0; i < 12; ++i) {
        const auto name = i == 0 ? first : "n" + std::to_string(i) + ".example.com";
        dns_.put(parent_server, name, soa,
                 {.answers = {record(name, cname, "n" + std::to_string(i + 1) + ".example.com")}});
    }
    EXPECT_THAT(failure_of(first), HasSubstr("more than 10 aliases"));
}

TEST_F(RecordPlacesTest, SaysWhatTheResolverSays) {
    EXPECT_THAT(failure_of("_acme-challenge.other.test"),
                HasSubstr("the resolver 192.0.2.53:53 says of test SOA: REFUSED"));
}

TEST(SystemResolvers, AreThoseOfTheFile) {
    const testing::TemporaryFolder folder;
    std::ofstream(folder / "resolv.conf") << "# nameserver 192.0.2.9\nsearch example.com\n"
                                             "nameserver 192.0.2.1\nnameserver\t2001:db8::1 # x\n"
                                             "nameserver not-an-address\nnameserver 192.0.2.3\n"
                                             "nameserver 192.0.2.4\n";
    std::vector<std::string> texts;
    for (const auto& address : system_resolvers((folder / "resolv.conf").string()))
        texts.push_back(address.to_string());
    EXPECT_THAT(texts, ElementsAre("192.0.2.1:53", "[2001:db8::1]:53", "192.0.2.3:53"));
}

}  // namespace
}  // namespace cairn::client::record_place_test
