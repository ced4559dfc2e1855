#include "store/audit/audit_heads.h"

#include <gtest/gtest.h>

#include "ca/testing/event_loop.h"
#include "ca/testing/memory_repository.h"

namespace cairn::store::audit_heads_test {
namespace {

using ca::testing::MemoryFacts;
using ca::testing::MemoryRepository;

/// Counts what is an error.
class ErrorCount final : public base::Log {
  public:
    void write(base::LogLevel level, std::string_view,
               std::initializer_list<base::LogField>) override {
        if (level == base::LogLevel::error) ++errors;
    }
    void flush() override {}
    int errors = 0;
};

/// A node whose log is as far as `position` says.
struct Node {
    Node(const crypto::PrivateKey& key, ca::AuditStore& store)
        : heads(key, [this] { return position; }, store, clock, log) {}
    void grow(std::uint64_t lines) {
        position.sequence += lines;
        position.hash.back() = mark;
    }

    std::uint8_t mark = 0;
    ca::AuditPosition position;
    base::ManualClock clock{base::Time{}};
    ErrorCount log;
    AuditHeads heads;
};

class AuditHeadsTest : public ::testing::Test {
  protected:
    void save(Node& node) { loop.await(node.heads.save()); }

    ca::testing::EventLoop loop;
    MemoryRepository repository{std::make_shared<MemoryFacts>()};
    crypto::PrivateKey key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
};

TEST_F(AuditHeadsTest, OneNodeIsNeverDoubted) {
    Node node(key, repository);
    for (const std::uint64_t lines : {0U, 1U, 0U, 7U, 1U}) {
        node.grow(lines);
        save(node);
    }
    // It starts again.
    Node again(key, repository);
    again.position = node.position;
    save(again);
    again.grow(1);
    save(again);
    EXPECT_EQ(node.log.errors + again.log.errors, 0);
    EXPECT_EQ(loop.await(repository.list_audit_chains(std::nullopt, 2)).at(0).position,
              again.position);
}

TEST_F(AuditHeadsTest, TwoNodesWithOneChainAreToldThoughEachIsAheadByTurns) {
    Node first(key, repository);
    Node second(key, repository);
    second.mark = 1;
    first.grow(1);
    save(first);
    second.grow(3);
    save(second);
    first.grow(4);
    save(first);
    EXPECT_EQ(first.log.errors, 1);
    second.grow(4);
    save(second);
    EXPECT_EQ(second.log.errors, 1);
    // It is said once.
    first.grow(4);
    save(first);
    EXPECT_EQ(first.log.errors, 1);
}

TEST_F(AuditHeadsTest, ALogThatIsShorterThanItsHeadIsTold) {
    Node node(key, repository);
    node.grow(5);
    save(node);
    Node cut(key, repository);
    cut.grow(2);
    save(cut);
    EXPECT_EQ(cut.log.errors, 1);
}

}  // namespace
}  // namespace cairn::store::audit_heads_test
