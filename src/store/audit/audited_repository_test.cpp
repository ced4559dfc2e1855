#include "store/audit/audited_repository.h"

#include <gtest/gtest.h>

#include "ca/testing/event_loop.h"
#include "ca/testing/memory_repository.h"

namespace cairn::store::audited_repository_test {
namespace {

using ca::testing::MemoryFacts;
using ca::testing::MemoryRepository;
using ca::testing::StoreCall;
using ca::testing::StoreScript;

/// Keeps what it is told, and refuses on demand.
class KeptAudit final : public ca::Audit {
  public:
    explicit KeptAudit(std::function<void()> on_record) : on_record_(std::move(on_record)) {}
    base::Task<std::uint64_t> record(ca::AuditEntry entry) override {
        on_record_();
        if (is_full) throw ca::StoreUnavailable("the audit log cannot be written: no room");
        keep(entry);
        co_return told.size();
    }
    void note(ca::AuditEntry entry) override { keep(entry); }
    base::Task<void> probe() override {
        if (is_full) throw ca::StoreUnavailable("the audit log cannot be written: no room");
        co_return;
    }

    bool is_full = false;
    std::vector<std::string> told;

  private:
    void keep(const ca::AuditEntry& entry) {
        told.push_back(std::string(to_string(entry.event())) + entry.members());
    }
    std::function<void()> on_record_;
};

class AuditedCalls : public ::testing::Test {
  protected:
    template <class T>
    T await(base::Task<T> task) {
        return loop.await(std::move(task));
    }
    /// The reason for which the task failed.
    template <class T>
    std::string failure(base::Task<T> task) {
        try {
            (void)await(std::move(task));
        } catch (const std::exception& error) {
            return error.what();
        }
        return "it did not fail";
    }

    ca::testing::EventLoop loop;
    std::shared_ptr<MemoryFacts> facts = std::make_shared<MemoryFacts>();
    std::shared_ptr<StoreScript> script = std::make_shared<StoreScript>();
    MemoryRepository store{facts, script};
    std::vector<std::size_t> keys_at_record;
    KeptAudit audit{[this] { keys_at_record.push_back(facts->blocked_keys.size()); }};
    AuditedRepository audited{store, audit};
    const crypto::Sha256Digest key = crypto::sha256(base::bytes_of("key"));
    const std::string told_of_key = "key.block,\"key\":\"" + base::to_hex(key) + "\"";
};

TEST_F(AuditedCalls, AreRecordedBeforeTheStoreIsAsked) {
    EXPECT_TRUE(await(audited.block_key(key)));
    EXPECT_EQ(keys_at_record, (std::vector<std::size_t>{0}));
    EXPECT_EQ(audit.told, (std::vector{told_of_key}));
    EXPECT_TRUE(await(audited.is_key_blocked(key)));
}

TEST_F(AuditedCalls, DoNotTakePlaceUnrecorded) {
    audit.is_full = true;
    EXPECT_EQ(failure(audited.block_key(key)), "the audit log cannot be written: no room");
    EXPECT_EQ(script->count(StoreCall::block_key), 0);
    EXPECT_EQ(failure(audited.probe()), "the audit log cannot be written: no room");
}

TEST_F(AuditedCalls, AreNotedWhereTheyDidNothing) {
    (void)await(audited.block_key(key));
    EXPECT_FALSE(await(audited.block_key(key)));
    EXPECT_EQ(audit.told,
              (std::vector<std::string>{told_of_key, told_of_key,
                                        R"(undone,"act":2,"reason":"it was blocked already")"}));
    EXPECT_FALSE(await(audited.set_account_scope(
        *ca::AccountId::from_text("AAAAAAAAAAAAAAAAAAAAAA"), ca::AccountScope())));
    EXPECT_EQ(audit.told.back(), R"(undone,"act":4,"reason":"it is not there")");
}

TEST_F(AuditedCalls, AreNotedWhereTheyFailed) {
    script->fail(StoreCall::block_key, StoreScript::Moment::before, ca::StoreUnavailable("away"));
    EXPECT_EQ(failure(audited.block_key(key)), "away");
    EXPECT_EQ(audit.told.back(), R"(undone,"act":1,"reason":"away")");
    script->fail(StoreCall::block_key, StoreScript::Moment::after, ca::OutcomeUnknown("lost"));
    EXPECT_EQ(failure(audited.block_key(key)), "lost");
    EXPECT_EQ(audit.told.back(), R"(undone,"act":3,"reason":"not known: lost")");
}

TEST_F(AuditedCalls, SayWhoCausedThem) {
    const auto client = *base::IpAddress::from_text("192.0.2.7");
    const auto asked = audited.on_behalf_of({.request = "5-17", .client = client});
    (void)await(asked->block_key(key));
    EXPECT_EQ(audit.told.back(), R"(key.block,"request":"5-17","client":"192.0.2.7","key":")" +
                                     base::to_hex(key) + "\"");
    const auto ordered = audited.on_behalf_of({.operator_name = "user 0"});
    (void)await(ordered->reset_bucket("orders"));
    EXPECT_EQ(audit.told.at(audit.told.size() - 2),
              R"(limit.reset,"operator":"user 0","bucket":"orders")");
    // A store that nobody watches is the same for everybody.
    EXPECT_EQ(store.on_behalf_of({.request = "5-17"}).get(), &store);
}

TEST_F(AuditedCalls, TellNoSecret) {
    ca::ExternalKey external{.kid = "kid-1", .hmac_key = {}, .created = {}};
    const std::string secret = "0123456789abcdef0123456789abcdef";
    external.hmac_key.assign(secret.begin(), secret.end());
    EXPECT_TRUE(await(audited.create_external_key(external)));
    EXPECT_EQ(audit.told.back(), R"(eab.create,"kid":"kid-1")");
}

TEST_F(AuditedCalls, AreToldOfWhatIsRemovedAlone) {
    const auto removal = await(audited.remove_expired({}, 100));
    EXPECT_EQ(removal.removed, 0U);
    EXPECT_TRUE(audit.told.empty());
}

}  // namespace
}  // namespace cairn::store::audited_repository_test
