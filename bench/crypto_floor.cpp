#include "bench/crypto_floor.h"

#include <algorithm>
#include <array>
#include <ctime>
#include <stdexcept>

#include <openssl/ec.h>
#include <openssl/evp.h>

namespace cairn::bench {

namespace {

constexpr int rounds = 5;
constexpr int operations = 2000;

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

}  // namespace

CryptoFloor measure_crypto_floor() {
    EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256");
    EVP_PKEY_CTX* context = EVP_PKEY_CTX_new(key, nullptr);
    const std::array<unsigned char, 32> digest{1, 2, 3};
    std::array<unsigned char, 80> signature{};
    std::size_t length = signature.size();

    CryptoFloor floor{};
    EVP_PKEY_sign_init(context);
    floor.p256_sign = best_microseconds([&] {
        length = signature.size();
        return EVP_PKEY_sign(context, signature.data(), &length, digest.data(), digest.size()) == 1;
    });
    EVP_PKEY_verify_init(context);
    floor.p256_verify = best_microseconds([&] {
        return EVP_PKEY_verify(context, signature.data(), length, digest.data(), digest.size()) ==
               1;
    });
    EVP_PKEY_CTX_free(context);
    EVP_PKEY_free(key);
    return floor;
}

}  // namespace cairn::bench
