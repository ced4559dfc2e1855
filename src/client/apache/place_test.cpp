#include "client/apache/place.h"

#include <gtest/gtest.h>

namespace cairn::client::apache::place_test {
namespace {

using Use = Place::Use;

TEST(ApachePlace, IsReadAndWrittenAgain) {
    for (const char* text :
         {"", "/etc/apache2-intern", "http-port=8080,https-port=8443", "/etc/httpd,http-port=8080"})
        EXPECT_EQ(Place::from_text(text, Use::solver).value().text(), text);
    const auto target = Place::from_text("redirect,hsts", Use::target).value();
    EXPECT_TRUE(target.redirect);
    EXPECT_EQ(target.text(), "redirect=yes,hsts=63072000");
    EXPECT_EQ(Place::from_text(target.text(), Use::target).value().text(), target.text());
}

TEST(ApachePlace, RefusesWhatItDoesNotKnow) {
    for (const char* text : {"redirect", "http-port=0", "http-port=70000", "x", "/a,/b", "hsts"}) {
        const auto place = Place::from_text(text, Use::solver);
        ASSERT_FALSE(place.has_value()) << text;
        EXPECT_NE(place.error().message.find("cannot be understood"), std::string::npos);
    }
    EXPECT_FALSE(Place::from_text("hsts=never", Use::target));
}

}  // namespace
}  // namespace cairn::client::apache::place_test
