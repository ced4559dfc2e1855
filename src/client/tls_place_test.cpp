#include "client/tls_place.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::tls_place_test {
namespace {

using net::StartTls;

TEST(TlsPlace, KnowsWhatIsSpokenBeforeTls) {
    const struct {
        const char* text;
        const char* host;
        std::uint16_t port;
        StartTls kind;
        const char* canonical;
    } cases[] = {
        {"a.example", "a.example", 443, StartTls::none, "a.example:443"},
        {"a.example:465", "a.example", 465, StartTls::none, "a.example:465"},
        {"a.example:25", "a.example", 25, StartTls::smtp, "a.example:25"},
        {"a.example:587", "a.example", 587, StartTls::smtp, "a.example:587"},
        {"[2001:db8::1]:143", "2001:db8::1", 143, StartTls::imap, "[2001:db8::1]:143"},
        {"smtp://a.example", "a.example", 25, StartTls::smtp, "a.example:25"},
        {"smtp://a.example:2525", "a.example", 2525, StartTls::smtp, "smtp://a.example:2525"},
        {"postgresql://::1", "::1", 5432, StartTls::postgresql, "[::1]:5432"},
        {"smtp://a.example:443", "a.example", 443, StartTls::smtp, "smtp://a.example:443"},
        {"tls://a.example:25", "a.example", 25, StartTls::none, "tls://a.example:25"},
    };
    for (const auto& each : cases) {
        const auto place = TlsPlace::from_text(each.text);
        ASSERT_TRUE(place) << each.text << ": " << place.error().message;
        EXPECT_EQ(place->place.host, each.host) << each.text;
        EXPECT_EQ(place->place.port, each.port) << each.text;
        EXPECT_EQ(place->start_tls, each.kind) << each.text;
        EXPECT_EQ(place->to_string(), each.canonical);
    }
}

TEST(TlsPlace, RefusesWhatIsNoPlace) {
    for (const auto* bad : {"", "a:b:c", "gopher://a.example", "smtp://", "smtp://a:0", "://a"})
        EXPECT_FALSE(TlsPlace::from_text(bad)) << bad;
    EXPECT_THAT(TlsPlace::from_text("gopher://a.example").error().message,
                ::testing::HasSubstr("smtp"));
}

}  // namespace
}  // namespace cairn::client::tls_place_test
