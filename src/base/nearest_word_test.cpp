#include "base/nearest_word.h"

#include <gtest/gtest.h>

namespace cairn::base::nearest_word_test {
namespace {

TEST(NearestWordTest, FindsWhatWasProbablyMeant) {
    const std::vector<std::string> known{"init", "serve", "issuer", "server.listen",
                                         "server.public_url"};
    const auto meant = [&](std::string_view word) {
        return nearest_word(word, known).value_or("none");
    };
    EXPECT_EQ(meant("srve"), "serve");    // left out
    EXPECT_EQ(meant("serves"), "serve");  // inserted
    EXPECT_EQ(meant("inot"), "init");     // replaced
    EXPECT_EQ(meant("sevre"), "serve");   // swapped
    EXPECT_EQ(meant("server.listne"), "server.listen");
    EXPECT_EQ(meant("server.public-url"), "server.public_url");
    EXPECT_EQ(meant("frobnicate"), "none");
    EXPECT_EQ(meant("x"), "none");
    EXPECT_EQ(meant(""), "none");
    EXPECT_EQ(meant(std::string(5000, 'a')), "none");
    EXPECT_EQ(nearest_word("serve", {}), std::nullopt);
}

}  // namespace
}  // namespace cairn::base::nearest_word_test
