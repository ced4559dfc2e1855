#include "ca/work/key_signer.h"

#include <condition_variable>
#include <future>
#include <mutex>
#include <stdexcept>
#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_future.hpp>

#include <gtest/gtest.h>

#include "ca/testing/proof.h"
#include "crypto/random.h"
#include "pki/certificate_builder.h"
#include "pki/x509_signature.h"

namespace cairn::ca::key_signer_test {
namespace {

using crypto::KeyType;
using namespace std::chrono_literals;

const base::Time now = *base::from_rfc3339("2026-11-22T12:00:00Z");
constexpr auto patience = 30s;

/// A key that is as slow as a device that somebody has to touch: it signs once it is touched.
class DeviceKey final : public SigningKey {
  public:
    explicit DeviceKey(crypto::PrivateKey key) : key_(std::move(key)) {}

    [[nodiscard]] const crypto::PublicKey& public_key() const override { return key_.public_key(); }
    [[nodiscard]] Pace pace() const override { return Pace::blocking; }
    [[nodiscard]] Signer::Place place() const override { return Signer::Place::outside; }
    [[nodiscard]] base::Bytes sign(base::BytesView octets) const override {
        thread_.set_value(std::this_thread::get_id());
        std::unique_lock lock(mutex_);
        if (!changed_.wait_for(lock, patience, [&] { return is_touched_; }))
            throw SignerUnavailable("nobody touched the device");
        return pki::sign_x509(key_, octets);
    }

    void touch() {
        const std::scoped_lock lock(mutex_);
        is_touched_ = true;
        changed_.notify_all();
    }
    /// The thread that it blocks, once it does.
    [[nodiscard]] std::future<std::thread::id> blocked_thread() { return thread_.get_future(); }

  private:
    crypto::PrivateKey key_;
    mutable std::promise<std::thread::id> thread_;
    mutable std::mutex mutex_;
    mutable std::condition_variable changed_;
    bool is_touched_ = false;
};

class KeySignerTest : public ::testing::Test {
  protected:
    pki::Certificate certificate_of(const crypto::PrivateKey& key) {
        return pki::make_root_certificate({.serial = pki::SerialNumber::random(random_),
                                           .validity = {now, now + std::chrono::days(1000)},
                                           .common_name = "Example Issuer",
                                           .organization = {},
                                           .path_length = 0},
                                          key);
    }
    Draft draft_for(const pki::Certificate& issuer) {
        return Draft::certificate(proved_.proof(), issuer, {.issuer = "http://ca.example/issuer"})
            .value();
    }

    crypto::SystemRandom random_;
    testing::ProvedOrder proved_{"a.example",
                                 Profile{.name = "default", .description = ""},
                                 {now, now + std::chrono::days(90)}};
    boost::asio::thread_pool signing_{1};
};

TEST_F(KeySignerTest, SignsWithKeysInMemory) {
    for (const auto type : {KeyType::ec_p256, KeyType::ec_p384, KeyType::rsa2048}) {
        const auto key = crypto::PrivateKey::generate(type);
        const auto issuer = certificate_of(key);
        KeySigner signer(key, signing_.get_executor());
        EXPECT_EQ(signer.place(), Signer::Place::in_process);
        boost::asio::io_context loop(1);
        auto der =
            boost::asio::co_spawn(loop, signer.sign(draft_for(issuer)), boost::asio::use_future);
        loop.run();
        const auto certificate = pki::Certificate::from_der(der.get());
        ASSERT_TRUE(certificate);
        EXPECT_TRUE(certificate->is_signed_by(issuer));
    }
}

TEST_F(KeySignerTest, OnlyABriefSignatureIsMadeOnTheSpot) {
    const auto pace = [](KeyType type) {
        return MemoryKey(crypto::PrivateKey::generate(type)).pace();
    };
    EXPECT_EQ(pace(KeyType::ec_p256), SigningKey::Pace::brief);
    EXPECT_EQ(pace(KeyType::ec_p384), SigningKey::Pace::brief);
    EXPECT_EQ(pace(KeyType::rsa2048), SigningKey::Pace::blocking);
}

// The key decides, not its algorithm: that of an elliptic curve may be in a device.
TEST_F(KeySignerTest, AKeyThatBlocksHoldsNoEventLoop) {
    const auto key = crypto::PrivateKey::generate(KeyType::ec_p256);
    const auto issuer = certificate_of(key);
    auto device = std::make_unique<DeviceKey>(key);
    auto& touched = *device;
    auto blocked = touched.blocked_thread();
    KeySigner signer(std::move(device), signing_.get_executor());
    EXPECT_EQ(signer.place(), Signer::Place::outside);

    boost::asio::io_context loop(1);
    auto der = boost::asio::co_spawn(loop, signer.sign(draft_for(issuer)), boost::asio::use_future);
    std::jthread runner([&] { loop.run(); });
    ASSERT_EQ(blocked.wait_for(patience), std::future_status::ready);
    EXPECT_NE(blocked.get(), runner.get_id());
    // The loop serves others meanwhile.
    std::promise<void> served;
    boost::asio::post(loop, [&] { served.set_value(); });
    ASSERT_EQ(served.get_future().wait_for(patience), std::future_status::ready);
    EXPECT_EQ(der.wait_for(0s), std::future_status::timeout);
    touched.touch();
    EXPECT_TRUE(pki::Certificate::from_der(der.get()).value().is_signed_by(issuer));
}

TEST_F(KeySignerTest, RefusesADraftForAKeyOfAnotherAlgorithm) {
    KeySigner signer(crypto::PrivateKey::generate(KeyType::ec_p256), signing_.get_executor());
    boost::asio::io_context loop(1);
    auto der = boost::asio::co_spawn(
        loop,
        signer.sign(draft_for(certificate_of(crypto::PrivateKey::generate(KeyType::ec_p384)))),
        boost::asio::use_future);
    loop.run();
    EXPECT_THROW(der.get(), std::logic_error);
}

}  // namespace
}  // namespace cairn::ca::key_signer_test
