#include "client/nginx/options.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::nginx::options_test {
namespace {

std::string again(std::string_view text, NginxOptions::Use use = NginxOptions::Use::target) {
    const auto options = NginxOptions::from_text(text, use);
    return options ? options->to_string() : options.error().message;
}

TEST(NginxOptions, ReadsWhatItWrites) {
    for (const auto* const text :
         {"", "/srv/nginx.conf", "redirect", "/a,redirect,hsts=300,program=/x/nginx,prefix=/p",
          "http-port=8080,https-port=8443,reload=systemctl reload nginx, now"})
        EXPECT_EQ(again(text), text);
    EXPECT_EQ(again("hsts=63072000"), "hsts");
    EXPECT_EQ(again("/srv/../srv/nginx.conf"), "/srv/nginx.conf");
}

TEST(NginxOptions, SaysAllThatIsWrong) {
    EXPECT_THAT(again("http-port=0,x,hsts=y"),
                ::testing::AllOf(::testing::HasSubstr("\"http-port=0\" has no port"),
                                 ::testing::HasSubstr("\"x\" is no option"),
                                 ::testing::HasSubstr("\"hsts=y\" has no number")));
    EXPECT_THAT(again("redirect", NginxOptions::Use::solver),
                ::testing::HasSubstr("\"redirect\" is no option"));
    EXPECT_THAT(again("reload=a | b"), ::testing::HasSubstr("reload: "));
}

}  // namespace
}  // namespace cairn::client::nginx::options_test
