#include "client/account_store.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::account_store_test {
namespace {

namespace fs = std::filesystem;
using crypto::KeyType;

class AccountStoreTest : public ::testing::Test {
  protected:
    StoredAccount save(const std::string& directory_url) {
        StoredAccount account{directory_url,
                              directory_url + "/account/1",
                              {"mailto:a@example.com"},
                              store_.key_for(directory_url, KeyType::ec_p256)};
        store_.save(account);
        return account;
    }
    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_.path()};
    AccountStore store_{state_};
    const std::string url_ = "https://ca.example:14000/acme/dir";
};

TEST_F(AccountStoreTest, KeepsOneAccountForEachCa) {
    EXPECT_FALSE(store_.find(url_));
    const auto account = save(url_);
    const auto other = save("https://other.example/dir?x=1");
    const auto found = store_.find(url_);
    ASSERT_TRUE(found);
    EXPECT_EQ(found->url, account.url);
    EXPECT_EQ(found->contact, account.contact);
    EXPECT_EQ(found->key.public_key(), account.key.public_key());
    EXPECT_NE(found->key.public_key(), other.key.public_key());
    ASSERT_EQ(store_.all().size(), 2U);
    EXPECT_EQ(store_.all().front().directory_url, url_);
}

TEST_F(AccountStoreTest, KeysAreTheOwnersAlone) {
    save(url_);
    for (const auto& entry : fs::recursive_directory_iterator(folder_.path())) {
        struct stat status{};
        ASSERT_EQ(::stat(entry.path().c_str(), &status), 0);
        EXPECT_EQ(status.st_mode & 0777U, entry.is_directory() ? 0700U : 0600U) << entry.path();
    }
}

TEST_F(AccountStoreTest, KeepsSeveralAtOneCaByName) {
    const auto plain = save(url_);
    const AccountStore named(state_, "second");
    EXPECT_FALSE(named.find(url_));
    const auto key = named.key_for(url_, KeyType::ec_p256);
    named.save({url_, url_ + "/account/2", {}, key, "second"});
    EXPECT_EQ(named.find(url_)->url, url_ + "/account/2");
    EXPECT_EQ(named.find(url_)->name, "second");
    EXPECT_EQ(store_.find(url_)->url, plain.url);
    EXPECT_EQ(store_.find(url_)->name, "");
    ASSERT_EQ(store_.all().size(), 2U);
    EXPECT_EQ(store_.all().back().name, "second");
    // The path of a directory is not taken for a name.
    save(url_ + "/@second");
    EXPECT_EQ(named.find(url_)->url, url_ + "/account/2");
    for (const auto* bad : {"../x", "a/b", ".x"})
        EXPECT_THROW(AccountStore(state_, bad), Failure) << bad;
}

TEST_F(AccountStoreTest, SetsOneAside) {
    EXPECT_EQ(store_.set_aside(url_), std::nullopt);
    const auto first = save(url_);
    EXPECT_EQ(store_.set_aside(url_), 1);
    EXPECT_FALSE(store_.find(url_));
    const auto second = save(url_);
    EXPECT_NE(second.key.public_key(), first.key.public_key());
    EXPECT_EQ(store_.set_aside(url_), 2);
    EXPECT_TRUE(store_.all().empty());
    static_cast<void>(store_.key_for(url_, KeyType::ec_p256));
    store_.bring_back(url_, 1);
    EXPECT_EQ(store_.find(url_)->key.public_key(), first.key.public_key());
    EXPECT_EQ(store_.all().size(), 1U);
}

TEST_F(AccountStoreTest, AKeyIsMadeOnce) {
    const auto key = store_.key_for(url_, KeyType::ec_p256);
    EXPECT_EQ(store_.key_for(url_, KeyType::ec_p256).public_key(), key.public_key());
    EXPECT_FALSE(store_.find(url_)) << "a key alone is no account";
}

TEST_F(AccountStoreTest, FoldersStayInside) {
    for (const auto* url : {"https://ca.example/../../../x", "https://ca.example/%2e%2e/x",
                            "https://ca.example/.hidden", "https://ca.example//a//"}) {
        save(url);
        EXPECT_EQ(store_.find(url)->directory_url, url);
    }
    for (const auto& entry : fs::directory_iterator(folder_.path()))
        EXPECT_EQ(entry.path().filename(), "accounts");
    for (const auto& entry : fs::recursive_directory_iterator(state_.accounts()))
        EXPECT_FALSE(entry.path().filename().string().starts_with('.')) << entry.path();
}

TEST_F(AccountStoreTest, ANewKeyIsStagedBesideTheOld) {
    const auto account = save(url_);
    const auto staged = store_.stage_key(url_, KeyType::ec_p384);
    EXPECT_EQ(store_.find(url_)->key.public_key(), account.key.public_key());
    ASSERT_TRUE(store_.staged_key(url_));
    store_.abandon_staged_key(url_);
    EXPECT_FALSE(store_.staged_key(url_));
    const auto next = store_.stage_key(url_, KeyType::ec_p384);
    store_.commit_staged_key(url_);
    EXPECT_FALSE(store_.staged_key(url_));
    EXPECT_EQ(store_.find(url_)->key.public_key(), next.public_key());
}

TEST_F(AccountStoreTest, RemovesAccountAndKeys) {
    const auto account = save(url_);
    static_cast<void>(store_.stage_key(url_, KeyType::ec_p256));
    store_.remove(url_);
    EXPECT_FALSE(store_.find(url_));
    EXPECT_FALSE(store_.staged_key(url_));
    EXPECT_NE(store_.key_for(url_, KeyType::ec_p256).public_key(), account.key.public_key());
}

TEST_F(AccountStoreTest, DamagedFilesAreReportedAndNotReplaced) {
    save(url_);
    const auto folder = state_.accounts() / "ca.example:14000" / "acme" / "dir";
    write_durably(folder / "account.json", "{\"ca\": 1}", FileAccess::owner);
    EXPECT_THROW(static_cast<void>(store_.find(url_)), Failure);
    save(url_);
    write_durably(folder / "key.pem", "-----BEGIN", FileAccess::owner);
    EXPECT_THROW(static_cast<void>(store_.find(url_)), Failure);
    EXPECT_THROW(static_cast<void>(store_.key_for(url_, KeyType::ec_p256)), Failure);
}

}  // namespace
}  // namespace cairn::client::account_store_test
