#include "ca/work/issuer.h"

#include <stdexcept>

#include <boost/asio/thread_pool.hpp>

#include <gtest/gtest.h>

#include "ca/work/key_signer.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"

namespace cairn::ca::issuer_test {
namespace {

using crypto::KeyAlgorithm;
using crypto::KeyType;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");

class IssuerTest : public ::testing::Test {
  protected:
    pki::Certificate root_of(const crypto::PrivateKey& key, base::Time not_before = now) {
        return pki::make_root_certificate(
            {.serial = pki::SerialNumber::random(random_),
             .validity = {not_before, not_before + std::chrono::days(1000)},
             .common_name = "Example Issuer",
             .organization = {},
             .path_length = 0},
            key);
    }
    Issuer issuer(const std::string& name, base::Time not_before, Issuer::Use use = {},
                  KeyType type = KeyType::ec_p256) {
        auto key = crypto::PrivateKey::generate(type);
        pki::Chain chain{root_of(key, not_before)};
        return {name, std::move(chain),
                std::make_unique<KeySigner>(std::move(key), signing_.get_executor()),
                "http://ca.example/issuer", std::move(use)};
    }
    // The name of the issuer that is chosen, or "none".
    static std::string chosen(const Issuers& issuers, const std::string& profile,
                              KeyAlgorithm subject, base::Time when = now,
                              const std::vector<protocol::Identifier>& names = {}) {
        const auto* issuer = issuers.choose({profile, subject, names}, when);
        return issuer ? issuer->name() : "none";
    }
    template <class... More>
    static Issuers issuers(More... more) {
        std::vector<Issuer> all;
        (all.push_back(std::move(more)), ...);
        return Issuers(std::move(all));
    }

    crypto::SystemRandom random_;
    boost::asio::thread_pool signing_{1};
};

TEST_F(IssuerTest, TheNewestTakesOver) {
    const auto all = issuers(issuer("old", now - std::chrono::days(100)), issuer("new", now),
                             issuer("older", now - std::chrono::days(200)));
    EXPECT_EQ(chosen(all, "default", KeyAlgorithm::ec_p256), "new");
    EXPECT_EQ(chosen(all, "default", KeyAlgorithm::ec_p256, now - base::Seconds(1)), "old");
}

// Not the same as none at all: the clock, or the issuer, will be replaced.
TEST_F(IssuerTest, SaysWhenOneWouldBeValidIfNoneIsNow) {
    const auto all = issuers(issuer("old", now - std::chrono::days(100)), issuer("new", now));
    const auto refusal = [&](base::Time when) -> std::string {
        try {
            return chosen(all, "default", KeyAlgorithm::ec_p256, when);
        } catch (const IssuerUnavailable& error) {
            return error.what();
        }
    };
    EXPECT_EQ(refusal(now + std::chrono::days(1001)),
              "no issuer can sign now: the last one is valid from 2026-11-22T12:00:00Z to "
              "2029-08-18T12:00:00Z, and the clock of the CA says 2029-08-19T12:00:00Z");
    EXPECT_NE(refusal(now - std::chrono::days(101)).find("says 2026-08-13T12:00:00Z"),
              std::string::npos);
    EXPECT_EQ(refusal(now - std::chrono::days(1)), "old");
}

TEST_F(IssuerTest, IsOverWithTheFirstOfItsChain) {
    auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const auto above = crypto::PrivateKey::generate(KeyType::ec_p256);
    pki::Chain chain{root_of(key), root_of(above, now - std::chrono::days(990))};
    Issuer one("x", std::move(chain),
               std::make_unique<KeySigner>(std::move(key), signing_.get_executor()), "", {});
    EXPECT_EQ(one.validity().not_before, now);
    EXPECT_EQ(one.validity().not_after, now + std::chrono::days(10));
    EXPECT_TRUE(one.is_valid(now + std::chrono::days(9)));
    EXPECT_FALSE(one.is_valid(now + std::chrono::days(11)));
}

TEST_F(IssuerTest, IsChosenByProfileAndKindOfKey) {
    const auto old = now - std::chrono::days(1);
    const auto all =
        issuers(issuer("rsa", now, {.profiles = {}, .key_algorithms = {KeyAlgorithm::rsa}}),
                issuer("short", now, {.profiles = {"short"}, .key_algorithms = {}}),
                issuer("rest", old), issuer("retired", now, {.active = false}));
    EXPECT_EQ(chosen(all, "default", KeyAlgorithm::rsa), "rsa");
    EXPECT_EQ(chosen(all, "default", KeyAlgorithm::ec_p384), "rest");
    EXPECT_EQ(chosen(all, "short", KeyAlgorithm::ec_p256), "short");
    const auto one = issuers(issuer("rsa", now, {.key_algorithms = {KeyAlgorithm::rsa}}));
    EXPECT_EQ(chosen(one, "default", KeyAlgorithm::ec_p256), "none");
}

// A CA whose issuers serve other keys or profiles than its own server would have must start.
TEST_F(IssuerTest, HasOneForTheOwnServerWheneverOneIssues) {
    const std::vector names{*protocol::Identifier::dns("a.example")};
    const auto own = [&](const Issuers& all) {
        const auto found = all.for_own_server("default", names, now);
        return found ? found->issuer.name() + " " + std::string(to_string(found->key)) : "none";
    };
    using enum KeyAlgorithm;
    const auto old = now - std::chrono::days(1);
    const auto rsa_alone = Issuer::Use{.key_algorithms = {rsa}};
    EXPECT_EQ(own(issuers(issuer("a", now))), "a ec-p256");
    EXPECT_EQ(own(issuers(issuer("a", now, rsa_alone))), "a rsa");
    EXPECT_EQ(own(issuers(issuer("a", now, rsa_alone), issuer("b", old))), "b ec-p256");
    EXPECT_EQ(own(issuers(issuer("a", now, {.key_algorithms = {ec_p384, rsa}}))), "a ec-p384");
    EXPECT_EQ(own(issuers(issuer("a", now, {.key_algorithms = {ec_p521}}))), "a ec-p256");
    EXPECT_EQ(own(issuers(issuer("a", now, {.profiles = {"short"}}))), "a ec-p256");
    EXPECT_EQ(own(issuers(issuer("a", now, {.profiles = {"short"}}), issuer("b", old, rsa_alone))),
              "b rsa");
    EXPECT_EQ(own(issuers(issuer("a", now + base::Seconds(1)), issuer("b", old, rsa_alone))),
              "b rsa");
    EXPECT_EQ(own(issuers(issuer("a", now, {.active = false}))), "none");
    EXPECT_THROW(own(issuers(issuer("a", now + base::Seconds(1)))), IssuerUnavailable);
}

TEST_F(IssuerTest, NeedsItsOwnKeyAndACertificateOfACa) {
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const auto make = [&](pki::Chain chain, const crypto::PrivateKey& with) {
        return Issuer("x", std::move(chain),
                      std::make_unique<KeySigner>(with, signing_.get_executor()), "", {});
    };
    EXPECT_NO_THROW(make({root_of(key)}, key));
    EXPECT_THROW(make({}, key), std::invalid_argument);
    EXPECT_THROW(make({root_of(key)}, crypto::PrivateKey::generate(KeyType::ec_p256)),
                 std::invalid_argument);
    const auto subject = crypto::PrivateKey::generate(KeyType::ec_p256);
    const auto leaf = pki::make_server_certificate({.serial = pki::SerialNumber::random(random_),
                                                    .validity = {now, now + std::chrono::days(1)},
                                                    .public_key = subject.public_key(),
                                                    .names = {{"a.example"}, {}, 0},
                                                    .common_name = {},
                                                    .issuer_url = {}},
                                                   root_of(key), key);
    EXPECT_THROW(make({leaf}, subject), std::invalid_argument);
    EXPECT_THROW(Issuers({}), std::invalid_argument);
}

TEST_F(IssuerTest, HasOtherChainsThatStandInThePlaceOfTheUsualOne) {
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const auto usual = root_of(key);
    const auto other = root_of(key, now - std::chrono::days(1));
    const auto make = [&](std::vector<pki::Chain> others) {
        return Issuer("x", {usual}, std::make_unique<KeySigner>(key, signing_.get_executor()), "",
                      {}, std::move(others));
    };
    const auto refusal = [&](std::vector<pki::Chain> others) -> std::string {
        try {
            (void)make(std::move(others));
            return "";
        } catch (const std::invalid_argument& error) {
            return error.what();
        }
    };
    const auto third = root_of(key, now - std::chrono::days(2));
    const auto chains = make({{other}, {third}}).chains();
    EXPECT_EQ(chains.usual, usual.pem());
    EXPECT_EQ(chains.others, (std::vector{other.pem(), third.pem()}));

    const auto stranger = root_of(crypto::PrivateKey::generate(KeyType::ec_p256));
    EXPECT_EQ(refusal({{other}, {stranger}}),
              "issuer x: its other chain number 2 does not begin with a certificate of the "
              "issuer's name, key and key identifier");
    EXPECT_EQ(refusal({{usual}}), "issuer x: its other chain number 1 is there twice");
    EXPECT_EQ(refusal({{other}, {other}}), "issuer x: its other chain number 2 is there twice");
    EXPECT_EQ(refusal({{}}), "issuer x: its other chain number 1 is empty");
}

TEST_F(IssuerTest, OneCertificateIsOneIssuer) {
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const auto certificate = root_of(key);
    std::vector<Issuer> twice;
    for (const auto* name : {"a", "b"})
        twice.emplace_back(name, pki::Chain{certificate},
                           std::make_unique<KeySigner>(key, signing_.get_executor()), "",
                           Issuer::Use{});
    EXPECT_THROW(Issuers(std::move(twice)), std::invalid_argument);
}

}  // namespace
}  // namespace cairn::ca::issuer_test
