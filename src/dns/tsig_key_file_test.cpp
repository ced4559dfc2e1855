#include "dns/tsig_key_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::dns::tsig_key_file_test {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST(TsigKeyFile, ReadsWhatIsWrittenByTsigKeygen) {
    for (const auto* text :
         {"key \"cairn-key\" {\n\talgorithm hmac-sha512;\n\tsecret \"c2VjcmV0\";\n};\n",
          "// of ours\nkey cairn-key { secret \"c2VjcmV0\"; # base64\n algorithm \"hmac-sha512\"; "
          "};",
          "/* a\n b */key \"cairn-key\"{algorithm hmac-sha512;secret c2VjcmV0;};"}) {
        const auto key = tsig_key_from_file(text);
        ASSERT_TRUE(key) << text << key.error().message;
        EXPECT_EQ(key->name, "cairn-key");
        EXPECT_EQ(key->function, crypto::HashFunction::sha512);
        EXPECT_EQ(std::string(key->secret.begin(), key->secret.end()), "secret");
    }
}

TEST(TsigKeyFile, RefusesWhatIsNone) {
    struct Case {
        const char* text;
        const char* reason;
    };
    for (const auto& [text, reason] :
         {Case{"", "it ends where key should be"}, Case{"key", "it ends where the name"},
          Case{"key \"\" {};", "the key has no name"},
          Case{"key x { algorithm hmac-sha256; };", "has no secret"},
          Case{"key x { secret c2VjcmV0; };", "has no algorithm"},
          Case{"key x { secret hush-hush; };", "its secret is no base64"},
          Case{"key x { secret c2VjcmV0 algorithm x; };", "something else stands where ;"},
          Case{"key x { secret c2VjcmV0; secret c2VjcmV0; };", "one algorithm and one secret"},
          Case{"key x { algorithm rot13; };", "hmac-sha256"},
          Case{"key x { secret \"c2Vj", "a quote is not closed"},
          Case{"key x /* ", "a comment is not closed"},
          Case{"key x { algorithm hmac-sha256; secret c2VjcmV0; };\nkey y {};",
               "one file has one key"},
          Case{"Private-key-format: v1.3\nKey: c2VjcmV0\n", "something else stands where key"}}) {
        const auto key = tsig_key_from_file(text);
        ASSERT_FALSE(key) << text;
        EXPECT_THAT(key.error().message, HasSubstr(reason)) << text;
        EXPECT_THAT(key.error().message, Not(HasSubstr("c2Vj"))) << text;
    }
    EXPECT_FALSE(tsig_key_from_file(std::string(20000, ' ')));
}

}  // namespace
}  // namespace cairn::dns::tsig_key_file_test
