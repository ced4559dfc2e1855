#include "bench/crypto_floor.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <stdexcept>

#include <fcntl.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <unistd.h>

namespace cairn::bench {

namespace {

constexpr int operations = 200;
constexpr int operations_meanwhile = 2;
constexpr int durable_writes = 200;

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
double mean_microseconds(int count, Operation operation) {
    const double before = thread_seconds();
    for (int i = 0; i < count; ++i)
        if (!operation()) throw std::runtime_error("a cryptographic operation failed");
    return (thread_seconds() - before) * 1e6 / count;
}

double measure_x25519() {
    const Key own(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    const Key peer(EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"));
    const Context context(EVP_PKEY_CTX_new(own.get(), nullptr));
    EVP_PKEY_derive_init(context.get());
    EVP_PKEY_derive_set_peer(context.get(), peer.get());
    std::array<unsigned char, 32> secret{};
    return mean_microseconds(operations, [&] {
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
    floor.p256_sign = mean_microseconds(operations, [&] { return p256.sign(); });
    floor.p256_verify = mean_microseconds(operations, [&] { return p256.verify(); });
    floor.x25519 = measure_x25519();
    return floor;
}

CryptoFloor mean(const std::vector<CryptoFloor>& floors) {
    CryptoFloor mean;
    const auto share = 1 / static_cast<double>(std::max<std::size_t>(floors.size(), 1));
    for (const auto& floor : floors) {
        mean.p256_verify += floor.p256_verify * share;
        mean.p256_sign += floor.p256_sign * share;
        mean.x25519 += floor.x25519 * share;
    }
    return mean;
}

struct VerificationsMeanwhile::State {
    P256 p256;
    double microseconds = 0;
    long times = 0;
};

VerificationsMeanwhile::VerificationsMeanwhile() : state_(std::make_unique<State>()) {
    if (!state_->p256.sign()) throw std::runtime_error("a cryptographic operation failed");
}
VerificationsMeanwhile::~VerificationsMeanwhile() = default;

void VerificationsMeanwhile::observe() {
    state_->microseconds +=
        mean_microseconds(operations_meanwhile, [this] { return state_->p256.verify(); });
    ++state_->times;
}

double VerificationsMeanwhile::mean() const {
    return state_->times == 0 ? 0 : state_->microseconds / static_cast<double>(state_->times);
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
