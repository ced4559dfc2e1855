#include "pki/pem.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::pki::pem {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

const std::string begin = "-----BEGIN CERTIFICATE-----\n";
const std::string end = "-----END CERTIFICATE-----\n";

TEST(Pem, WritesLinesOf64) {
    EXPECT_EQ(certificate_block(base::bytes_of("a")), begin + "YQ==\n" + end);
    EXPECT_EQ(certificate_block(base::Bytes(48, 0)), begin + std::string(64, 'A') + "\n" + end);
    EXPECT_EQ(certificate_block(base::Bytes(51, 0)),
              begin + std::string(64, 'A') + "\nAAAA\n" + end);
}

TEST(Pem, ReadsWhatItWrites) {
    for (std::size_t size = 1; size < 200; ++size) {
        base::Bytes octets(size);
        for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * 37 + size);
        EXPECT_THAT(certificate_blocks(certificate_block(octets), 1).value(), ElementsAre(octets));
    }
}

TEST(Pem, ReadsEveryLineEnd) {
    const base::Bytes a = {'a'};
    const base::Bytes fb = {0xfb, 0xff};
    for (const std::string& text : {
             begin + "YQ==\n" + end + begin + "+/8=\n" + end,
             "\n \t" + begin + "Y\nQ=\r\n=\n" + end + "\n\n" + begin + "+/8=\n" + end + "\r\n ",
             std::string("-----BEGIN CERTIFICATE-----\r\nYQ==\r\n-----END CERTIFICATE-----\r\n"
                         "-----BEGIN CERTIFICATE-----\r\n+/8=\r\n-----END CERTIFICATE-----"),
         }) {
        EXPECT_THAT(certificate_blocks(text, 2).value(), ElementsAre(a, fb)) << text;
    }
}

TEST(Pem, SaysWhyItRefuses) {
    struct Case {
        std::string text;
        std::string_view reason;
    };
    for (const auto& [text, reason] : {
             Case{"", "no certificate"},
             Case{" \n", "no certificate"},
             Case{"-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n",
                  "the kind \"PRIVATE KEY\""},
             Case{begin + "YQ==\n" + end + "-----BEGIN EC PRIVATE KEY-----\nYQ==\n",
                  "the kind \"EC PRIVATE KEY\""},
             Case{"-----BEGIN TRUSTED CERTIFICATE-----\n", "the kind \"TRUSTED CERTIFICATE\""},
             Case{"-----BEGIN " + std::string(1000, 'A'), "the kind \"AAA"},
             Case{"subject=CN = a\x1b[2J\n" + begin + "YQ==\n" + end, "\"subject=CN = a?[2J\""},
             Case{begin + "YQ==\n" + end + "x", "not a certificate: \"x\""},
             Case{begin + "YQ==\n" + end + begin + "YQ==\n" + end + begin + "YQ==\n" + end,
                  "more than 2"},
             Case{begin + "YQ==\n", "no proper end"},
             Case{begin + "YQ==\n-----END CERTIFICATE", "no proper end"},
             Case{begin + "YQ==\n-----END PRIVATE KEY-----\n", "no proper end"},
             Case{begin + begin + "YQ==\n" + end, "no proper end"},
             Case{begin + "YQ=\n" + end, "padded"},
             Case{begin + "YQ\n" + end, "padded"},
             Case{begin + "YWE==\n" + end, "padded"},
             Case{begin + "YQ===\n" + end, "padded"},
             Case{begin + "YWFh====\n" + end, "padded"},
             Case{begin + "YQ==YQ==\n" + end, "after its padding"},
             Case{begin + "-_8=\n" + end, "base64url"},
             Case{begin + "YR==\n" + end, "certificate block"},
             Case{begin + "Y*==\n" + end, "certificate block"},
         }) {
        const auto blocks = certificate_blocks(text, 2);
        ASSERT_FALSE(blocks) << text;
        EXPECT_THAT(blocks.error().message, HasSubstr(reason)) << text;
        EXPECT_LT(blocks.error().message.size(), 200U);
    }
}

}  // namespace
}  // namespace cairn::pki::pem
