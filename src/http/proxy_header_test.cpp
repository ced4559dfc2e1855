#include "http/proxy_header.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "http/testing/proxy_header.h"

namespace cairn::http::proxy_header_test {
namespace {

using ::testing::HasSubstr;
using Beginning = ProxyHeader::Beginning;

base::Result<ProxyHeader> read(const std::string& octets) {
    return ProxyHeader::from_octets(base::bytes_of(octets));
}

TEST(ProxyHeader, NamesTheClient) {
    struct Case {
        const char *address, *read_as;
    };
    for (const auto& [address, read_as] : std::vector<Case>{
             {"192.0.2.7", "192.0.2.7"},
             {"2001:db8::7", "2001:db8::7"},
             {"::ffff:192.0.2.7", "192.0.2.7"},
         }) {
        for (const std::string& records :
             {std::string(), std::string("\x03\0\4abcd\x04\0\0", 10)}) {
            const auto header = read(proxy_header_of(address, records));
            ASSERT_TRUE(header) << header.error().message;
            ASSERT_TRUE(header->client());
            EXPECT_EQ(header->client()->to_string(), read_as);
        }
    }
}

TEST(ProxyHeader, LetsTheProxySpeakForItself) {
    for (const auto& octets : {proxy_header(0x20, 0x00, ""), proxy_header(0x20, 0x11, "too short"),
                               proxy_header(0x20, 0xff, "?"), proxy_header(0x21, 0x00, ""),
                               proxy_header(0x21, 0x00, "whatever")}) {
        const auto header = read(octets);
        ASSERT_TRUE(header) << header.error().message;
        EXPECT_FALSE(header->client());
    }
}

TEST(ProxyHeader, RefusesWhatIsNone) {
    const auto good = proxy_header_of("192.0.2.7", "");
    struct Case {
        std::string octets;
        const char* reason;
    };
    const std::string addresses(12, 'a');
    for (const auto& [octets, reason] : std::vector<Case>{
             {"", "signature"},
             {good.substr(0, 15), "signature"},
             {"GET / HTTP/1.1\r\nHost: a\r\n\r\n", "signature"},
             {"PROXY TCP4 192.0.2.7 192.0.2.8 1 2\r\n", "signature"},
             {proxy_header(0x11, 0x11, addresses), "version"},
             {proxy_header(0x31, 0x11, addresses), "version"},
             {proxy_header(0x22, 0x11, addresses), "command"},
             {proxy_header(0x21, 0x12, addresses), "TCP"},
             {proxy_header(0x21, 0x31, std::string(216, 'a')), "TCP"},
             {proxy_header(0x21, 0x11, addresses.substr(1)), "addresses"},
             {proxy_header(0x21, 0x21, addresses), "addresses"},
             {good.substr(0, good.size() - 1), "cut short"},
             {good + "x", "too long"},
             {proxy_header(0x21, 0x11, addresses + std::string("\x03\0\5abcd", 7)), "records"},
             {proxy_header(0x21, 0x11, addresses + std::string("\x03\0", 2)), "records"},
             {proxy_header(0x21, 0x11, std::string(2049, 'a')), "longer"},
             {proxy_header(0x20, 0x00, std::string(65535, 'a')), "longer"},
         }) {
        const auto header = read(octets);
        ASSERT_FALSE(header) << octets;
        EXPECT_THAT(header.error().message, HasSubstr(reason)) << octets;
    }
    EXPECT_TRUE(read(proxy_header(0x20, 0x00, std::string(2048, 'a'))));
}

TEST(ProxyHeader, TellsBeginningsApart) {
    EXPECT_EQ(ProxyHeader::beginning_of(proxy_header_of("192.0.2.7", "")), Beginning::version_2);
    EXPECT_EQ(ProxyHeader::beginning_of("PROXY TCP4 "), Beginning::version_1);
    for (const auto* other : {"", "\r\n\r\n", "PROPFIND / HTTP/1.1", "POST", "\x16\x03\x01"})
        EXPECT_EQ(ProxyHeader::beginning_of(other), Beginning::no_header) << other;
}

}  // namespace
}  // namespace cairn::http::proxy_header_test
