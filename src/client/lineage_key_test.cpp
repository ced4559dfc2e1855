#include "client/lineage_key.h"

#include <gtest/gtest.h>

#include "base/enum_table.h"
#include "client/certificate_request.h"
#include "crypto/signature.h"

namespace cairn::client::lineage_key_test {
namespace {

TEST(LineageKey, IsFoundAgainByItsText) {
    const auto key = LineageKey::generate(crypto::KeyType::ec_p256);
    const auto found = LineageKey::from_text(base::text_of(key.text()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->public_key(), key.public_key());
    const auto data = base::bytes_of("data");
    EXPECT_TRUE(crypto::verify(key.public_key(), found->signer().algorithm(), data,
                               found->signer().sign(data)));
}

TEST(LineageKey, IsFoundAmongMoreThanAreKnown) {
    std::vector<LineageKey> keys;
    for (int i = 0; i < 70; ++i) keys.push_back(LineageKey::generate(crypto::KeyType::ec_p256));
    for (int round = 0; round < 2; ++round) {
        for (const auto& key : keys) {
            const auto found = LineageKey::from_text(base::text_of(base::BytesView(key.text())));
            ASSERT_TRUE(found);
            EXPECT_EQ(found->public_key(), key.public_key());
            EXPECT_EQ(found->text(), key.text());
        }
    }
}

TEST(LineageKey, SaysWhatItsTextLacks) {
    EXPECT_EQ(LineageKey::from_text("").error().message, "it holds no private key in PEM");
    EXPECT_FALSE(LineageKey::from_text("-----BEGIN PRIVATE KEY-----\n"));
}

TEST(LineageKey, MayBeSignedWithElsewhere) {
    /// A key whose text is only a name for it.
    class Device final : public crypto::KeyHolder {
      public:
        [[nodiscard]] const crypto::PublicKey& public_key() const override {
            return key_.public_key();
        }
        [[nodiscard]] base::Bytes sign(base::BytesView data) const override {
            return crypto::Signer(key_).sign(data);
        }

      private:
        crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p384);
    };
    const auto device = std::make_shared<const Device>();
    const std::string_view name = "device:1";
    const LineageKey key(crypto::Signer(device), {name.begin(), name.end()});
    EXPECT_EQ(base::text_of(key.text()), name);
    EXPECT_EQ(key.public_key(), device->public_key());
    EXPECT_TRUE(is_of_type(key.public_key(), crypto::KeyType::ec_p384));
}

TEST(LineageKey, MayBeElsewhere) {
    const auto own = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    pki::SubjectNames names;
    names.dns_names = {"a.example"};
    const auto request = CertificateRequest::from_octets(pki::make_csr(own, names)).value();
    const auto key = LineageKey::elsewhere(request);
    EXPECT_TRUE(key.is_elsewhere());
    EXPECT_FALSE(LineageKey(own).is_elsewhere());
    const auto again = LineageKey::from_text(base::text_of(key.text()));
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->is_elsewhere());
    EXPECT_EQ(again->public_key(), own.public_key());
    EXPECT_THROW(static_cast<void>(again->signer().sign(base::bytes_of("x"))), std::runtime_error);
}

TEST(LineageKey, IsOfOneType) {
    for (const auto type : base::enumerators<crypto::KeyType>) {
        const auto key = crypto::PrivateKey::generate(type).public_key();
        for (const auto other : base::enumerators<crypto::KeyType>)
            EXPECT_EQ(is_of_type(key, other), type == other)
                << to_string(type) << " " << to_string(other);
    }
}

}  // namespace
}  // namespace cairn::client::lineage_key_test
