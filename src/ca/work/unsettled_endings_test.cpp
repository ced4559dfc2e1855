#include "ca/work/unsettled_endings.h"

#include <gtest/gtest.h>

#include "crypto/random.h"

namespace cairn::ca::unsettled_endings_test {
namespace {

class UnsettledEndingsTest : public ::testing::Test {
  protected:
    OrderId order() { return OrderId::fresh(base::Time(), random_); }
    IssuanceEnding certificate(std::uint8_t octet) {
        return {.certificate = IssuedCertificate{.serial = pki::SerialNumber::random(random_),
                                                 .der = {octet},
                                                 .issuer = {},
                                                 .key = {},
                                                 .not_after = {},
                                                 .account = std::nullopt,
                                                 .order = std::nullopt,
                                                 .issued = {},
                                                 .revocation = std::nullopt},
                .issuer = "first",
                .problem = std::nullopt};
    }
    static IssuanceEnding problem() {
        IssuanceEnding ending;
        ending.problem.emplace(protocol::ProblemType::bad_csr, "compromised meanwhile");
        return ending;
    }

    crypto::SystemRandom random_;
    UnsettledEndings endings_;
};

// It may be in the store, so no other one of the same serial number may come beside it.
TEST_F(UnsettledEndingsTest, KeepsTheFirstCertificate) {
    const auto id = order();
    endings_.add(id, certificate(1));
    endings_.add(id, certificate(2));
    EXPECT_EQ(endings_.find(id)->certificate->der, base::Bytes{1});
    EXPECT_EQ(endings_.find(id)->issuer, "first");
}

TEST_F(UnsettledEndingsTest, KnowsBothWaysInWhichAnOrderMayHaveEnded) {
    const auto id = order();
    endings_.add(id, certificate(1));
    endings_.add(id, problem());
    EXPECT_TRUE(endings_.find(id)->certificate);
    EXPECT_EQ(endings_.find(id)->problem->detail, "compromised meanwhile");
}

TEST_F(UnsettledEndingsTest, ListsAndForgets) {
    std::vector<OrderId> ids{order(), order(), order()};
    for (const auto& id : ids) endings_.add(id, problem());
    EXPECT_EQ(endings_.orders(10).size(), 3U);
    EXPECT_EQ(endings_.orders(2).size(), 2U);
    endings_.remove(ids[0]);
    EXPECT_FALSE(endings_.find(ids[0]));
    EXPECT_EQ(endings_.orders(10).size(), 2U);
}

}  // namespace
}  // namespace cairn::ca::unsettled_endings_test
