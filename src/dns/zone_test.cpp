#include "dns/zone.h"

#include <algorithm>
#include <iterator>
#include <map>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/testing/dns_server.h"
#include "dns/testing/task.h"

namespace cairn::dns::zone_test {
namespace {

using ::testing::HasSubstr;
using Transport = TestServer::Transport;
using Messages = TestServer::Messages;

/// Replies by name and type; what is not there does not exist.
using Replies = std::map<std::pair<std::string, RecordType>, TestReply>;

base::Bytes start_of_authority() {
    auto data = wire_name("ns1.example.org");
    std::ranges::copy(wire_name("h.example.org"), std::back_inserter(data));
    data.resize(data.size() + 20);
    return data;
}

base::Result<Zone> zone_of(const std::string& name, const Replies& replies) {
    TestServer server([&](base::BytesView query, Transport) {
        const auto [asked, type] = question_of(query);
        const auto found = replies.find({asked, static_cast<RecordType>(type)});
        const TestReply missing{.response_code = 3};
        return Messages{(found == replies.end() ? missing : found->second).to(query)};
    });
    const auto resolver = make_stub_resolver({.servers = {server.address()}, .dnssec = false});
    return result_of(
        find_zone(*resolver, name, std::chrono::steady_clock::now() + std::chrono::seconds(10)));
}

TEST(Zone, IsTheNearestNameWithASoaOfItsOwn) {
    const auto zone = zone_of(
        "_acme-challenge.WWW.example.org.",
        {// An alias leads to another zone, whose SOA is not that of this name.
         {{"www.example.org", RecordType::soa},
          {.records = {{"", RecordType::cname, wire_name("cdn.example.net")},
                       {"cdn.example.net", RecordType::soa, start_of_authority()}}}},
         {{"example.org", RecordType::soa},
          {.records = {{"", RecordType::soa, start_of_authority()}}}},
         {{"example.org", RecordType::ns},
          {.records = {{"", RecordType::ns, wire_name("ns2.example.org")},
                       {"", RecordType::ns, wire_name("ns1.example.org")}}}},
         {{"ns1.example.org", RecordType::a},
          {.records = {{"", RecordType::a, {192, 0, 2, 1}}, {"", RecordType::a, {192, 0, 2, 2}}}}},
         {{"ns1.example.org", RecordType::aaaa}, {}}});
    ASSERT_TRUE(zone) << zone.error().message;
    EXPECT_EQ(zone->apex, "example.org");
    ASSERT_EQ(zone->servers.size(), 2U);
    EXPECT_EQ(zone->servers[0].name, "ns1.example.org");
    EXPECT_EQ(zone->servers[0].addresses.size(), 2U);
    EXPECT_EQ(zone->servers[0].fault, "");
    EXPECT_EQ(zone->servers[1].name, "ns2.example.org");
    EXPECT_EQ(zone->servers[1].fault, "it has no address");
}

TEST(Zone, IsNotThereIfNoNameHasASoa) {
    const auto zone = zone_of("a.b.example", {});
    ASSERT_FALSE(zone);
    EXPECT_THAT(zone.error().message, HasSubstr("no zone was found for a.b.example"));
}

TEST(Zone, IsNotGuessedWhereALookUpFails) {
    const auto zone =
        zone_of("a.example.org", {{{"a.example.org", RecordType::soa}, {.response_code = 2}},
                                  {{"example.org", RecordType::soa},
                                   {.records = {{"", RecordType::soa, start_of_authority()}}}}});
    ASSERT_FALSE(zone);
    EXPECT_THAT(zone.error().message, HasSubstr("looking up SOA for a.example.org"));
}

}  // namespace
}  // namespace cairn::dns::zone_test
