#include <array>

#include "store/testing/repository_contract.h"

namespace cairn::store::testing::audit_head_contract_test {
namespace {

/// Heads of two nodes, one of whose chains comes first.
class AuditHeadContract : public RepositoryContract {
  protected:
    AuditHeadContract() {
        if (chain_of(keys[1]) < chain_of(keys[0])) std::swap(keys[0], keys[1]);
    }
    static ca::AuditChainId chain_of(const crypto::PrivateKey& key) {
        return crypto::sha256(key.public_key().spki());
    }
    ca::AuditHead head(std::size_t node, std::uint64_t sequence, base::Time at = now) const {
        const auto hash = digest("line " + std::to_string(sequence));
        return ca::AuditHead::signed_by(keys.at(node), {sequence, hash}, at);
    }
    bool save(const ca::AuditHead& head) { return await(store().save_audit_head(head)); }
    static std::vector<std::uint64_t> numbers_of(const std::vector<ca::AuditHead>& heads) {
        std::vector<std::uint64_t> numbers;
        for (const auto& each : heads) {
            EXPECT_TRUE(each.is_genuine());
            numbers.push_back(each.position.sequence);
        }
        return numbers;
    }
    std::vector<std::uint64_t> kept(std::size_t node, std::uint64_t after = 0,
                                    std::size_t limit = 100) {
        return numbers_of(await(store().list_audit_heads(chain_of(keys.at(node)), after, limit)));
    }
    using Numbers = std::vector<std::uint64_t>;

    std::array<crypto::PrivateKey, 2> keys{crypto::PrivateKey::generate(crypto::KeyType::ec_p256),
                                           crypto::PrivateKey::generate(crypto::KeyType::ec_p256)};
};
INSTANTIATE_TEST_SUITE_P(, AuditHeadContract, ::testing::ValuesIn(backends()), name_of);

TEST_P(AuditHeadContract, FindsTheFarthest) {
    EXPECT_FALSE(await(store().find_audit_head(chain_of(keys[0]))));
    const auto first = head(0, 7);
    EXPECT_TRUE(save(first));
    EXPECT_EQ(await(store().find_audit_head(first.chain)), first);
    const auto second = head(0, 2001, now + 5s);
    EXPECT_TRUE(save(second));
    reopen();
    EXPECT_EQ(await(store().find_audit_head(first.chain)), second);
    EXPECT_FALSE(await(store().find_audit_head(chain_of(keys[1]))));
}

TEST_P(AuditHeadContract, TakesNoneThatIsNotFarther) {
    EXPECT_TRUE(save(head(0, 1500)));
    EXPECT_FALSE(save(head(0, 1500, now + 1s)));
    EXPECT_FALSE(save(head(0, 1400)));
    EXPECT_FALSE(save(head(0, 3))) << "of a span in which there is none";
    EXPECT_EQ(await(store().find_audit_head(chain_of(keys[0]))).value().at, now);
    EXPECT_EQ(kept(0), (Numbers{1500}));
    EXPECT_TRUE(save(head(1, 3))) << "another chain";
}

TEST_P(AuditHeadContract, KeepsTheLastOneOfEachSpan) {
    for (const auto number : {1U, 500U, 999U, 1000U, 1001U, 1999U, 2000U, 5000U})
        EXPECT_TRUE(save(head(0, number)));
    EXPECT_TRUE(save(head(1, 4)));
    EXPECT_EQ(kept(0), (Numbers{999, 1999, 2000, 5000}));
    EXPECT_EQ(kept(0, 0, 2), (Numbers{999, 1999}));
    EXPECT_EQ(kept(0, 1999), (Numbers{2000, 5000}));
    EXPECT_EQ(kept(0, 998), (Numbers{999, 1999, 2000, 5000}));
    EXPECT_EQ(kept(0, 5000), Numbers{});
}

TEST_P(AuditHeadContract, ListsTheChains) {
    for (const auto number : {1U, 1200U, 4000U}) EXPECT_TRUE(save(head(0, number)));
    EXPECT_TRUE(save(head(1, 12)));
    EXPECT_EQ(numbers_of(await(store().list_audit_chains(std::nullopt, 10))), (Numbers{4000, 12}));
    EXPECT_EQ(numbers_of(await(store().list_audit_chains(std::nullopt, 1))), (Numbers{4000}));
    EXPECT_EQ(numbers_of(await(store().list_audit_chains(chain_of(keys[0]), 10))), (Numbers{12}));
    EXPECT_TRUE(await(store().list_audit_chains(chain_of(keys[1]), 10)).empty());
}

}  // namespace
}  // namespace cairn::store::testing::audit_head_contract_test
