#include "bench/crypto_floor.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <stdexcept>
#include <vector>

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <unistd.h>

namespace cairn::bench {

namespace {

constexpr int rounds = 5;
constexpr int operations = 1000;
constexpr int durable_writes = 200;
/// About a hundredth of a core.
constexpr int operations_meanwhile = 5;
constexpr std::chrono::milliseconds pause_meanwhile{50};

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(EVP_PKEY_CTX* context) const { EVP_PKEY_CTX_free(context); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Context = std::unique_ptr<EVP_PKEY_CTX, Free>;

double thread_seconds() {
    timespec time{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9;
}

template <class Operation>
double best_microseconds(Operation operation) {
    double best = 1e9;
    for (int round = 0; round < rounds; ++round) {
        const double before = thread_seconds();
        for (int i = 0; i < operations; ++i)
            if (!operation()) throw std::runtime_error("a cryptographic operation failed");
        best = std::min(best, (thread_seconds() - before) * 1e6 / operations);
    }
    return best;
}

double measure_x25519() {
    const Key own(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    const Key peer(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    const Context context(EVP_PKEY_CTX_new(own.get(), nullptr));
    EVP_PKEY_derive_init(context.get());
    EVP_PKEY_derive_set_peer(context.get(), peer.get());
    std::array<unsigned char, 32> secret{};
    return best_microseconds([&] {
        std::size_t length = secret.size();
        return EVP_PKEY_derive(context.get(), secret.data(), &length) == 1;
    });
}

/// Signs and verifies with one P-256 key.
class P256 {
  public:
    bool sign() {
        begin(Operation::signing);
        length_ = signature_.size();
        return EVP_PKEY_sign(context_.get(), signature_.data(), &length_, digest_.data(),
                             digest_.size()) == 1;
    }
    /// What was signed last.
    bool verify() {
        begin(Operation::verifying);
        return EVP_PKEY_verify(context_.get(), signature_.data(), length_, digest_.data(),
                               digest_.size()) == 1;
    }

  private:
    enum class Operation { none, signing, verifying };
    void begin(Operation operation) {
        if (operation_ == operation) return;
        operation_ = operation;
        if (operation == Operation::signing)
            EVP_PKEY_sign_init(context_.get());
        else
            EVP_PKEY_verify_init(context_.get());
    }

    const Key key_{EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256")};
    const Context context_{EVP_PKEY_CTX_new(key_.get(), nullptr)};
    const std::array<unsigned char, 32> digest_{1, 2, 3};
    std::array<unsigned char, 80> signature_{};
    std::size_t length_ = 0;
    Operation operation_ = Operation::none;
};

}  // namespace

CryptoFloor measure_crypto_floor() {
    P256 p256;
    CryptoFloor floor{};
    floor.p256_sign = best_microseconds([&] { return p256.sign(); });
    floor.p256_verify = best_microseconds([&] { return p256.verify(); });
    floor.x25519 = measure_x25519();
    return floor;
}

VerificationsMeanwhile::VerificationsMeanwhile()
    : thread_([this](const std::stop_token& token) {
          P256 p256;
          if (!p256.sign() || !p256.verify()) return;
          while (!token.stop_requested()) {
              const double before = thread_seconds();
              for (int i = 0; i < operations_meanwhile; ++i) count_ += p256.verify() ? 1 : 0;
              seconds_ += thread_seconds() - before;
              std::this_thread::sleep_for(pause_meanwhile);
          }
      }) {}

double VerificationsMeanwhile::stop() {
    thread_.request_stop();
    if (thread_.joinable()) thread_.join();
    return count_ == 0 ? 0 : seconds_ * 1e6 / static_cast<double>(count_);
}

CryptoFloor mean(const CryptoFloor& before, const CryptoFloor& after) {
    return {.p256_verify = (before.p256_verify + after.p256_verify) / 2,
            .p256_sign = (before.p256_sign + after.p256_sign) / 2,
            .x25519 = (before.x25519 + after.x25519) / 2};
}

std::string to_string(Connections connections) {
    return connections == Connections::kept ? "kept" : "fresh";
}

double floor_microseconds(const CryptoFloor& floor, Connections connections, std::size_t names) {
    const double signed_requests = 4 + 3 * static_cast<double>(names);
    double sum = (signed_requests + 1) * floor.p256_verify + floor.p256_sign;
    if (connections == Connections::fresh) sum += floor.p256_sign + 2 * floor.x25519;
    return sum;
}

double measure_durable_write(const std::string& folder) {
    std::string name = folder + "/durable-write-XXXXXX";
    const int file = ::mkstemp(name.data());
    if (file < 0) throw std::runtime_error("cannot make a file in " + folder);
    ::unlink(name.c_str());
    const std::vector<char> block(4096, 'x');
    std::vector<double> taken;
    for (int i = 0; i < durable_writes; ++i) {
        const auto begun = std::chrono::steady_clock::now();
        if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) break;
        const std::chrono::duration<double, std::micro> time =
            std::chrono::steady_clock::now() - begun;
        taken.push_back(time.count());
    }
    ::close(file);
    if (taken.size() < durable_writes) throw std::runtime_error("cannot write to " + folder);
    std::ranges::sort(taken);
    return taken[taken.size() / 2];
}

}  // namespace cairn::bench
