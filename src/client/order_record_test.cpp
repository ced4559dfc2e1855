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

/// An order whose position changes while it is kept.
class OrderOnItsWay : public OrderRecordTest {
  protected:
    OrderOnItsWay() { keep({"https://ca.example/order/1", "", false}); }
    void keep(const OrderPosition& position) {
        order_.position = position;
        record_.keep(order_);
    }
    std::string text() { return read_file(record_.file(), 100000).value(); }
    ino_t file_number() {
        struct stat status{};
        EXPECT_EQ(::stat(record_.file().c_str(), &status), 0);
        return status.st_ino;
    }
    const OrderPosition finalizing_{"https://ca.example/order/1", "", true};
    const OrderPosition issued_{"https://ca.example/order/1", "https://ca.example/cert/1", true};
};

TEST_F(OrderOnItsWay, GetsALineForEachStep) {
    const auto placed = text();
    const auto number = file_number();
    keep(finalizing_);
    EXPECT_EQ(record_.find().value()->position, finalizing_);
    keep(issued_);
    EXPECT_EQ(record_.find().value()->position, issued_);
    EXPECT_EQ(file_number(), number) << "a file that is replaced costs three times as much";
    EXPECT_TRUE(text().starts_with(placed));
    const auto steps = text();
    keep(issued_);
    EXPECT_EQ(text(), steps) << "nothing new";
    // What a line cannot say has the file written whole.
    LineageFactStore(state_, name_).change([](LineageFacts& facts) { facts.obtain({1, {}}, {}); });
    EXPECT_FALSE(text().contains("order_at"));
    EXPECT_EQ(record_.find().value()->position, issued_);
    record_.erase();
    EXPECT_FALSE(record_.find().value());
}

TEST_F(OrderOnItsWay, IsWhereTheLastWholeLineSays) {
    keep(finalizing_);
    const auto before = text();
    keep(issued_);
    const auto whole = text();
    for (auto size = before.size(); size < whole.size(); ++size) {
        write_durably(record_.file(), whole.substr(0, size), FileAccess::owner);
        const auto found = record_.find();
        ASSERT_TRUE(found) << size << ": " << found.error().message;
        EXPECT_EQ((*found)->position, finalizing_) << size;
    }
    // The next one is not added to half a line.
    keep(issued_);
    EXPECT_EQ(record_.find().value()->position, issued_);
    EXPECT_FALSE(text().contains("order_at"));
}

TEST_F(OrderOnItsWay, IsNotTakenFromALineThatCannotBeRead) {
    for (const char* line : {R"({"order_at": 7})", R"({"order_at": "x")",
                             R"({"order_at": "x", "key_type": "rsa2048"})",
                             R"({"order_at": "x", "key_type": "brass"})",
                             "{\"order_at\": \"x\"}\n{\"finalizing\": true}"}) {
        const auto whole = text();
        append_durably(record_.file(), line + std::string("\n"));
        const auto found = record_.find();
        ASSERT_FALSE(found) << line;
        EXPECT_THAT(found.error().message, HasSubstr("order_at")) << line;
        write_durably(record_.file(), whole, FileAccess::owner);
    }
}

TEST_F(OrderOnItsWay, IsToldApartByItsKeyType) {
    const OrderRecord further(state_, LineageMember{name_, crypto::KeyType::rsa2048});
    order_.position = {"https://ca.example/order/2", "", false};
    further.keep(order_);
    const auto number = file_number();
    order_.position.is_finalizing = true;
    further.keep(order_);
    EXPECT_EQ(file_number(), number);
    EXPECT_TRUE(further.find().value()->position.is_finalizing);
    EXPECT_FALSE(record_.find().value()->position.is_finalizing);
    keep(finalizing_);
    EXPECT_EQ(file_number(), number);
    EXPECT_EQ(record_.find().value()->position, finalizing_);
    EXPECT_EQ(further.find().value()->position.order_url, "https://ca.example/order/2");
}

TEST_F(OrderOnItsWay, IsDoneWithATryThatSucceeds) {
    const base::SystemClock clock;
    const LineageFactStore store(state_, name_);
    using enum LineageFactStore::OpenOrderThen;
    store.attempt(clock, "https://ca", [] { return 1; }, stays);
    EXPECT_TRUE(record_.find().value());
    EXPECT_THROW(store.attempt(
                     clock, "https://ca", []() -> int { throw Failure("x", "y"); }, is_done),
                 Failure);
    EXPECT_TRUE(record_.find().value());
    store.attempt(clock, "https://ca", [] { return 1; }, is_done);
    EXPECT_FALSE(record_.find().value());
    EXPECT_EQ(store.read()->attempts.size(), 3U);
}

}  // namespace
}  // namespace cairn::client::order_record_test
