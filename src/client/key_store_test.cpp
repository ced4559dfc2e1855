#include "client/key_store.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::client::key_store_test {
namespace {

using ::testing::HasSubstr;

TEST(KeyStoreTest, IsWrittenAsItIsRead) {
    for (const auto* const text :
         {"file", "tpm2", "tpm2:device:/dev/tpmrm0", "pkcs11:token=a?pin-source=file:/pin",
          "file?passphrase-file=/etc/a b", "file?passphrase-credential=key",
          "file?passphrase-command=/bin/pass show 'a b'"}) {
        const auto store = KeyStore::from_text(text);
        ASSERT_TRUE(store) << text << ": " << store.error().message;
        EXPECT_EQ(store->text(), text);
    }
    EXPECT_EQ(KeyStore().text(), "file");
    EXPECT_TRUE(KeyStore::from_text("file?passphrase-file=/a")->is_encrypted());
}

TEST(KeyStoreTest, RefusesWhatIsNone) {
    const auto refusal = [](std::string_view text) {
        const auto store = KeyStore::from_text(text);
        return store ? "taken" : store.error().message;
    };
    EXPECT_THAT(refusal("hsm"), HasSubstr("file, pkcs11:URI or tpm2"));
    EXPECT_THAT(refusal("pkcs11:token"), HasSubstr("attribute"));
    EXPECT_THAT(refusal("pkcs11:?pin-value=4711"), ::testing::Not(HasSubstr("4711")));
    EXPECT_THAT(refusal("file?passphrase=x"), HasSubstr("passphrase-file"));
    EXPECT_THAT(refusal("file?passphrase-file=x"), HasSubstr("absolute"));
    EXPECT_THAT(refusal("file?passphrase-command=a|b"), ::testing::Not("taken"));
    EXPECT_THAT(refusal("file\n"), HasSubstr("one line"));
}

}  // namespace
}  // namespace cairn::client::key_store_test
