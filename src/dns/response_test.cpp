#include "dns/response.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "dns/server_exchange.h"
#include "dns/testing/dns_server.h"

namespace cairn::dns::response_test {
namespace {

using Transport = TestServer::Transport;
using Messages = TestServer::Messages;

base::Result<Response, ServerError> ask(const TestServer& server,
                                        base::Milliseconds patience = base::Milliseconds(3000)) {
    return ask_server(net::SocketAddress::from_text(server.address()).value(), "a.example",
                      RecordType::txt, Recursion::none, patience);
}

base::Bytes referral(base::BytesView query) {
    const TestReply reply{.records = {{"example", RecordType::ns, wire_name("NS.example")},
                                      {"ns.example", RecordType::a, {192, 0, 2, 1}}}};
    auto message = reply.to(query);
    message[7] = 0;   // no answers,
    message[9] = 1;   // but an authority
    message[11] = 1;  // and its address
    return message;
}

TEST(DnsResponse, TellsWhoKnowsMore) {
    TestServer server([](base::BytesView query, Transport) { return Messages{referral(query)}; });
    const auto response = ask(server);
    ASSERT_TRUE(response) << response.error().message;
    EXPECT_FALSE(response->is_authoritative);
    EXPECT_TRUE(response->answers.empty());
    ASSERT_EQ(response->authorities.size(), 1U);
    EXPECT_EQ(response->authorities[0].owner, "example");
    EXPECT_EQ(response->authorities[0].text, "ns.example");
    ASSERT_EQ(response->additionals.size(), 1U);
    EXPECT_EQ(response->additionals[0].text, "192.0.2.1");
}

TEST(DnsResponse, ComesOverTcpIfItIsLarge) {
    TestServer server([](base::BytesView query, Transport transport) {
        if (transport == Transport::udp) return Messages{TestReply{.truncated = true}.to(query)};
        return Messages{TestReply{.records = {{"", RecordType::txt, txt_data("hello")}}}.to(query)};
    });
    const auto response = ask(server);
    ASSERT_TRUE(response) << response.error().message;
    ASSERT_EQ(response->answers.size(), 1U);
    EXPECT_EQ(response->answers[0].text, "hello");
}

TEST(DnsResponse, MayNotCome) {
    TestServer server([](base::BytesView, Transport) { return Messages{}; });
    const auto response = ask(server, base::Milliseconds(150));
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().kind, ServerError::Kind::silent);
    EXPECT_EQ(server.queries(), 3);
}

TEST(DnsResponse, IsRefusedIfItIsBroken) {
    const auto query = make_query(1, "a.example", RecordType::txt).value();
    EXPECT_FALSE(read_response(query, "a.example", RecordType::txt)) << "no response";
    auto message = referral(query);
    EXPECT_TRUE(read_response(message, "A.example.", RecordType::txt));
    EXPECT_FALSE(read_response(message, "b.example", RecordType::txt));
    for (std::size_t size = 0; size < message.size(); ++size)
        EXPECT_FALSE(
            read_response(base::BytesView(message).first(size), "a.example", RecordType::txt))
            << size;
}

TEST(DnsResponse, HasCodesWithNames) {
    EXPECT_EQ(response_code_text(0), "NOERROR");
    EXPECT_EQ(response_code_text(9), "NOTAUTH");
    EXPECT_EQ(response_code_text(18), "BADTIME");
    EXPECT_EQ(response_code_text(77), "RCODE 77");
}

}  // namespace
}  // namespace cairn::dns::response_test
