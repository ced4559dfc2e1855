#include "crypto/openssl.h"

#include <stdexcept>

#include <openssl/err.h>

#include <gtest/gtest.h>

namespace cairn::crypto::openssl_test {
namespace {

TEST(OpensslError, NamesTheReasonAndEmptiesTheQueue) {
    ERR_clear_error();
    EXPECT_EQ(openssl_error(), "no reason given");
    ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
    EXPECT_EQ(openssl_error(), "malloc failure");
    EXPECT_EQ(ERR_peek_error(), 0UL);
}

TEST(OpensslError, ReadsReasonsOfOpensslItself) {
    BigNumberHandle zero(BN_new());
    BigNumberContextHandle context(BN_CTX_new());
    EXPECT_EQ(BN_div(zero.get(), nullptr, zero.get(), zero.get(), context.get()), 0);
    EXPECT_EQ(openssl_error(), "div by zero");
}

TEST(Require, ThrowsWithWhatFailed) {
    EXPECT_NO_THROW(require(true, "nothing"));
    ERR_clear_error();
    try {
        require(false, "signing");
        FAIL();
    } catch (const std::runtime_error& error) {
        EXPECT_STREQ(error.what(), "signing: no reason given");
    }
}

TEST(Digests, AreFetchedOnce) {
    EXPECT_EQ(sha256_algorithm(), sha256_algorithm());
    EXPECT_EQ(EVP_MD_get_size(sha256_algorithm()), 32);
    EXPECT_EQ(EVP_MD_get_size(sha384_algorithm()), 48);
    EXPECT_EQ(EVP_MD_get_size(sha512_algorithm()), 64);
}

}  // namespace
}  // namespace cairn::crypto::openssl_test
