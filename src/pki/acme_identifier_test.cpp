#include "pki/acme_identifier.h"

#include <string>

#include <gtest/gtest.h>

#include "crypto/digest.h"

namespace cairn::pki::acme_identifier_test {
namespace {

TEST(AcmeIdentifier, IsAnOctetStringOfTheDigest) {
    crypto::Sha256Digest digest;
    digest.fill(0xab);
    std::string expected = "0420";
    for (std::size_t i = 0; i < digest.size(); ++i) expected += "ab";
    EXPECT_EQ(base::to_hex(acme_identifier_value(digest)), expected);
}

}  // namespace
}  // namespace cairn::pki::acme_identifier_test
