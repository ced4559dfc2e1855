#include "http/forwarded_for.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace cairn::http::forwarded_for_test {
namespace {

// Check 168.
TEST(ForwardedFor, IsTheRightmostAddressThatIsNoProxy) {
    const std::vector<base::IpNetwork> trusted{*base::IpNetwork::from_text("10.0.0.0/8"),
                                               *base::IpNetwork::from_text("fd00::/8")};
    struct Case {
        const char* peer;
        std::vector<std::string> fields;
        const char* client;
    };
    for (const auto& [peer, fields, client] : std::vector<Case>{
             {"10.0.0.1", {}, "10.0.0.1"},
             {"10.0.0.1", {"192.0.2.7"}, "192.0.2.7"},
             // Anyone could have written what stands further left.
             {"10.0.0.1", {"203.0.113.9, 192.0.2.7"}, "192.0.2.7"},
             {"10.0.0.1", {"10.0.0.9, 192.0.2.7"}, "192.0.2.7"},
             {"10.0.0.1", {"203.0.113.9, 192.0.2.7, 10.0.0.2,fd00::1"}, "192.0.2.7"},
             {"10.0.0.1", {"203.0.113.9", "192.0.2.7"}, "192.0.2.7"},
             {"10.0.0.1", {"192.0.2.7", "10.0.0.3", "10.0.0.2"}, "192.0.2.7"},
             {"10.0.0.1", {"10.0.0.3"}, "10.0.0.3"},
             // What is no address ends it.
             {"10.0.0.1", {"192.0.2.7, unknown, 10.0.0.2"}, "10.0.0.2"},
             {"10.0.0.1", {""}, "10.0.0.1"},
             {"10.0.0.1", {"192.0.2.7,"}, "10.0.0.1"},
             {"10.0.0.1", {"192.0.2.7 192.0.2.8"}, "10.0.0.1"},
             // With ports, brackets, or as IPv4 within IPv6.
             {"10.0.0.1", {"192.0.2.7:4711"}, "192.0.2.7"},
             {"10.0.0.1", {"[2001:db8::7]:4711"}, "2001:db8::7"},
             {"10.0.0.1", {"[2001:db8::7"}, "10.0.0.1"},
             {"fd00::2", {"2001:db8::7"}, "2001:db8::7"},
             {"10.0.0.1", {"192.0.2.7, ::ffff:10.0.0.2"}, "192.0.2.7"},
             // Nobody else is believed.
             {"192.0.2.1", {"198.51.100.7"}, "192.0.2.1"},
             {"2001:db8::1", {"10.0.0.1"}, "2001:db8::1"},
         }) {
        Request request;
        for (const auto& value : fields) {
            request.fields.emplace_back("x-Forwarded-FOR", value);
            request.fields.emplace_back("X-Real-IP", "198.51.100.99");
        }
        const auto from = *base::IpAddress::from_text(peer);
        EXPECT_EQ(forwarded_client(request, from, trusted).to_string(), client)
            << peer << " " << (fields.empty() ? "" : fields.front());
    }
}

}  // namespace
}  // namespace cairn::http::forwarded_for_test
