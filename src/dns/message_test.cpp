#include "dns/message.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/testing/dns_server.h"

namespace cairn::dns::message_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using Outcome = Answer::Outcome;

base::Bytes query_for(std::string_view name, RecordType type) {
    return make_query(0x1234, name, type).value();
}

base::Result<Answer> parsed(const TestReply& reply, std::string_view name, RecordType type) {
    return parse_response(reply.to(query_for(name, type)), name, type);
}

TEST(DnsQuery, HasTheWireFormatOfRfc1035AndRfc6891) {
    EXPECT_EQ(base::to_hex(query_for("a.example", RecordType::txt)),
              "1234"
              "0100"
              "0001"
              "0000"
              "0000"
              "0001"
              "0161076578616d706c6500"
              "0010"
              "0001"
              "00"
              "0029"
              "04d0"
              "00000000"
              "0000");
    EXPECT_EQ(query_for("a.example.", RecordType::txt), query_for("a.example", RecordType::txt));
    const auto direct = make_query(0x1234, "a.example", RecordType::txt, Recursion::none).value();
    EXPECT_EQ(direct[2], 0);
    EXPECT_EQ(direct[3], 0);
}

/// `reply` with its records in the authority section.
base::Bytes with_authority(const TestReply& reply, std::string_view name, RecordType type) {
    auto message = reply.to(query_for(name, type));
    std::swap(message[7], message[9]);
    return message;
}

TEST(DnsQuery, RefusesWhatIsNoName) {
    const std::string label(63, 'a');
    EXPECT_TRUE(make_query(0, label, RecordType::a));
    const std::string longest =
        label + "." + label + "." + label + "." + std::string(61, 'a');  // 253 octets
    EXPECT_TRUE(make_query(0, longest, RecordType::a));
    for (const std::string& name :
         {std::string(), std::string("."), std::string("a..b"), std::string(".a"), "a" + label,
          longest + "a", std::string("a b"), std::string("a\\046b"),
          std::string("\xc3\xa4.example"), std::string("a\0b", 3)}) {
        EXPECT_FALSE(make_query(0, name, RecordType::a)) << base::printable(name);
    }
}

TEST(DnsMessage, ReadsAddresses) {
    const auto a = parsed({.records = {{"", RecordType::a, {192, 0, 2, 1}, 60},
                                       {"", RecordType::a, {192, 0, 2, 2}, 30}}},
                          "www.example", RecordType::a);
    ASSERT_TRUE(a) << a.error().message;
    EXPECT_EQ(a->outcome, Outcome::found);
    ASSERT_EQ(a->addresses.size(), 2U);
    EXPECT_EQ(a->addresses[0].to_string(), "192.0.2.1");
    EXPECT_EQ(a->addresses[1].to_string(), "192.0.2.2");
    EXPECT_EQ(a->time_to_live, 30U);
    EXPECT_EQ(a->canonical_name, "www.example");

    base::Bytes v6(16);
    v6[0] = 0x20;
    v6[1] = 0x01;
    v6[15] = 0x05;
    const auto aaaa =
        parsed({.records = {{"", RecordType::aaaa, v6}}}, "www.example", RecordType::aaaa);
    ASSERT_TRUE(aaaa);
    EXPECT_EQ(aaaa->addresses.at(0).to_string(), "2001::5");
    EXPECT_FALSE(parsed({.records = {{"", RecordType::aaaa, {1, 2, 3, 4}}}}, "www.example",
                        RecordType::aaaa));
    EXPECT_FALSE(parsed({.records = {{"", RecordType::a, v6}}}, "www.example", RecordType::a));
}

// Check 104.
TEST(DnsMessage, JoinsTheStringsOfATextRecord) {
    const auto answer = parsed(
        {.records = {{"", RecordType::txt, {2, 'a', 'b', 0, 1, 'c'}}, {"", RecordType::txt, {0}}}},
        "t.example", RecordType::txt);
    ASSERT_TRUE(answer);
    EXPECT_THAT(answer->texts, ElementsAre("abc", ""));
    for (const base::Bytes& broken : {base::Bytes{}, base::Bytes{1}, base::Bytes{3, 'a', 'b'}}) {
        EXPECT_FALSE(
            parsed({.records = {{"", RecordType::txt, broken}}}, "t.example", RecordType::txt));
    }
}

TEST(DnsMessage, ReadsCaa) {
    base::Bytes issue{0x80, 5, 'I', 's', 's', 'u', 'e', 'c', 'a', '.', 'x'};
    const auto answer = parsed(
        {.records = {{"", RecordType::caa, issue}, {"", RecordType::caa, {1, 3, 't', 'b', 's'}}}},
        "example", RecordType::caa);
    ASSERT_TRUE(answer);
    ASSERT_EQ(answer->caa.size(), 2U);
    EXPECT_TRUE(answer->caa[0].critical);
    EXPECT_EQ(answer->caa[0].tag, "issue");
    EXPECT_EQ(base::text_of(answer->caa[0].value), "ca.x");
    EXPECT_FALSE(answer->caa[1].critical);
    EXPECT_EQ(answer->caa[1].flags, 1);
    EXPECT_EQ(answer->caa[1].value, base::Bytes());
    // A property that cannot be read must not be ignored: it may forbid issuance.
    for (const base::Bytes& broken :
         {base::Bytes{}, base::Bytes{0}, base::Bytes{0, 0}, base::Bytes{0, 6, 'i', 's', 's'}}) {
        EXPECT_FALSE(
            parsed({.records = {{"", RecordType::caa, issue}, {"", RecordType::caa, broken}}},
                   "example", RecordType::caa));
    }
}

TEST(DnsMessage, ReadsNameServersAndTheStartOfAZone) {
    const auto servers = parsed({.records = {{"", RecordType::ns, wire_name("NS1.Example")},
                                             {"", RecordType::ns, {2, 'n', 's', 0xc0, 14}}}},
                                "a.example", RecordType::ns);
    ASSERT_TRUE(servers) << servers.error().message;
    EXPECT_THAT(servers->name_servers, ElementsAre("ns1.example", "ns.example"));
    EXPECT_FALSE(servers->is_authoritative);

    auto start = wire_name("ns1.example");
    std::ranges::copy(wire_name("h.example"), std::back_inserter(start));
    const base::Bytes numbers{0, 0, 1, 2, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1};
    start.insert(start.end(), numbers.begin(), numbers.end());
    const auto zone =
        parsed({.records = {{"", RecordType::soa, start}}}, "a.example", RecordType::soa);
    ASSERT_TRUE(zone) << zone.error().message;
    ASSERT_TRUE(zone->soa);
    EXPECT_EQ(zone->soa->primary, "ns1.example");
    EXPECT_EQ(zone->soa->serial, 258U);

    auto broken = start;
    broken.pop_back();
    EXPECT_FALSE(
        parsed({.records = {{"", RecordType::soa, broken}}}, "a.example", RecordType::soa));
    broken = start;
    broken.push_back(0);
    EXPECT_FALSE(
        parsed({.records = {{"", RecordType::soa, broken}}}, "a.example", RecordType::soa));
    EXPECT_FALSE(
        parsed({.records = {{"", RecordType::ns, {3, 'n', 's'}}}}, "a.example", RecordType::ns));
}

TEST(DnsMessage, SaysWhetherTheServerHasTheZone) {
    const auto query = query_for("a.example", RecordType::a);
    auto message = TestReply{.records = {{"", RecordType::a, {192, 0, 2, 1}}}}.to(query);
    EXPECT_FALSE(parse_response(message, "a.example", RecordType::a)->is_authoritative);
    message[2] |= 0x04;
    EXPECT_TRUE(parse_response(message, "a.example", RecordType::a)->is_authoritative);
}

TEST(DnsMessage, SaysWhyThereIsNothing) {
    const std::pair<int, Outcome> cases[] = {
        {0, Outcome::no_data},      {1, Outcome::other_failure}, {2, Outcome::server_failure},
        {3, Outcome::no_such_name}, {5, Outcome::refused},       {9, Outcome::other_failure}};
    for (const auto& [code, outcome] : cases) {
        const auto answer = parsed({.response_code = code}, "n.example", RecordType::a);
        ASSERT_TRUE(answer);
        EXPECT_EQ(answer->outcome, outcome);
        EXPECT_EQ(answer->response_code, code);
        EXPECT_EQ(answer->time_to_live, 0U);
    }
}

// Check 105.
TEST(DnsMessage, FollowsTheChainOfAliases) {
    const TestReply reply{.records = {{"b.example", RecordType::cname, wire_name("C.example"), 20},
                                      {"", RecordType::cname, wire_name("B.example"), 50},
                                      {"other.example", RecordType::a, {192, 0, 2, 9}, 1},
                                      {"c.example", RecordType::a, {192, 0, 2, 1}, 40}}};
    const auto answer = parsed(reply, "A.Example", RecordType::a);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_EQ(answer->canonical_name, "c.example");
    ASSERT_EQ(answer->addresses.size(), 1U);
    EXPECT_EQ(answer->addresses[0].to_string(), "192.0.2.1");
    EXPECT_EQ(answer->time_to_live, 20U);

    const auto alias = parsed(reply, "a.example", RecordType::cname);
    ASSERT_TRUE(alias);
    EXPECT_EQ(alias->outcome, Outcome::found);
    EXPECT_EQ(alias->canonical_name, "b.example");

    const auto nowhere = parsed(
        {.response_code = 3, .records = {{"", RecordType::cname, wire_name("gone.example")}}},
        "a.example", RecordType::a);
    ASSERT_TRUE(nowhere);
    EXPECT_EQ(nowhere->outcome, Outcome::no_such_name);
    EXPECT_EQ(nowhere->canonical_name, "gone.example");
}

// Check 105.
TEST(DnsMessage, RefusesEndlessAndDoubtfulAliases) {
    const auto loop =
        parsed({.records = {{"", RecordType::cname, wire_name("b.example")},
                            {"b.example", RecordType::cname, wire_name("a.example")}}},
               "a.example", RecordType::a);
    ASSERT_FALSE(loop);
    EXPECT_THAT(loop.error().message, HasSubstr("loops"));

    TestReply chain;
    for (std::size_t link = 0; link < max_cname_links; ++link) {
        chain.records.push_back({"n" + std::to_string(link) + ".example", RecordType::cname,
                                 wire_name("n" + std::to_string(link + 1) + ".example")});
    }
    EXPECT_TRUE(parsed(chain, "n0.example", RecordType::a));
    chain.records.push_back({"n10.example", RecordType::cname, wire_name("n11.example")});
    EXPECT_FALSE(parsed(chain, "n0.example", RecordType::a));

    EXPECT_FALSE(parsed({.records = {{"", RecordType::cname, wire_name("b.example")},
                                     {"", RecordType::cname, wire_name("c.example")}}},
                        "a.example", RecordType::a));
    base::Bytes overlong = wire_name("b.example");
    overlong.push_back(0);
    EXPECT_FALSE(
        parsed({.records = {{"", RecordType::cname, overlong}}}, "a.example", RecordType::a));
}

// Check 107.
TEST(DnsMessage, BoundsTheRecords) {
    TestReply reply;
    for (std::size_t count = 0; count < max_records; ++count) {
        reply.records.push_back({"", RecordType::a, {192, 0, 2, 1}});
    }
    const auto most = parsed(reply, "a.example", RecordType::a);
    ASSERT_TRUE(most) << most.error().message;
    EXPECT_EQ(most->addresses.size(), max_records);
    reply.records.push_back({"", RecordType::a, {192, 0, 2, 1}});
    const auto more = parsed(reply, "a.example", RecordType::a);
    ASSERT_FALSE(more);
    EXPECT_THAT(more.error().message, HasSubstr("more than 1000 records"));
    reply.records.resize(4000, {"", RecordType::a, {192, 0, 2, 1}});
    EXPECT_FALSE(parsed(reply, "a.example", RecordType::a));
}

// Check 108.
TEST(DnsMessage, RefusesWhatDoesNotAnswerTheQuestion) {
    const auto query = query_for("a.example", RecordType::a);
    const auto good = TestReply{.records = {{"", RecordType::a, {192, 0, 2, 1}}}}.to(query);
    ASSERT_TRUE(parse_response(good, "a.example", RecordType::a));

    const auto expect_refused = [](base::Bytes message, std::string_view why) {
        const auto answer = parse_response(message, "a.example", RecordType::a);
        ASSERT_FALSE(answer) << why;
        EXPECT_THAT(answer.error().message, HasSubstr(std::string(why)));
    };
    auto message = good;
    message[2] = 0x01;
    expect_refused(message, "not a response");
    message = good;
    message[2] = 0xa9;  // opcode 5
    expect_refused(message, "not a response");
    message = good;
    message[2] |= 0x02;
    expect_refused(message, "truncated");
    message = good;
    message[5] = 0;
    expect_refused(message, "question");
    message = good;
    message[5] = 2;
    expect_refused(message, "question");
    EXPECT_FALSE(parse_response(good, "b.example", RecordType::a));
    EXPECT_FALSE(parse_response(good, "a.example", RecordType::aaaa));
    EXPECT_TRUE(parse_response(good, "A.EXAMPLE.", RecordType::a));
    for (std::size_t size = 0; size < good.size(); ++size) {
        EXPECT_FALSE(parse_response(base::BytesView(good).first(size), "a.example", RecordType::a))
            << size;
    }
}

TEST(DnsMessage, RefusesBrokenNames) {
    const auto query = query_for("a.example", RecordType::a);
    const auto with_owner = [&](const base::Bytes& owner) {
        auto message = TestReply().to(query);
        message[7] = 1;
        message.insert(message.end(), owner.begin(), owner.end());
        const base::Bytes rest{0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 192, 0, 2, 1};
        message.insert(message.end(), rest.begin(), rest.end());
        return parse_response(message, "a.example", RecordType::a);
    };
    const auto here = static_cast<std::uint8_t>(TestReply().to(query).size());
    EXPECT_TRUE(with_owner({0xc0, 12}));
    EXPECT_TRUE(with_owner({1, 'A', 0xc0, 14})->addresses.size() == 1);
    EXPECT_FALSE(with_owner({0xc0, here})) << "a pointer to itself";
    EXPECT_FALSE(with_owner({0xc0, static_cast<std::uint8_t>(here + 2)})) << "forward";
    EXPECT_FALSE(with_owner({0xff, 0xff})) << "out of the message";
    EXPECT_FALSE(with_owner({0x40, 'a', 0})) << "a reserved kind of label";
    EXPECT_FALSE(with_owner({0x80, 'a', 0})) << "a reserved kind of label";
    base::Bytes too_long;
    for (int label = 0; label < 5; ++label) {
        too_long.push_back(63);
        too_long.insert(too_long.end(), 63, 'a');
    }
    too_long.push_back(0);
    EXPECT_FALSE(with_owner(too_long));
}

TEST(DnsMessage, KeepsOctetsOfALabelApartFromItsText) {
    // The target's first label is the five octets "a.b\" and a zero: not the name a.b\...
    const base::Bytes target{5, 'a', '.', 'b', '\\', 0, 1, 'x', 0};
    const auto answer = parsed(
        {.records = {{"", RecordType::cname, target}, {"a.b.x", RecordType::a, {192, 0, 2, 1}}}},
        "q.example", RecordType::a);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->outcome, Outcome::no_data);
    EXPECT_EQ(answer->canonical_name, "a\\046b\\092\\000.x");
}

TEST(DnsMessage, TakesAnEnormousTimeToLiveForZero) {
    const auto answer = parsed({.records = {{"", RecordType::a, {192, 0, 2, 1}, 0x80000000U}}},
                               "a.example", RecordType::a);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->time_to_live, 0U);
}

TEST(DnsResponseParser, TellsADenialFromAReferral) {
    const TestRecord servers{"example", RecordType::ns, wire_name("ns.example")};
    auto start = wire_name("ns.example");
    std::ranges::copy(wire_name("hostmaster.example"), std::back_inserter(start));
    start.resize(start.size() + 20);
    const TestRecord authority{"example", RecordType::soa, start};
    const auto is_referral = [](std::vector<TestRecord> records) {
        const auto message =
            with_authority({.records = std::move(records)}, "a.example", RecordType::caa);
        const auto answer = parse_response(message, "a.example", RecordType::caa);
        EXPECT_TRUE(answer && answer->outcome == Outcome::no_data);
        return answer && answer->is_referral;
    };
    EXPECT_TRUE(is_referral({servers}));
    EXPECT_FALSE(is_referral({}));
    EXPECT_FALSE(is_referral({authority}));
    EXPECT_FALSE(is_referral({servers, authority}));

    const auto whole = with_authority({.records = {servers}}, "a.example", RecordType::caa);
    for (std::size_t size = 0; size < whole.size(); ++size)
        EXPECT_FALSE(
            parse_response(base::BytesView(whole).first(size), "a.example", RecordType::caa))
            << size;
}

}  // namespace
}  // namespace cairn::dns::message_test
