#include "crypto/tpm2/key.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <stdexcept>
#include <utility>

#include <tss2/tss2_mu.h>

#include "asn1/der.h"
#include "crypto/openssl.h"
#include "crypto/pem_block.h"
#include "crypto/tpm2/device.h"

namespace cairn::crypto {
namespace {

// 2.23.133.10.1.3, id-loadablekey.
constexpr std::uint8_t loadable_key[] = {0x67, 0x81, 0x05, 0x0a, 0x01, 0x03};
constexpr std::size_t longest_private = 4096;

/// A curve as a TPM numbers it.
struct TpmCurve {
    KeyAlgorithm algorithm;
    TPM2_ECC_CURVE curve;
    TPMI_ALG_HASH hash;
    std::size_t field_size;
};
constexpr std::array curves{
    TpmCurve{KeyAlgorithm::ec_p256, TPM2_ECC_NIST_P256, TPM2_ALG_SHA256, 32},
    TpmCurve{KeyAlgorithm::ec_p384, TPM2_ECC_NIST_P384, TPM2_ALG_SHA384, 48},
    TpmCurve{KeyAlgorithm::ec_p521, TPM2_ECC_NIST_P521, TPM2_ALG_SHA512, 66},
};

template <class Parameter>
base::BytesView octets_of(const Parameter& parameter) {
    return {parameter.buffer, std::min<std::size_t>(parameter.size, sizeof parameter.buffer)};
}

// A number at the end of so many octets, zeros before it.
void append_padded(base::Bytes& octets, base::BytesView number, std::size_t size) {
    if (number.size() > size) number = number.last(size);
    octets.insert(octets.end(), size - number.size(), 0);
    octets.insert(octets.end(), number.begin(), number.end());
}

base::Bytes padded(base::BytesView number, std::size_t size) {
    base::Bytes octets;
    append_padded(octets, number, size);
    return octets;
}

base::Result<TPM2B_PUBLIC> public_area_from(base::BytesView octets) {
    TPM2B_PUBLIC area{};
    std::size_t offset = 0;
    if (Tss2_MU_TPM2B_PUBLIC_Unmarshal(octets.data(), octets.size(), &offset, &area) !=
            TSS2_RC_SUCCESS ||
        offset != octets.size())
        return base::fail("its public half is no TPM2B_PUBLIC");
    return area;
}

base::Result<PublicKey> public_key_from(const TPM2B_PUBLIC& area) {
    const auto& facts = area.publicArea;
    if ((facts.objectAttributes & TPMA_OBJECT_SIGN_ENCRYPT) == 0 ||
        (facts.objectAttributes & TPMA_OBJECT_RESTRICTED) != 0)
        return base::fail("it does not sign what it is given");
    if (facts.type == TPM2_ALG_RSA) {
        constexpr std::uint32_t usual_exponent = 65537;
        const auto number = facts.parameters.rsaDetail.exponent;
        const auto exponent = number == 0 ? usual_exponent : number;
        base::Bytes octets;
        for (int shift = 24; shift >= 0; shift -= 8)
            if (const auto octet = static_cast<std::uint8_t>(exponent >> shift);
                octet != 0 || !octets.empty())
                octets.push_back(octet);
        return PublicKey::from_rsa(octets_of(facts.unique.rsa), octets);
    }
    if (facts.type != TPM2_ALG_ECC) return base::fail("it is neither of RSA nor of a curve");
    const auto curve_number = facts.parameters.eccDetail.curveID;
    const auto* const curve = std::ranges::find(curves, curve_number, &TpmCurve::curve);
    const auto x = octets_of(facts.unique.ecc.x), y = octets_of(facts.unique.ecc.y);
    if (curve == curves.end() || x.size() > curve->field_size || y.size() > curve->field_size)
        return base::fail("its curve is none of P-256, P-384 and P-521");
    return PublicKey::from_ec_point(curve->algorithm, padded(x, curve->field_size),
                                    padded(y, curve->field_size));
}

TPM2B_PUBLIC wanted_key(KeyType type) {
    TPM2B_PUBLIC wanted{};
    auto& area = wanted.publicArea;
    area.nameAlg = TPM2_ALG_SHA256;
    area.objectAttributes = TPMA_OBJECT_USERWITHAUTH | TPMA_OBJECT_SIGN_ENCRYPT | TPMA_OBJECT_NODA |
                            TPMA_OBJECT_FIXEDTPM | TPMA_OBJECT_FIXEDPARENT |
                            TPMA_OBJECT_SENSITIVEDATAORIGIN;
    const auto ec = [&](TPM2_ECC_CURVE curve) {
        area.type = TPM2_ALG_ECC;
        area.parameters.eccDetail.symmetric.algorithm = TPM2_ALG_NULL;
        area.parameters.eccDetail.scheme.scheme = TPM2_ALG_NULL;
        area.parameters.eccDetail.curveID = curve;
        area.parameters.eccDetail.kdf.scheme = TPM2_ALG_NULL;
        return wanted;
    };
    const auto rsa = [&](TPM2_KEY_BITS bits) {
        area.type = TPM2_ALG_RSA;
        area.parameters.rsaDetail.symmetric.algorithm = TPM2_ALG_NULL;
        area.parameters.rsaDetail.scheme.scheme = TPM2_ALG_NULL;
        area.parameters.rsaDetail.keyBits = bits;
        return wanted;
    };
    switch (type) {
        case KeyType::ec_p256:
            return ec(TPM2_ECC_NIST_P256);
        case KeyType::ec_p384:
            return ec(TPM2_ECC_NIST_P384);
        case KeyType::rsa2048:
            return rsa(2048);
        case KeyType::rsa3072:
            return rsa(3072);
        case KeyType::rsa4096:
            return rsa(4096);
        case KeyType::ed25519:
            break;
    }
    throw std::runtime_error("a TPM has no keys of type " + std::string(to_string(type)));
}

// Errors that say that the TPM will never do this.
bool is_refusal(TSS2_RC code) {
    // Format-one codes have the number of the parameter in other bits.
    const TSS2_RC plain = code & (TPM2_RC_FMT1 | 0x3fU);
    return plain == TPM2_RC_VALUE || plain == TPM2_RC_CURVE || plain == TPM2_RC_KEY_SIZE ||
           plain == TPM2_RC_ASYMMETRIC;
}

// A TPM does one thing after the other, and some ways to it let in one at a time.
std::mutex& one_at_a_time() {
    static std::mutex mutex;
    return mutex;
}

/// What to sign, how, and what comes back, for one kind of key.
struct Signing {
    std::array<std::uint8_t, 64> digest{};
    std::size_t digest_size = 0;
    TPMT_SIG_SCHEME scheme{};

    Signing(const PublicKey& key, base::BytesView data) {
        const auto* const curve = std::ranges::find(curves, key.algorithm(), &TpmCurve::algorithm);
        const bool is_rsa = curve == curves.end();
        const TPMI_ALG_HASH algorithm = is_rsa ? TPM2_ALG_SHA256 : curve->hash;
        scheme.scheme = is_rsa ? TPM2_ALG_RSASSA : TPM2_ALG_ECDSA;
        scheme.details.any.hashAlg = algorithm;
        digest_size = hash(algorithm == TPM2_ALG_SHA384   ? sha384_algorithm()
                           : algorithm == TPM2_ALG_SHA512 ? sha512_algorithm()
                                                          : sha256_algorithm(),
                           data, digest);
    }
    [[nodiscard]] static base::Bytes value(const PublicKey& key, const TPMT_SIGNATURE& signature) {
        base::Bytes octets;
        if (signature.sigAlg == TPM2_ALG_RSASSA) {
            append_padded(octets, octets_of(signature.signature.rsassa.sig),
                          static_cast<std::size_t>(key.bits() + 7) / 8);
            return octets;
        }
        const auto* const curve = std::ranges::find(curves, key.algorithm(), &TpmCurve::algorithm);
        const auto size = curve == curves.end() ? 0 : curve->field_size;
        append_padded(octets, octets_of(signature.signature.ecdsa.signatureR), size);
        append_padded(octets, octets_of(signature.signature.ecdsa.signatureS), size);
        return octets;
    }
};

class KeyInTpm final : public KeyHolder {
  public:
    KeyInTpm(std::string tcti, std::uint32_t parent, const TPM2B_PUBLIC& public_area,
             const TPM2B_PRIVATE& wrapped, PublicKey public_key)
        : tcti_(std::move(tcti)),
          parent_(parent),
          public_area_(public_area),
          wrapped_(wrapped),
          public_key_(std::move(public_key)) {}
    [[nodiscard]] const PublicKey& public_key() const override { return public_key_; }
    [[nodiscard]] base::Bytes sign(base::BytesView data) const override {
        const Signing signing(public_key_, data);
        const std::scoped_lock lock(one_at_a_time());
        TpmDevice device(tcti_);
        const auto parent = device.parent(parent_);
        const auto key = device.load(parent, public_area_, wrapped_);
        auto signature = Signing::value(
            public_key_,
            device.sign(key, base::BytesView(signing.digest).first(signing.digest_size),
                        signing.scheme));
        if (!verify(public_key_, algorithm_for(public_key_), data, signature))
            throw KeyUnavailable("the TPM has signed wrongly");
        return signature;
    }

  private:
    const std::string tcti_;
    const std::uint32_t parent_;
    const TPM2B_PUBLIC public_area_;
    const TPM2B_PRIVATE wrapped_;
    const PublicKey public_key_;
};

base::Result<TPM2B_PRIVATE> private_from(base::BytesView octets) {
    TPM2B_PRIVATE wrapped{};
    std::size_t offset = 0;
    if (octets.size() > longest_private ||
        Tss2_MU_TPM2B_PRIVATE_Unmarshal(octets.data(), octets.size(), &offset, &wrapped) !=
            TSS2_RC_SUCCESS ||
        offset != octets.size())
        return base::fail("its wrapped half is no TPM2B_PRIVATE");
    return wrapped;
}

bool may_be_parent(std::uint32_t handle) {
    return handle == TPM2_RH_OWNER || handle == TPM2_RH_ENDORSEMENT ||
           (handle >= TPM2_PERSISTENT_FIRST && handle <= TPM2_PERSISTENT_LAST);
}

}  // namespace

Tpm2Key::Tpm2Key(std::uint32_t parent, base::Bytes public_area, base::Bytes wrapped,
                 PublicKey public_key)
    : parent_(parent),
      public_area_(std::move(public_area)),
      wrapped_(std::move(wrapped)),
      public_key_(std::move(public_key)) {}

base::Result<Tpm2Key> Tpm2Key::from_pem(std::string_view pem) {
    const auto der = crypto::from_pem(pem, pem_label);
    if (!der) return std::unexpected(der.error());
    constexpr std::string_view what = "the TSS2 PRIVATE KEY";
    asn1::Failure failure;
    asn1::Reader reader(*der, failure);
    auto fields = reader.inside(asn1::tag::sequence, what);
    reader.end(what);
    const auto type = fields.element(asn1::tag::object_identifier, what).content;
    bool is_open = false;
    if (fields.next_is(asn1::tag::context_constructed(0))) {
        auto inner = fields.inside(asn1::tag::context_constructed(0), what);
        is_open = inner.flag(what);
        inner.end(what);
    }
    if (!failure && !fields.next_is(asn1::tag::integer))
        fields.fail("it has a policy or a secret, which keys here do not have");
    const auto parent_octets = fields.natural_number(what);
    const auto public_octets = fields.element(asn1::tag::octet_string, what).content;
    const auto private_octets = fields.element(asn1::tag::octet_string, what).content;
    fields.end(what);
    if (failure) return std::unexpected(*failure);
    if (!std::ranges::equal(type, loadable_key))
        return base::fail("it is no key that a TPM loads (2.23.133.10.1.3)");
    if (!is_open) return base::fail("it has a password, which keys here do not have");
    if (parent_octets.size() > 4) return base::fail("its parent is no handle of a TPM");
    std::uint32_t parent = 0;
    for (const auto octet : parent_octets) parent = (parent << 8U) | octet;
    if (!may_be_parent(parent)) return base::fail("its parent is no storage key of a TPM");
    const auto area = public_area_from(public_octets);
    if (!area) return std::unexpected(area.error());
    auto key = public_key_from(*area);
    if (!key) return std::unexpected(key.error());
    if (const auto wrapped = private_from(private_octets); !wrapped)
        return std::unexpected(wrapped.error());
    return Tpm2Key(parent, base::copy_of(public_octets), base::copy_of(private_octets),
                   *std::move(key));
}

Tpm2Key Tpm2Key::make(const std::string& tcti, KeyType type) {
    const auto wanted = wanted_key(type);
    const std::scoped_lock lock(one_at_a_time());
    TpmDevice device(tcti);
    const auto parent = device.parent(TPM2_RH_OWNER);
    const auto created = [&] {
        try {
            return device.create(parent, wanted);
        } catch (const TpmFailure& failure) {
            if (!is_refusal(failure.code())) throw;
            throw std::runtime_error("the TPM can have no key of type " +
                                     std::string(to_string(type)) + " (" + failure.what() +
                                     "); ec-p256 and rsa2048 are in every one");
        }
    }();
    auto key = public_key_from(created.public_area);
    if (!key)
        throw std::runtime_error("the TPM has made a key that is none: " + key.error().message);
    base::Bytes public_area(sizeof created.public_area), wrapped(sizeof created.wrapped);
    std::size_t public_size = 0, wrapped_size = 0;
    if (Tss2_MU_TPM2B_PUBLIC_Marshal(&created.public_area, public_area.data(), public_area.size(),
                                     &public_size) != TSS2_RC_SUCCESS ||
        Tss2_MU_TPM2B_PRIVATE_Marshal(&created.wrapped, wrapped.data(), wrapped.size(),
                                      &wrapped_size) != TSS2_RC_SUCCESS)
        throw std::logic_error("a key of a TPM cannot be written");
    public_area.resize(public_size);
    wrapped.resize(wrapped_size);
    return {TPM2_RH_OWNER, std::move(public_area), std::move(wrapped), *std::move(key)};
}

void Tpm2Key::require_tpm(const std::string& tcti) {
    const std::scoped_lock lock(one_at_a_time());
    TpmDevice device(tcti);
    const auto parent = device.parent(TPM2_RH_OWNER);
}

std::string Tpm2Key::pem() const {
    const std::array parent{
        static_cast<std::uint8_t>(parent_ >> 24U), static_cast<std::uint8_t>(parent_ >> 16U),
        static_cast<std::uint8_t>(parent_ >> 8U), static_cast<std::uint8_t>(parent_)};
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(asn1::tag::object_identifier, base::BytesView(loadable_key));
        writer.nested(asn1::tag::context_constructed(0), [&] { writer.flag_true(); });
        writer.natural_number(parent);
        writer.element(asn1::tag::octet_string, base::BytesView(public_area_));
        writer.element(asn1::tag::octet_string, base::BytesView(wrapped_));
    });
    return to_pem(pem_label, writer.view());
}

Signer Tpm2Key::signer(const std::string& tcti) const {
    // Both were read before.
    return Signer(std::make_shared<KeyInTpm>(tcti, parent_, *public_area_from(public_area_),
                                             *private_from(wrapped_), public_key_));
}

}  // namespace cairn::crypto
