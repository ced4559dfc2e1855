// What an operator writes at one node holds for the next request at any other, without a message
// that would have to arrive.
#include "store/key_obstacle.h"
#include "store/postgres/testing/nodes_fixture.h"

namespace cairn::store::testing::operator_store_test {
namespace {

class OperatorStoreTest : public PostgresNodes {
  protected:
    /// Whether a request of the account would be served there.
    bool serves(ca::SharedRepository& node) {
        const auto check = check_request(node, node.nonces().issue(), account.id);
        EXPECT_TRUE(check.nonce_is_good);
        return check.account && !check.account->deactivated;
    }
};

TEST_F(OperatorStoreTest, EndsAnAccountThatOtherNodesRemember) {
    open_both();
    await(here->create_account(account));
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(serves(*there));
    await(here->deactivate_account(account.id, now));
    EXPECT_FALSE(serves(*there));
    EXPECT_FALSE(serves(*here));
    account.deactivated = now;
    expect_found(await(there->find_account(account.id)), account);
    expect_found(await(there->find_account_by_key(account.key.thumbprint())), account);
}

TEST_F(OperatorStoreTest, BlocksAKeyAtEveryNode) {
    open_both();
    await(here->create_account(account));
    const auto key = make.key();
    const auto id = key_id_of(key);
    EXPECT_FALSE(await(there->is_key_blocked(id)));
    EXPECT_TRUE(await(here->block_key(id)));
    EXPECT_TRUE(await(there->is_key_blocked(id)));
    EXPECT_FALSE(await(there->block_key(id)));
    auto newcomer = make.account();
    newcomer.key = key;
    EXPECT_EQ(await(there->create_account(newcomer)).refusal,
              ca::AccountStore::KeyRefusal::blocked);
    const auto order = make.order(account.id, {});
    await(there->create_order(order, {}, std::nullopt));
    EXPECT_EQ(await(there->begin_issuance(order.id, make.intent(), {id, key.thumbprint()})),
              ca::OrderStore::IssuanceBeginning::key_is_blocked);
}

TEST_F(OperatorStoreTest, RevokesAtEveryNodeWhatHasACompromisedKey) {
    open_both();
    auto certificate = make.own_certificate();
    await(here->add_certificate(certificate));
    expect_found(await(there->find_certificate(certificate.serial)), certificate);
    EXPECT_TRUE(await(here->record_key_compromise(certificate.key, now)));
    certificate.revocation = ca::Revocation{now, protocol::RevocationReason::key_compromise};
    expect_found(await(there->find_certificate(certificate.serial)), certificate);
    EXPECT_FALSE(await(there->record_key_compromise(certificate.key, now)));
}

TEST_F(OperatorStoreTest, FillsABucketForEveryNode) {
    open_both();
    const ca::Charges all{{"orders", 20, 1h, 20}};
    EXPECT_TRUE(await(there->charge(all, now)).accepted);
    EXPECT_FALSE(await(there->charge(all, now)).accepted);
    EXPECT_TRUE(await(here->reset_bucket("orders")));
    EXPECT_TRUE(await(there->charge(all, now)).accepted);
}

// A key that is being blocked while an account is made of it: one of the two sees the other.
TEST_F(OperatorStoreTest, BlocksNoKeyBesideAUseThatIsBeingCommitted) {
    open_both();
    const auto id = key_id_of(account.key);
    PostgresCluster::Session session(cluster.url());
    session.run("BEGIN; SELECT pg_advisory_xact_lock(" + std::to_string(lock_of_key(id)) + ")");
    auto blocked = boost::asio::co_spawn(loops.executors().at(0), here->block_key(id),
                                         boost::asio::use_future);
    EXPECT_TRUE(eventually(
        [&] { return cluster.run_sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1"; }));
    session.run("COMMIT");
    EXPECT_TRUE(blocked.get());
}

}  // namespace
}  // namespace cairn::store::testing::operator_store_test
