#pragma once
// Private to the tests of ca and api: a signer that can be slow, away or broken.

#include <exception>
#include <memory>
#include <mutex>
#include <utility>

#include "ca/ports/signer.h"
#include "ca/testing/gate.h"
#include "ca/work/key_signer.h"

namespace cairn::ca::testing {

/// What a test does with a signer whose owner is an issuer. Thread-safe.
class SignerScript {
  public:
    /// Each signature waits in it while it is closed.
    [[nodiscard]] Gate& gate() { return gate_; }
    /// The next signature ends with `error`.
    template <class Error>
    void fail(Error error) {
        const std::scoped_lock lock(mutex_);
        error_ = std::make_exception_ptr(std::move(error));
    }
    /// How many signatures were asked for.
    [[nodiscard]] int count() const {
        const std::scoped_lock lock(mutex_);
        return count_;
    }

    /// For the signer: whether it may sign. Throws if not.
    [[nodiscard]] base::Task<void> reach() {
        count_one();
        co_await gate_.pass();
        if (const auto error = take_error()) std::rethrow_exception(error);
    }

  private:
    void count_one() {
        const std::scoped_lock lock(mutex_);
        ++count_;
    }
    std::exception_ptr take_error() {
        const std::scoped_lock lock(mutex_);
        return std::exchange(error_, nullptr);
    }

    Gate gate_;
    mutable std::mutex mutex_;
    std::exception_ptr error_;
    int count_ = 0;
};

/// Signs with a key of an elliptic curve in memory, as its script lets it.
class FakeSigner final : public Signer {
  public:
    FakeSigner(crypto::PrivateKey key, std::shared_ptr<SignerScript> script)
        : signer_(std::move(key), base::Executor()), script_(std::move(script)) {}

    [[nodiscard]] const crypto::PublicKey& public_key() const override {
        return signer_.public_key();
    }
    [[nodiscard]] Place place() const override { return signer_.place(); }
    [[nodiscard]] base::Task<base::Bytes> sign(Draft draft) override {
        co_await script_->reach();
        co_return co_await signer_.sign(std::move(draft));
    }

  private:
    /// A signature is so brief that the executor is not needed.
    KeySigner signer_;
    std::shared_ptr<SignerScript> script_;
};

}  // namespace cairn::ca::testing
