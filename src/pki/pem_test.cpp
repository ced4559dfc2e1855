#include "pki/pem.h"

#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::pki::pem::pem_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// A CERTIFICATE block with these lines in it.
std::string block(std::string_view lines) {
    return fmt::format("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", lines);
}

TEST(Pem, WritesLinesOf64) {
    const std::string line(64, 'A');
    EXPECT_EQ(certificate_block(base::bytes_of("a")), block("YQ=="));
    EXPECT_EQ(certificate_block(base::Bytes(48, 0)), block(line));
    EXPECT_EQ(certificate_block(base::Bytes(51, 0)), block(line + "\nAAAA"));
}

TEST(Pem, ReadsWhatItWrites) {
    for (std::size_t size = 1; size < 200; ++size) {
        base::Bytes octets(size);
        for (std::size_t i = 0; i < size; ++i) octets[i] = static_cast<std::uint8_t>(i * 37 + size);
        EXPECT_THAT(certificate_blocks(certificate_block(octets), 1).value(), ElementsAre(octets));
    }
}

TEST(Pem, ReadsEveryLineEnd) {
    const std::vector<std::string> texts = {
        block("YQ==") + block("+/8="),
        fmt::format("\n \t{}\n\n{}\r\n ", block("Y\nQ=\r\n="), block("+/8=")),
        "-----BEGIN CERTIFICATE-----\r\nYQ==\r\n-----END CERTIFICATE-----\r\n"
        "-----BEGIN CERTIFICATE-----\r\n+/8=\r\n-----END CERTIFICATE-----",
    };
    for (const std::string& text : texts) {
        EXPECT_THAT(certificate_blocks(text, 2).value(),
                    ElementsAre(base::Bytes{'a'}, base::Bytes{0xfb, 0xff}))
            << text;
    }
}

TEST(Pem, SaysWhyItRefuses) {
    struct Case {
        std::string text;
        std::string_view reason;
    };
    const std::string good = block("YQ==");
    const std::vector<Case> cases = {
        {"", "no certificate"},
        {" \n", "no certificate"},
        {"-----BEGIN PRIVATE KEY-----\nYQ==\n-----END PRIVATE KEY-----\n",
         "the kind \"PRIVATE KEY\""},
        {good + "-----BEGIN EC PRIVATE KEY-----\nYQ==\n", "the kind \"EC PRIVATE KEY\""},
        {"-----BEGIN TRUSTED CERTIFICATE-----\n", "the kind \"TRUSTED CERTIFICATE\""},
        {"-----BEGIN " + std::string(1000, 'A'), "the kind \"AAA"},
        {"subject=CN = a\x1b[2J\n" + good, "\"subject=CN = a?[2J\""},
        {good + "x", "not a certificate: \"x\""},
        {fmt::format("{}{}{}", good, good, good), "more than 2"},
        {"-----BEGIN CERTIFICATE-----\nYQ==\n", "no proper end"},
        {"-----BEGIN CERTIFICATE-----\nYQ==\n-----END CERTIFICATE", "no proper end"},
        {"-----BEGIN CERTIFICATE-----\nYQ==\n-----END PRIVATE KEY-----\n", "no proper end"},
        {"-----BEGIN CERTIFICATE-----\n" + good, "no proper end"},
        {block("YQ="), "padded"},
        {block("YQ"), "padded"},
        {block("YWE=="), "padded"},
        {block("YQ==="), "padded"},
        {block("YWFh===="), "padded"},
        {block("YQ==YQ=="), "after its padding"},
        {block("-_8="), "base64url"},
        {block("YR=="), "certificate block"},
        {block("Y*=="), "certificate block"},
    };
    for (const auto& [text, reason] : cases) {
        const auto blocks = certificate_blocks(text, 2);
        ASSERT_FALSE(blocks) << text;
        EXPECT_THAT(blocks.error().message, HasSubstr(reason)) << text;
        EXPECT_LT(blocks.error().message.size(), 200U);
    }
}

}  // namespace
}  // namespace cairn::pki::pem::pem_test
