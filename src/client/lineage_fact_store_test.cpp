#include "client/lineage_fact_store.h"

#include <thread>

#include <sys/stat.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json_quoted.h"
#include "client/former_facts.h"
#include "client/lineage.h"
#include "client/revocation.h"
#include "client/testing/bench.h"

namespace cairn::client::lineage_fact_store_test {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;
using ::testing::ElementsAre;
using testing::failure_of;
using ::testing::HasSubstr;

constexpr base::Time noon{1800000000s};

class FactStore : public ::testing::Test {
  protected:
    void write(const fs::path& file, std::string_view text) {
        make_private_directory(file.parent_path());
        write_durably(file, text, FileAccess::owner);
    }
    testing::TemporaryFolder folder_;
    StateDirectory state_{folder_ / "state"};
    LineageName name_ = LineageName::from_text("a.example").value();
    LineageFactStore store_{state_, name_};
};

TEST_F(FactStore, KnowsNothingAtFirstAndWritesNothing) {
    EXPECT_EQ(store_.read()->to_json(), LineageFacts().to_json());
    EXPECT_FALSE(store_.mend());
    store_.change([](LineageFacts&) {});
    EXPECT_FALSE(fs::exists(store_.file()));
}

TEST_F(FactStore, KeepsChanges) {
    store_.change([](LineageFacts& facts) { facts.obtain({1, noon}, {}); });
    store_.change([](LineageFacts& facts) { facts.add(KnownRevocation{"ab", {noon}}); });
    const auto facts = LineageFactStore(state_, name_).read().value();
    EXPECT_EQ(facts.obtained->number, 1U);
    EXPECT_TRUE(facts.revocation_of("ab"));
    struct stat status{};
    ASSERT_EQ(::stat(store_.file().c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

TEST_F(FactStore, LosesNoChangeToAnother) {
    std::vector<std::jthread> threads;
    for (int thread = 0; thread < 4; ++thread)
        threads.emplace_back([this, thread] {
            const LineageFactStore store(state_, name_);
            for (int i = 0; i < 10; ++i)
                store.change([&](LineageFacts& facts) {
                    facts.add(KnownRevocation{std::to_string(thread * 10 + i), {noon}});
                });
        });
    threads.clear();
    EXPECT_EQ(store_.read()->revocations.size(), 40U);
}

TEST_F(FactStore, MovesAwayWhatCannotBeRead) {
    write(store_.file(), "{\"version\": 1, ");
    const auto read = store_.read();
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("facts/a.example.json"));
    EXPECT_THAT(planless_lineages_being_issued(state_), ElementsAre(name_)) << "who knows";
    const auto place = store_.mend();
    ASSERT_TRUE(place);
    EXPECT_EQ(read_file(*place, 100), "{\"version\": 1, ");
    EXPECT_TRUE(store_.read());
    EXPECT_TRUE(planless_lineages_being_issued(state_).empty());
    // Whoever changes something does not write over it either.
    write(store_.file(), "damaged again");
    store_.change([](LineageFacts& facts) { facts.obtain({1, noon}, {}); });
    EXPECT_EQ(read_file(*place, 100), "damaged again");
}

TEST_F(FactStore, LeavesAloneWhatALaterVersionWrote) {
    const std::string_view text = R"({"version": 7})";
    write(store_.file(), text);
    EXPECT_THAT(failure_of([&] { static_cast<void>(store_.mend()); }),
                ::testing::AllOf(HasSubstr("later version of cairn"), HasSubstr("Next: ")));
    EXPECT_THAT(failure_of([&] { store_.change([](LineageFacts&) {}); }),
                HasSubstr("later version of cairn"));
    EXPECT_NO_THROW(store_.note({noon, "", std::nullopt}));
    EXPECT_EQ(read_file(store_.file(), 100), text);
}

TEST_F(FactStore, KeepsWhatATryHasComeTo) {
    const base::SystemClock clock;
    EXPECT_EQ(store_.attempt(clock, "https://ca", [] { return 7; }), 7);
    EXPECT_THROW(store_.attempt(clock, "https://ca", []() -> int { throw Failure("x", "y"); }),
                 Failure);
    store_.attempt(clock, "https://ca", [] { return std::optional<int>(); });
    const auto attempts = store_.read()->attempts;
    ASSERT_EQ(attempts.size(), 2U);
    EXPECT_FALSE(attempts[0].failure);
    EXPECT_EQ(attempts[1].failure->tried(), "x");
}

/// The state of a lineage as the version before kept it.
class Former : public FactStore {
  protected:
    Former() {
        testing::Issuer issuer;
        for (int i = 0; i < 2; ++i) {
            const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
            Lineage(state_, name_)
                .install({key, issuer.issue(key.public_key(), testing::names({"a.example"}))});
        }
        write(state_.order(name_),
              R"({
"order": "https://ca.example/order/1",
"certificate": "https://ca.example/certificate/1",
"finalizing": true,
"key": )" + base::json_quoted(base::text_of(key_.to_pem())) +
                  R"(,
"plan": {"ca": "https://ca.example/directory", "names": [{"name": "a.example", "solver":
"standalone"}], "key_type": "ec-p256", "reuse_key": false, "must_staple": false}
}
)");
        write(state_.deployment(name_), "");
        write(state_.revocation(digest()),
              R"({"serial": "ab", "time": "2027-01-15T08:00:00Z", "reason": "superseded"})");
    }
    std::string digest() { return digest_of(Lineage(state_, name_).certificates().back()); }
    void expect_all(const LineageFacts& facts) {
        ASSERT_TRUE(facts.order);
        EXPECT_EQ(facts.order->key.public_key(), key_.public_key());
        EXPECT_EQ(facts.order->position.order_url, "https://ca.example/order/1");
        EXPECT_EQ(facts.order->position.certificate_url, "https://ca.example/certificate/1");
        EXPECT_TRUE(facts.order->position.is_finalizing);
        EXPECT_TRUE(facts.is_deployment_pending());
        EXPECT_EQ(facts.obtained->number, 2U);
        ASSERT_TRUE(facts.revocation_of(digest()));
        EXPECT_EQ(facts.revocation_of(digest())->time, noon);
        EXPECT_EQ(facts.revocation_of(digest())->reason, protocol::RevocationReason::superseded);
    }
    bool are_there() { return FormerFacts(state_, name_).are_there(); }
    const crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
};

TEST_F(Former, IsRead) {
    expect_all(store_.read().value());
    EXPECT_THAT(planless_lineages_being_issued(state_), ElementsAre(name_));
    EXPECT_TRUE(are_there()) << "reading changes nothing";
    EXPECT_FALSE(fs::exists(store_.file()));
}

TEST_F(Former, MovesIntoTheFileWithTheFirstChange) {
    store_.change([](LineageFacts&) {});
    EXPECT_FALSE(are_there());
    for (const char* name : {"orders", "deployments", "revocations"})
        EXPECT_FALSE(fs::exists(state_.root() / name)) << name;
    expect_all(store_.read().value());
}

// A run that dies between the write and the removal leaves both.
TEST_F(Former, ThatWasTakenOverAlreadyDoesNotComeBack) {
    LineageFacts taken_over;
    merge(FormerFacts(state_, name_).read().value(), taken_over);
    write(store_.file(), taken_over.to_json());
    expect_all(store_.read().value());
    store_.change([&](LineageFacts& facts) {
        expect_all(facts);
        EXPECT_FALSE(are_there()) << "gone before the file says otherwise";
        facts.order.reset();
        facts.deploy(noon);
    });
    const auto facts = store_.read().value();
    EXPECT_FALSE(facts.order);
    EXPECT_FALSE(facts.is_deployment_pending());
}

TEST_F(Former, OrderThatCannotBeReadIsKeptAside) {
    write(state_.order(name_), "{");
    const auto read = store_.read();
    ASSERT_FALSE(read);
    EXPECT_THAT(read.error().message, HasSubstr("orders/a.example.json"));
    store_.change([](LineageFacts& facts) { facts.obtain({1, noon}, {}); });
    EXPECT_TRUE(store_.read());
    EXPECT_EQ(read_file(state_.order(name_).string() + ".damaged", 10), "{");
}

TEST_F(Former, NoteThatIsDamagedStillSaysRevoked) {
    write(state_.revocation(digest()), "{");
    EXPECT_TRUE(revocation_note(state_, name_, Lineage(state_, name_).certificates().back()));
    store_.change([](LineageFacts&) {});
    EXPECT_TRUE(revocation_note(state_, name_, Lineage(state_, name_).certificates().back()));
}

}  // namespace
}  // namespace cairn::client::lineage_fact_store_test
