#include "client/order_record.h"

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "client/failure.h"
#include "client/testing/temporary_folder.h"

namespace cairn::client::order_record_test {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

class OrderRecordTest : public ::testing::Test {
  protected:
    OrderRecordTest() {
        order_.plan.authorities = {{"https://ca.example/directory"}};
        order_.plan.names = {RequestedName::from_text("a.example", "standalone").value()};
    }
    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_.path()};
    LineageName name_ = LineageName::from_text("a.example").value();
    OrderRecord record_{state_, name_};
    OpenOrder order_{.plan = {},
                     .key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256),
                     .position = {"https://CA.example:443/order/1", "", true}};
};

TEST_F(OrderRecordTest, HoldsNothingAtFirst) {
    EXPECT_FALSE(record_.find().value());
    EXPECT_NO_THROW(record_.erase());
    EXPECT_TRUE(planless_lineages_being_issued(state_).empty());
}

TEST_F(OrderRecordTest, GivesBackWhatItWasGiven) {
    record_.keep(order_);
    const auto found = record_.find().value();
    ASSERT_TRUE(found);
    EXPECT_EQ(found->plan, order_.plan);
    EXPECT_EQ(found->key.public_key(), order_.key.public_key());
    EXPECT_EQ(found->position.order_url, "https://CA.example:443/order/1");
    EXPECT_EQ(found->position.certificate_url, "");
    EXPECT_TRUE(found->position.is_finalizing);
    struct stat status{};
    ASSERT_EQ(::stat(record_.file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
    record_.erase();
    EXPECT_FALSE(record_.find().value());
}

TEST_F(OrderRecordTest, SaysWhatIsWrongWithIt) {
    make_private_directory(record_.file().parent_path());
    for (const char* text : {"", "{", "{}", R"({"plan": {}, "key": "x"})"}) {
        write_durably(record_.file(), text, FileAccess::owner);
        const auto found = record_.find();
        ASSERT_FALSE(found) << text;
        EXPECT_THAT(found.error().message, HasSubstr("facts/a.example.json"));
    }
}

TEST_F(OrderRecordTest, TellsWhichLineagesAreBeingIssued) {
    order_.position.is_finalizing = false;
    record_.keep(order_);
    EXPECT_TRUE(planless_lineages_being_issued(state_).empty());
    order_.position.is_finalizing = true;
    record_.keep(order_);
    EXPECT_THAT(planless_lineages_being_issued(state_), ElementsAre(name_));
}

}  // namespace
}  // namespace cairn::client::order_record_test
