#include "pki/chain.h"

#include <chrono>
#include <string>
#include <string_view>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "pki/certificate_builder.h"

namespace cairn::pki::chain_test {
namespace {

using crypto::KeyType;
using namespace std::chrono_literals;
using ::testing::HasSubstr;

constexpr base::Time start = std::chrono::sys_days(2026y / 11 / 22);
constexpr Validity validity{start, start + 24h - 1s};

SerialNumber serial() {
    return SerialNumber::from_hex("2a").value();
}

/// A root, an intermediate below it, and a leaf below that.
struct Hierarchy {
    crypto::PrivateKey root_key = crypto::PrivateKey::generate(KeyType::ec_p256);
    crypto::PrivateKey intermediate_key = crypto::PrivateKey::generate(KeyType::ec_p256);
    crypto::PrivateKey leaf_key = crypto::PrivateKey::generate(KeyType::ec_p256);
    Certificate root = make_root_certificate(
        {serial(), {start - 24h, start + 240h}, "Root", "Example", {}}, root_key);
    Certificate intermediate =
        make_intermediate_certificate({serial(),
                                       {start - 12h, start + 240h},
                                       "Intermediate",
                                       "Example",
                                       0,
                                       {KeyPurpose::server_auth}},
                                      intermediate_key.public_key(), root, root_key);
    Certificate leaf = make_leaf(intermediate, intermediate_key);

    [[nodiscard]] Certificate make_leaf(const Certificate& issuer,
                                        const crypto::PrivateKey& issuer_key) const {
        return make_server_certificate(
            {serial(), validity, leaf_key.public_key(), {{"a.example"}, {}, 0}, {}, ""}, issuer,
            issuer_key);
    }
};

const Hierarchy& hierarchy() {
    static const Hierarchy all;
    return all;
}

std::string pem_of(const Chain& chain) {
    return to_pem(chain);
}

TEST(Chain, IsWrittenAndReadBack) {
    const Hierarchy& all = hierarchy();
    for (const Chain& chain : {Chain{all.leaf}, Chain{all.leaf, all.intermediate},
                               Chain{all.leaf, all.intermediate, all.root}}) {
        const auto read = chain_from_pem(pem_of(chain));
        ASSERT_TRUE(read) << read.error().message;
        EXPECT_EQ(*read, chain);
    }
    EXPECT_EQ(pem_of({all.leaf, all.root}), all.leaf.pem() + all.root.pem());
    EXPECT_EQ(pem_of({}), "");
}

TEST(Chain, SaysWhyItRefusesPem) {
    const Hierarchy& all = hierarchy();
    std::string roots;
    for (int i = 0; i < 101; ++i) roots += all.root.pem();
    struct Case {
        std::string pem;
        std::string_view reason;
    };
    for (const auto& [pem, reason] : {
             Case{"", "no certificate"},
             Case{pem_of({all.leaf, all.root}), "certificate 1 is not signed by certificate 2"},
             Case{pem_of({all.leaf, all.intermediate, all.leaf}),
                  "certificate 2 is not signed by certificate 3"},
             Case{pem_of({all.intermediate, all.leaf}),
                  "certificate 1 is not signed by certificate 2"},
             Case{all.leaf.pem() + std::string(base::text_of(
                                       base::BytesView(base::copy_of(all.leaf_key.to_pem())))),
                  "PRIVATE KEY"},
             Case{all.leaf.pem() + "intermediate:\n" + all.intermediate.pem(),
                  "not a certificate: \"intermediate:\""},
             Case{all.leaf.pem() + "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
                  "certificate 2"},
             Case{roots, "more than 100"},
             Case{all.leaf.pem() + std::string(1U << 20U, '\n'), "1048576 octets"},
         }) {
        const auto chain = chain_from_pem(pem);
        ASSERT_FALSE(chain) << reason;
        EXPECT_THAT(chain.error().message, HasSubstr(reason));
    }
}

TEST(Chain, TakesAHundredCertificates) {
    std::string roots;
    for (int i = 0; i < 100; ++i) roots += hierarchy().root.pem();
    EXPECT_TRUE(chain_from_pem(roots));
}

TEST(VerifyChain, AcceptsWhatLeadsToARoot) {
    const Hierarchy& all = hierarchy();
    const Hierarchy other;
    const Chain chain{all.leaf, all.intermediate};
    for (const base::Time when : {validity.not_before, start + 12h, validity.not_after - 1s}) {
        const auto verified = verify_chain(chain, Chain{other.root, all.root}, when);
        EXPECT_TRUE(verified) << verified.error().message;
    }
    EXPECT_TRUE(verify_chain(Chain{all.leaf, all.intermediate, all.root}, Chain{all.root}, start));
    EXPECT_TRUE(verify_chain(Chain{all.make_leaf(all.root, all.root_key)}, Chain{all.root}, start));
}

TEST(VerifyChain, SaysWhatIsWrong) {
    const Hierarchy& all = hierarchy();
    const Hierarchy other;
    const auto sub_key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const Certificate below_path_length =
        make_intermediate_certificate({serial(), {start, start + 24h}, "Too deep", "", {}},
                                      sub_key.public_key(), all.intermediate, all.intermediate_key);
    const Certificate namesake =
        make_root_certificate({serial(), {start, start + 24h}, "Root", "Example", {}},
                              crypto::PrivateKey::generate(KeyType::ec_p256));
    struct Case {
        Chain chain, roots;
        base::Time when;
        std::string_view reason;
    };
    const Chain good{all.leaf, all.intermediate};
    for (const auto& [chain, roots, when, reason] : {
             Case{{}, {all.root}, start, "the chain is empty"},
             Case{good,
                  {all.root},
                  validity.not_before - 1s,
                  "certificate 1 of the chain: certificate is not yet valid"},
             Case{good,
                  {all.root},
                  validity.not_after + 1s,
                  "certificate 1 of the chain: certificate has expired"},
             Case{good, {}, start, "unable to get local issuer certificate"},
             Case{good, {other.root}, start, "certificate"},
             Case{good, {namesake}, start, "certificate"},
             Case{{all.leaf}, {all.root}, start, "unable to get local issuer certificate"},
             Case{good, {all.intermediate}, start, "unable to get issuer certificate"},
             Case{{all.leaf, all.intermediate, all.root}, {other.root}, start, "self-signed"},
             Case{{all.make_leaf(below_path_length, sub_key), below_path_length, all.intermediate},
                  {all.root},
                  start,
                  "path length constraint exceeded"},
             Case{{make_tls_alpn_certificate({{"a.example"}, {}, 0}, base::Bytes(32, 1),
                                             all.leaf_key, start)},
                  {all.root},
                  start,
                  "certificate 1"},
         }) {
        const auto verified = verify_chain(chain, roots, when);
        ASSERT_FALSE(verified) << reason;
        EXPECT_THAT(verified.error().message, HasSubstr(reason));
    }
}

TEST(Chain, PermitsWhatEachOfItsCertificatesPermits) {
    const auto& root = hierarchy().root;
    const auto& intermediate = hierarchy().intermediate;
    EXPECT_TRUE(permits_purpose(std::vector{intermediate}, KeyPurpose::server_auth));
    EXPECT_FALSE(permits_purpose(std::vector{intermediate}, KeyPurpose::client_auth));
    EXPECT_TRUE(permits_purpose(std::vector{root}, KeyPurpose::client_auth));
    EXPECT_FALSE(permits_purpose(std::vector{intermediate, root}, KeyPurpose::client_auth));
}

}  // namespace
}  // namespace cairn::pki::chain_test
