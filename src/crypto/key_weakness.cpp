#include "crypto/key_weakness.h"

#include <algorithm>
#include <array>
#include <vector>

#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

constexpr int least_bits = 2048;
constexpr int most_bits = 8192;
constexpr BN_ULONG least_exponent = 65537;
constexpr std::size_t most_exponent_octets = 32;
constexpr unsigned small_factor_end = 752;
constexpr int fermat_rounds = 100;

constexpr bool is_prime(unsigned number) {
    for (unsigned divisor = 2; divisor * divisor <= number; ++divisor) {
        if (number % divisor == 0) return false;
    }
    return number >= 2;
}

constexpr std::size_t small_primes_count = [] {
    std::size_t count = 0;
    for (unsigned number = 2; number < small_factor_end; ++number) count += is_prime(number);
    return count;
}();

constexpr std::array<unsigned, small_primes_count> small_primes = [] {
    std::array<unsigned, small_primes_count> primes{};
    std::size_t count = 0;
    for (unsigned number = 2; number < small_factor_end; ++number) {
        if (is_prime(number)) primes[count++] = number;
    }
    return primes;
}();

/// Remainders of a number modulo each of `small_primes`.
using Remainders = std::array<unsigned, small_primes_count>;

Remainders remainders_of(const BIGNUM* number) {
    Remainders remainders{};
    std::ranges::transform(small_primes, remainders.begin(), [&](unsigned prime) {
        return static_cast<unsigned>(BN_mod_word(number, prime));
    });
    return remainders;
}

/// True if `remainder` is a power of 65537 modulo `prime`.
constexpr bool is_power_of_65537(unsigned remainder, unsigned prime) {
    const unsigned generator = 65537 % prime;
    unsigned power = 1;
    do {
        if (power == remainder) return true;
        power = power * generator % prime;
    } while (power != 1);
    return false;
}

/// Infineon's library made primes of the form k * M + (65537^a mod M), M a product of the first
/// primes: so their products are powers of 65537 modulo each of them (CVE-2017-15361). A sound
/// modulus has this property for all primes from 3 to 167 with a probability below 2^-27.
bool has_roca_fingerprint(const Remainders& remainders) {
    constexpr unsigned last_prime = 167;
    for (std::size_t i = 1; i < small_primes_count && small_primes[i] <= last_prime; ++i) {
        if (!is_power_of_65537(remainders[i], small_primes[i])) return false;
    }
    return true;
}

/// Arithmetic on whole numbers of any size.
class Arithmetic {
  public:
    Arithmetic() : context_(BN_CTX_new()) { require(context_ != nullptr, "big numbers"); }

    /// The greatest number whose square is at most `number`, which is positive, by Newton's method
    /// from above.
    [[nodiscard]] BigNumberHandle square_root(const BIGNUM* number) {
        auto root = zero();
        require(BN_set_bit(root.get(), (BN_num_bits(number) + 1) / 2) == 1, "big numbers");
        auto next = zero();
        while (true) {
            require(BN_div(next.get(), nullptr, number, root.get(), context_.get()) == 1 &&
                        BN_add(next.get(), next.get(), root.get()) == 1 &&
                        BN_rshift1(next.get(), next.get()) == 1,
                    "big numbers");
            if (BN_cmp(next.get(), root.get()) >= 0) return root;
            std::swap(root, next);
        }
    }
    [[nodiscard]] BigNumberHandle square(const BIGNUM* number) {
        auto result = zero();
        require(BN_sqr(result.get(), number, context_.get()) == 1, "big numbers");
        return result;
    }
    [[nodiscard]] bool is_square(const BIGNUM* number) {
        if (BN_is_zero(number) == 1) return true;
        // Squares have few of the remainders modulo 64, 63, 65 and 11, so the root is seldom
        // needed.
        for (const unsigned modulus : {64U, 63U, 65U, 11U}) {
            const auto remainder = static_cast<unsigned>(BN_mod_word(number, modulus));
            unsigned side = 0;
            while (side < modulus && side * side % modulus != remainder) ++side;
            if (side == modulus) return false;
        }
        return BN_cmp(square(square_root(number).get()).get(), number) == 0;
    }
    [[nodiscard]] static BigNumberHandle zero() {
        BigNumberHandle number(BN_new());
        require(number != nullptr, "big numbers");
        return number;
    }

  private:
    BigNumberContextHandle context_;
};

/// True if the modulus is (a - b) * (a + b) for one of the first `fermat_rounds` values of a from
/// its square root upwards: its primes are close to each other (CVE-2022-26320).
bool has_close_factors(const BIGNUM* modulus) {
    Arithmetic arithmetic;
    auto a = arithmetic.square_root(modulus);
    auto difference = arithmetic.square(a.get());  // a * a - modulus
    require(BN_sub(difference.get(), difference.get(), modulus) == 1, "big numbers");
    for (int round = 0; round <= fermat_rounds; ++round) {
        if (BN_is_negative(difference.get()) == 0 && arithmetic.is_square(difference.get())) {
            return true;
        }
        // (a + 1)^2 - a^2 = 2a + 1
        require(BN_add(difference.get(), difference.get(), a.get()) == 1 &&
                    BN_add(difference.get(), difference.get(), a.get()) == 1 &&
                    BN_add_word(difference.get(), 1) == 1 && BN_add_word(a.get(), 1) == 1,
                "big numbers");
    }
    return false;
}

BigNumberHandle big_number(const base::Bytes& octets) {
    BigNumberHandle number(BN_bin2bn(octets.data(), static_cast<int>(octets.size()), nullptr));
    require(number != nullptr, "big numbers");
    return number;
}

std::optional<std::string> rsa_weakness(const PublicKey& key) {
    // Sizes first: they bound what the rest costs.
    if (auto weakness = size_weakness(key)) return weakness;
    const auto numbers = key.rsa_numbers();
    const auto modulus = big_number(numbers.modulus);
    const auto exponent = big_number(numbers.exponent);
    if (BN_num_bits(exponent.get()) < 32 && BN_get_word(exponent.get()) < least_exponent) {
        return "RSA exponent is below 65537";
    }
    if (BN_is_odd(exponent.get()) == 0) return "RSA exponent is even";
    if (BN_is_odd(modulus.get()) == 0) return "RSA modulus is even";

    const Remainders remainders = remainders_of(modulus.get());
    if (std::ranges::find(remainders, 0U) != remainders.end())
        return "RSA modulus has a prime factor below 752";
    if (has_roca_fingerprint(remainders)) return "RSA modulus has the ROCA fingerprint";
    if (has_close_factors(modulus.get())) return "RSA modulus has primes close to each other";
    return std::nullopt;
}

}  // namespace

std::optional<std::string> size_weakness(const PublicKey& key) {
    if (key.algorithm() != KeyAlgorithm::rsa) return std::nullopt;
    const int bits = key.bits();
    if (bits < least_bits) return "RSA modulus has fewer than 2048 bits";
    if (bits > most_bits) return "RSA modulus has more than 8192 bits";
    if (bits % 8 != 0) return "RSA modulus has a number of bits that is not divisible by 8";
    // 2^256 itself is even.
    if (key.rsa_numbers().exponent.size() > most_exponent_octets)
        return "RSA exponent is above 2^256";
    return std::nullopt;
}

std::optional<std::string> key_weakness(const PublicKey& key) {
    if (key.algorithm() == KeyAlgorithm::rsa) return rsa_weakness(key);
    return std::nullopt;
}

}  // namespace cairn::crypto
