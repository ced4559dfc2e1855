#include "pki/renewal_identifier.h"

#include <string>

#include <gtest/gtest.h>

#include "pki/certificate_builder.h"

namespace cairn::pki::renewal_identifier_test {
namespace {

constexpr std::string_view vector_text = "aYhba4dGQEHhs3uEe6CuLN4ByNQ.AIdlQyE";

// Check 160.
TEST(RenewalIdentifier, ReadsTheExampleOfRfc9773) {
    const auto identifier = RenewalIdentifier::from_text(vector_text);
    ASSERT_TRUE(identifier) << identifier.error().message;
    EXPECT_EQ(base::to_hex(identifier->issuer_key_id), "69885b6b87464041e1b37b847ba0ae2cde01c8d4");
    EXPECT_EQ(identifier->serial.to_hex(), "87654321");
    EXPECT_EQ(identifier->to_text(), vector_text);
}

// Check 161.
TEST(RenewalIdentifier, RefusesEveryOtherSpelling) {
    struct Case {
        std::string text, reason;
    };
    const std::string key_id = "aYhba4dGQEHhs3uEe6CuLN4ByNQ";
    for (const auto& [text, reason] : {
             Case{"", "a dot between"},
             Case{key_id, "a dot between"},
             Case{key_id + ".AIdlQyE.AIdlQyE", "a dot between"},
             Case{"." + key_id + ".AIdlQyE", "a dot between"},
             Case{key_id + "=.AIdlQyE", "key identifier: "},
             Case{key_id + ".AIdlQyE=", "serial number: "},
             Case{key_id + ".AIdlQy E", "serial number: "},
             Case{".AIdlQyE", "key identifier: it must have 1 to 64 octets"},
             Case{key_id + ".", "empty"},
             Case{key_id + ".h2VDIQ", "negative"},  // without its leading zero octet
             Case{key_id + ".AABlQyE", "needless leading zeros"},
             Case{key_id + ".AIdlQyF", "serial number: "},  // bits that no octet has
             Case{std::string(88, 'A') + ".AIdlQyE", "key identifier: it must have 1 to 64 octets"},
             Case{std::string(4096, 'A'), "too long"},
             Case{key_id + "." + std::string(44, 'B'), "more than 32 octets"},
         }) {
        const auto identifier = RenewalIdentifier::from_text(text);
        ASSERT_FALSE(identifier) << text;
        EXPECT_NE(identifier.error().message.find(reason), std::string::npos)
            << text << ": " << identifier.error().message;
    }
}

TEST(RenewalIdentifier, IsThatOfACertificate) {
    crypto::SystemRandom random;
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const base::Time begin{base::Seconds(1'700'000'000)};
    const auto root = make_root_certificate({.serial = SerialNumber::random(random),
                                             .validity = {begin, begin + base::Seconds(1000)},
                                             .common_name = "Root",
                                             .organization = {},
                                             .path_length = 0},
                                            key);
    const auto identifier = RenewalIdentifier::of(root);
    if (!root.authority_key_id()) {
        EXPECT_FALSE(identifier);
        return;
    }
    ASSERT_TRUE(identifier);
    EXPECT_EQ(identifier->issuer_key_id, *root.authority_key_id());
    EXPECT_EQ(identifier->serial, root.serial());
    EXPECT_EQ(RenewalIdentifier::from_text(identifier->to_text()).value(), *identifier);
}

}  // namespace
}  // namespace cairn::pki::renewal_identifier_test
