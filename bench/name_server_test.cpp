#include "bench/name_server.h"

#include <gtest/gtest.h>

#include "dns/message.h"

namespace cairn::bench {
namespace {

std::vector<std::string> records_of(const std::string& owner) {
    if (owner == "_acme-challenge.a.bench.test") return {"first", "second"};
    return {};
}

dns::Answer ask(const std::string& name, dns::RecordType type) {
    const auto query = dns::make_query(4711, name, type);
    const auto reply = answer_dns_query(*query, records_of);
    EXPECT_TRUE(reply);
    EXPECT_EQ((*reply)[0], 4711 >> 8);
    EXPECT_EQ((*reply)[1], 4711 & 0xff);
    auto answer = dns::parse_response(*reply, name, type);
    EXPECT_TRUE(answer) << answer.error().message;
    return *answer;
}

using Outcome = dns::Answer::Outcome;

TEST(NameServer, EveryNameIsOnTheLoopback) {
    const auto answer = ask("n0.1-1.bench.test", dns::RecordType::a);
    EXPECT_EQ(answer.outcome, Outcome::found);
    ASSERT_EQ(answer.addresses.size(), 1U);
    EXPECT_EQ(answer.addresses[0].to_string(), "127.0.0.1");
    EXPECT_EQ(ask("n0.1-1.bench.test", dns::RecordType::aaaa).outcome, Outcome::no_data);
    EXPECT_EQ(ask("n0.1-1.bench.test", dns::RecordType::caa).outcome, Outcome::no_data);
}

TEST(NameServer, TextsComeFromTheBoardWithoutRegardToCase) {
    const auto answer = ask("_ACME-challenge.a.Bench.Test", dns::RecordType::txt);
    EXPECT_EQ(answer.texts, (std::vector<std::string>{"first", "second"}));
    EXPECT_EQ(ask("_acme-challenge.b.bench.test", dns::RecordType::txt).outcome, Outcome::no_data);
}

TEST(NameServer, RefusesOtherZones) {
    EXPECT_EQ(ask("example.org", dns::RecordType::a).outcome, Outcome::refused);
    EXPECT_EQ(ask("workbench.test", dns::RecordType::a).outcome, Outcome::refused);
}

TEST(NameServer, BlackHolesHaveAnAddressAndSilentDomainsNoAnswer) {
    const auto answer = ask("www.black-hole-17.test", dns::RecordType::a);
    ASSERT_EQ(answer.addresses.size(), 1U);
    EXPECT_EQ(answer.addresses[0].to_string(), black_hole_address);
    EXPECT_EQ(ask("black-hole-17.test", dns::RecordType::caa).outcome, Outcome::no_data);
    EXPECT_EQ(ask("test", dns::RecordType::caa).outcome, Outcome::no_data);
    EXPECT_FALSE(
        answer_dns_query(*dns::make_query(1, "www.silent-1.test", dns::RecordType::a), records_of));
    EXPECT_EQ(ask("black-hole-1.example.test", dns::RecordType::a).outcome, Outcome::refused);
}

TEST(NameServer, AnswersNoGarbage) {
    const auto query = *dns::make_query(1, "a.bench.test", dns::RecordType::a);
    const std::size_t option_record = 11;  // what follows the question is not looked at
    for (std::size_t size = 0; size < query.size() - option_record; ++size)
        EXPECT_FALSE(answer_dns_query(base::BytesView(query).first(size), records_of)) << size;
    auto response = query;
    response[2] |= 0x80;
    EXPECT_FALSE(answer_dns_query(response, records_of));
}

}  // namespace
}  // namespace cairn::bench
