#include "crypto/key.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>

#include "asn1/der.h"
#include "base/enum_table.h"
#include "crypto/integer_pair.h"
#include "crypto/openssl.h"

namespace cairn::crypto {
namespace {

using ParameterBuilderHandle = Handle<OSSL_PARAM_BLD, &OSSL_PARAM_BLD_free>;
using ParametersHandle = Handle<OSSL_PARAM, &OSSL_PARAM_free>;

struct KeyCurve {
    KeyAlgorithm algorithm;
    const char* name;
    int bits;
    std::size_t coordinate_size;
    /// The SubjectPublicKeyInfo of an uncompressed point as far as the coordinates: RFC 5480
    /// section 2, with the 04 of SEC 1 section 2.3.3 at its end.
    std::string_view spki_head;
};

using namespace std::string_view_literals;

// 1.2.840.10045.2.1 with 1.2.840.10045.3.1.7, 1.3.132.0.34 and 1.3.132.0.35.
constexpr std::array key_curves = {
    KeyCurve{KeyAlgorithm::ec_p256, "P-256", 256, 32,
             "\x30\x59\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
             "\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07\x03\x42\x00\x04"sv},
    KeyCurve{KeyAlgorithm::ec_p384, "P-384", 384, 48,
             "\x30\x76\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
             "\x06\x05\x2b\x81\x04\x00\x22\x03\x62\x00\x04"sv},
    KeyCurve{KeyAlgorithm::ec_p521, "P-521", 521, 66,
             "\x30\x81\x9b\x30\x10\x06\x07\x2a\x86\x48\xce\x3d\x02\x01"
             "\x06\x05\x2b\x81\x04\x00\x23\x03\x81\x86\x00\x04"sv},
};

/// 1.3.101.112, RFC 8410 section 4.
constexpr std::string_view ed25519_spki_head = "\x30\x2a\x30\x05\x06\x03\x2b\x65\x70\x03\x21\x00"sv;
constexpr std::size_t ed25519_size = 32;
constexpr int ed25519_field_bits = 255;

/// AlgorithmIdentifier of 1.2.840.113549.1.1.1 with NULL (RFC 3279 section 2.3.1).
constexpr std::string_view rsa_algorithm =
    "\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00"sv;
constexpr int rsa_least_bits = 512;
constexpr int rsa_most_bits = 16384;

const KeyCurve* curve_of(KeyAlgorithm algorithm) {
    const auto* found = std::ranges::find(key_curves, algorithm, &KeyCurve::algorithm);
    return found == key_curves.end() ? nullptr : found;
}

bool starts_with(base::BytesView octets, std::string_view head) {
    return base::text_of(octets).starts_with(head);
}

void append_octets(base::Bytes& octets, base::BytesView more) {
    octets.insert(octets.end(), more.begin(), more.end());
}

int bit_length(base::BytesView number) {
    return BN_num_bits(
        BigNumberHandle(BN_bin2bn(number.data(), static_cast<int>(number.size()), nullptr)).get());
}

base::Bytes number_octets(const BIGNUM* number) {
    base::Bytes octets(static_cast<std::size_t>(BN_num_bytes(number)));
    BN_bn2bin(number, octets.data());
    return octets;
}

/// The key that OpenSSL makes from `parameters`; null if they are no valid key.
PkeyHandle pkey_from(const char* type, int selection, OSSL_PARAM* parameters) {
    const PkeyContextHandle context(EVP_PKEY_CTX_new_from_name(nullptr, type, nullptr));
    require(context && EVP_PKEY_fromdata_init(context.get()) == 1, "preparing a key");
    EVP_PKEY* key = nullptr;
    if (EVP_PKEY_fromdata(context.get(), &key, selection, parameters) != 1) return {};
    return PkeyHandle(key);
}

/// A key on `curve` without its point.
PkeyHandle pointless_key(const KeyCurve& curve) {
    std::string name = curve.name;
    OSSL_PARAM parameters[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name.data(), name.size()),
        OSSL_PARAM_construct_end()};
    auto key = pkey_from("EC", EVP_PKEY_KEY_PARAMETERS, parameters);
    require(key != nullptr, curve.name);
    return key;
}

std::size_t index_of(const KeyCurve& curve) {
    return static_cast<std::size_t>(&curve - key_curves.data());
}

/// The key with this encoded point; null if that is not on the curve. The curve is copied, since
/// its set-up takes OpenSSL four times as long.
PkeyHandle ec_key(const KeyCurve& curve, base::BytesView point) {
    static const std::array<PkeyHandle, key_curves.size()> pointless = {
        pointless_key(key_curves[0]), pointless_key(key_curves[1]), pointless_key(key_curves[2])};
    PkeyHandle key(EVP_PKEY_dup(pointless[index_of(curve)].get()));
    require(key != nullptr, curve.name);
    if (EVP_PKEY_set1_encoded_public_key(key.get(), point.data(), point.size()) != 1) return {};
    return key;
}

/// The encoded point at the end of a SubjectPublicKeyInfo on `curve`.
base::BytesView encoded_point(const KeyCurve& curve, base::BytesView spki) {
    return spki.subspan(curve.spki_head.size() - 1);
}

base::Bytes rsa_spki(const IntegerPair& numbers) {
    // Beside the numbers: 15 octets of AlgorithmIdentifier, five headers of 4, three zeros at most.
    asn1::Writer spki(numbers.first.size() + numbers.second.size() + 40);
    spki.nested(asn1::tag::sequence, [&] {
        spki.raw(base::bytes_of(rsa_algorithm));
        spki.octet_aligned_bits([&] { write(spki, numbers); });
    });
    return std::move(spki).take();
}

/// The numbers in a SubjectPublicKeyInfo of RSA, as views into it; nothing if it is not exactly
/// what `rsa_spki` writes.
std::optional<IntegerPair> rsa_numbers_in(base::BytesView spki) {
    asn1::Failure failure;
    asn1::Reader reader(spki, failure);
    asn1::Reader info = reader.inside(asn1::tag::sequence, "the key");
    reader.end("the key");
    const asn1::Element algorithm = info.element(asn1::tag::sequence, "the algorithm");
    const base::BytesView bits = info.octet_aligned_bits("the numbers");
    info.end("the key");
    if (failure || base::text_of(algorithm.whole) != rsa_algorithm) return std::nullopt;
    return integer_pair_from_der(bits);
}

BigNumberHandle parameter_of(const EVP_PKEY* key, const char* name) {
    BIGNUM* number = nullptr;
    if (EVP_PKEY_get_bn_param(key, name, &number) != 1) return {};
    return BigNumberHandle(number);
}

constexpr base::EnumTable<KeyAlgorithm, std::string_view> key_algorithm_names({
    {KeyAlgorithm::rsa, "rsa"},
    {KeyAlgorithm::ec_p256, "ec-p256"},
    {KeyAlgorithm::ec_p384, "ec-p384"},
    {KeyAlgorithm::ec_p521, "ec-p521"},
    {KeyAlgorithm::ed25519, "ed25519"},
});

}  // namespace

std::string_view to_string(KeyAlgorithm algorithm) {
    return key_algorithm_names[algorithm];
}

base::Result<KeyAlgorithm> key_algorithm_from(std::string_view text) {
    if (const auto algorithm = key_algorithm_names.find(text)) return *algorithm;
    return base::fail("key algorithm " + base::printable(text, 40) + " is none of " +
                      base::listed(key_algorithm_names));
}

/// What copies of a key share.
class PublicKey::Parts {
  public:
    Parts(KeyAlgorithm algorithm, base::Bytes spki, PkeyHandle key)
        : algorithm_(algorithm), spki_(std::move(spki)), key_(std::move(key)) {}

    [[nodiscard]] KeyAlgorithm algorithm() const { return algorithm_; }
    [[nodiscard]] const base::Bytes& spki() const { return spki_; }
    [[nodiscard]] EVP_PKEY* handle() const { return key_.get(); }

    [[nodiscard]] PkeyContextHandle take_verification() const {
        {
            const std::scoped_lock lock(mutex_);
            if (idle_count_ > 0) return std::move(idle_[--idle_count_]);
        }
        PkeyContextHandle context(EVP_PKEY_CTX_new_from_pkey(nullptr, handle(), nullptr));
        require(context && EVP_PKEY_verify_init(context.get()) == 1, "verifying a signature");
        return context;
    }
    void give_back(PkeyContextHandle context) const {
        const std::scoped_lock lock(mutex_);
        if (idle_count_ < idle_.size()) idle_[idle_count_++] = std::move(context);
    }

  private:
    const KeyAlgorithm algorithm_;
    const base::Bytes spki_;
    const PkeyHandle key_;
    mutable std::mutex mutex_;
    mutable std::array<PkeyContextHandle, 4> idle_;
    mutable std::size_t idle_count_ = 0;
};

PublicKey::Verification::Verification(const PublicKey& key)
    : parts_(key.parts_), context_(parts_->take_verification().release()) {}
PublicKey::Verification::~Verification() {
    parts_->give_back(PkeyContextHandle(context_));
}

KeyAlgorithm PublicKey::algorithm() const {
    return parts_->algorithm();
}
const base::Bytes& PublicKey::spki() const {
    return parts_->spki();
}
EVP_PKEY* PublicKey::handle() const {
    return parts_->handle();
}

base::Result<PublicKey> PublicKey::from_spki(base::BytesView der) {
    // Each kind has exactly one accepted encoding, so its fixed part is compared instead of
    // decoded.
    for (const KeyCurve& curve : key_curves) {
        const std::size_t head = curve.spki_head.size();
        if (der.size() == head + 2 * curve.coordinate_size && starts_with(der, curve.spki_head)) {
            return from_ec_point(curve.algorithm, der.subspan(head, curve.coordinate_size),
                                 der.subspan(head + curve.coordinate_size));
        }
    }
    if (der.size() == ed25519_spki_head.size() + ed25519_size &&
        starts_with(der, ed25519_spki_head)) {
        return from_ed25519(der.subspan(ed25519_spki_head.size()));
    }
    if (const auto numbers = rsa_numbers_in(der)) {
        return from_rsa(numbers->first, numbers->second);
    }
    return base::fail(
        "public key is not the DER of an RSA key, an uncompressed point on P-256, P-384 or P-521, "
        "or an Ed25519 key");
}

base::Result<PublicKey> PublicKey::from_ec_point(KeyAlgorithm algorithm, base::BytesView x,
                                                 base::BytesView y) {
    const KeyCurve* curve = curve_of(algorithm);
    if (!curve) return base::fail("key is not of an elliptic curve with x and y");
    if (x.size() != curve->coordinate_size || y.size() != curve->coordinate_size) {
        return base::fail(std::string("coordinates of a ") + curve->name + " key must have " +
                          std::to_string(curve->coordinate_size) + " octets each");
    }
    base::Bytes spki;
    spki.reserve(curve->spki_head.size() + 2 * curve->coordinate_size);
    append_octets(spki, base::bytes_of(curve->spki_head));
    append_octets(spki, x);
    append_octets(spki, y);
    auto key = ec_key(*curve, encoded_point(*curve, spki));
    if (!key) {
        return base::fail(std::string("point is not on ") + curve->name + ": " + openssl_error());
    }
    return PublicKey(std::make_shared<const Parts>(algorithm, std::move(spki), std::move(key)));
}

base::Result<PublicKey> PublicKey::from_rsa(base::BytesView modulus, base::BytesView exponent) {
    if (modulus.empty() || modulus.front() == 0) {
        return base::fail("RSA modulus is empty or starts with a zero octet");
    }
    if (exponent.empty() || exponent.front() == 0) {
        return base::fail("RSA exponent is empty or starts with a zero octet");
    }
    if (modulus.size() > rsa_most_bits / 8 || bit_length(modulus) < rsa_least_bits) {
        return base::fail("RSA modulus does not have 512 to 16384 bits");
    }
    if (exponent.size() > modulus.size()) return base::fail("RSA exponent exceeds the modulus");
    if (exponent.back() % 2 == 0 || (exponent.size() == 1 && exponent.front() == 1)) {
        return base::fail("RSA exponent is even or 1");
    }
    const BigNumberHandle n(BN_bin2bn(modulus.data(), static_cast<int>(modulus.size()), nullptr));
    const BigNumberHandle e(BN_bin2bn(exponent.data(), static_cast<int>(exponent.size()), nullptr));
    const ParameterBuilderHandle builder(OSSL_PARAM_BLD_new());
    require(n && e && builder &&
                OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_N, n.get()) == 1 &&
                OSSL_PARAM_BLD_push_BN(builder.get(), OSSL_PKEY_PARAM_RSA_E, e.get()) == 1,
            "preparing an RSA key");
    const ParametersHandle parameters(OSSL_PARAM_BLD_to_param(builder.get()));
    auto key = pkey_from("RSA", EVP_PKEY_PUBLIC_KEY, parameters.get());
    if (!key) return base::fail("RSA key is refused: " + openssl_error());
    return PublicKey(std::make_shared<const Parts>(KeyAlgorithm::rsa, rsa_spki({modulus, exponent}),
                                                   std::move(key)));
}

base::Result<PublicKey> PublicKey::from_ed25519(base::BytesView raw) {
    if (raw.size() != ed25519_size) return base::fail("Ed25519 key does not have 32 octets");
    PkeyHandle key(
        EVP_PKEY_new_raw_public_key_ex(nullptr, "ED25519", nullptr, raw.data(), raw.size()));
    if (!key) return base::fail("Ed25519 key is refused: " + openssl_error());
    auto spki = base::copy_of(base::bytes_of(ed25519_spki_head));
    append_octets(spki, raw);
    return PublicKey(
        std::make_shared<const Parts>(KeyAlgorithm::ed25519, std::move(spki), std::move(key)));
}

base::Result<PublicKey> PublicKey::from_handle(std::shared_ptr<EVP_PKEY> key) {
    if (EVP_PKEY_is_a(key.get(), "RSA") == 1) {
        const auto modulus = parameter_of(key.get(), OSSL_PKEY_PARAM_RSA_N);
        const auto exponent = parameter_of(key.get(), OSSL_PKEY_PARAM_RSA_E);
        if (modulus && exponent) {
            return from_rsa(number_octets(modulus.get()), number_octets(exponent.get()));
        }
    } else if (EVP_PKEY_is_a(key.get(), "EC") == 1) {
        std::array<char, 80> name{};
        const bool named =
            EVP_PKEY_get_group_name(key.get(), name.data(), name.size(), nullptr) == 1;
        const int group = named ? OBJ_txt2nid(name.data()) : NID_undef;
        const auto* curve = std::ranges::find_if(key_curves, [&](const KeyCurve& c) {
            return group != NID_undef && EC_curve_nist2nid(c.name) == group;
        });
        const auto x = parameter_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_X);
        const auto y = parameter_of(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y);
        if (curve != key_curves.end() && x && y) {
            base::Bytes x_octets(curve->coordinate_size);
            base::Bytes y_octets(curve->coordinate_size);
            const auto size = static_cast<int>(curve->coordinate_size);
            if (BN_bn2binpad(x.get(), x_octets.data(), size) == size &&
                BN_bn2binpad(y.get(), y_octets.data(), size) == size) {
                return from_ec_point(curve->algorithm, x_octets, y_octets);
            }
        }
    } else if (EVP_PKEY_is_a(key.get(), "ED25519") == 1) {
        base::Bytes raw(ed25519_size);
        std::size_t size = raw.size();
        if (EVP_PKEY_get_raw_public_key(key.get(), raw.data(), &size) == 1) {
            return from_ed25519(raw);
        }
    }
    ERR_clear_error();
    return base::fail("key is not RSA, on P-256, P-384 or P-521, or Ed25519");
}

int PublicKey::bits() const {
    if (const KeyCurve* curve = curve_of(algorithm())) return curve->bits;
    return algorithm() == KeyAlgorithm::ed25519 ? ed25519_field_bits
                                                : bit_length(rsa_numbers_in(spki())->first);
}

PublicKey::EcPoint PublicKey::ec_point() const {
    const KeyCurve* curve = curve_of(algorithm());
    if (!curve) throw std::logic_error("coordinates asked of a key that has none");
    const auto coordinates = base::BytesView(spki()).subspan(curve->spki_head.size());
    return {base::copy_of(coordinates.first(curve->coordinate_size)),
            base::copy_of(coordinates.subspan(curve->coordinate_size))};
}

PublicKey::RsaNumbers PublicKey::rsa_numbers() const {
    const auto numbers = rsa_numbers_in(spki());
    if (!numbers) throw std::logic_error("RSA numbers asked of another key");
    return {base::copy_of(numbers->first), base::copy_of(numbers->second)};
}

base::Bytes PublicKey::ed25519_raw() const {
    if (algorithm() != KeyAlgorithm::ed25519) {
        throw std::logic_error("Ed25519 octets asked of another key");
    }
    return base::copy_of(base::BytesView(spki()).subspan(ed25519_spki_head.size()));
}

}  // namespace cairn::crypto
