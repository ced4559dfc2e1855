#include "crypto/sealed_stream.h"

#include <algorithm>
#include <istream>
#include <optional>
#include <ostream>
#include <span>
#include <string>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "crypto/openssl.h"

namespace cairn::crypto {

namespace {

using CipherContextHandle = Handle<EVP_CIPHER_CTX, &EVP_CIPHER_CTX_free>;

constexpr std::string_view magic = "CAIRNSL\x01";
constexpr int least_cost = 14, most_cost = 20;
constexpr std::uint8_t block_size = 8, parallelism = 1;
constexpr std::size_t chunk_size = 65536, tag_size = 16, nonce_size = 12;
constexpr std::size_t sealed_size = chunk_size + tag_size;

/// The number of a chunk in 11 octets, then whether it is the last.
std::array<std::uint8_t, nonce_size> nonce_of(std::uint64_t number, bool is_last) {
    std::array<std::uint8_t, nonce_size> nonce{};
    for (std::size_t i = 0; i < sizeof number; ++i)
        nonce.at(nonce_size - 2 - i) = static_cast<std::uint8_t>(number >> (8 * i));
    nonce.back() = is_last ? 1 : 0;
    return nonce;
}

int length_of(base::BytesView octets) {
    return static_cast<int>(octets.size());
}

base::Bytes sealed(const SealKey& key, base::BytesView header, std::uint64_t number, bool is_last,
                   base::BytesView plain) {
    const CipherContextHandle context(EVP_CIPHER_CTX_new());
    const auto nonce = nonce_of(number, is_last);
    base::Bytes out(plain.size() + tag_size);
    int length = 0;
    require(context && EVP_EncryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                          key.octets().data(), nonce.data()) == 1,
            "AES-256-GCM");
    require(
        EVP_EncryptUpdate(context.get(), nullptr, &length, header.data(), length_of(header)) == 1,
        "AES-256-GCM");
    // OpenSSL takes neither null nor no octets for text.
    if (!plain.empty())
        require(EVP_EncryptUpdate(context.get(), out.data(), &length, plain.data(),
                                  length_of(plain)) == 1,
                "AES-256-GCM");
    std::array<std::uint8_t, tag_size> rest{};
    require(EVP_EncryptFinal_ex(context.get(), rest.data(), &length) == 1, "AES-256-GCM");
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_GET_TAG, tag_size,
                                out.data() + plain.size()) == 1,
            "AES-256-GCM");
    return out;
}

// Nothing if the chunk is not what was sealed.
std::optional<base::Bytes> unsealed(const SealKey& key, base::BytesView header,
                                    std::uint64_t number, bool is_last, base::BytesView chunk) {
    if (chunk.size() < tag_size) return std::nullopt;
    const CipherContextHandle context(EVP_CIPHER_CTX_new());
    const auto nonce = nonce_of(number, is_last);
    const auto cipher_text = chunk.first(chunk.size() - tag_size);
    auto tag = base::copy_of(chunk.last(tag_size));
    base::Bytes out(cipher_text.size());
    int length = 0;
    require(context && EVP_DecryptInit_ex(context.get(), EVP_aes_256_gcm(), nullptr,
                                          key.octets().data(), nonce.data()) == 1,
            "AES-256-GCM");
    require(
        EVP_DecryptUpdate(context.get(), nullptr, &length, header.data(), length_of(header)) == 1,
        "AES-256-GCM");
    if (!cipher_text.empty())
        require(EVP_DecryptUpdate(context.get(), out.data(), &length, cipher_text.data(),
                                  length_of(cipher_text)) == 1,
                "AES-256-GCM");
    require(EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_GCM_SET_TAG, tag_size, tag.data()) == 1,
            "AES-256-GCM");
    std::array<std::uint8_t, tag_size> rest{};
    if (EVP_DecryptFinal_ex(context.get(), rest.data(), &length) != 1) {
        (void)openssl_error();
        return std::nullopt;
    }
    return out;
}

}  // namespace

SealHeader SealHeader::fresh(Random& random) {
    SealHeader header;
    random.fill(header.salt);
    return header;
}

base::Result<SealHeader> SealHeader::from_octets(base::BytesView octets) {
    if (octets.size() != size ||
        !std::ranges::equal(octets.first(magic.size()), base::bytes_of(magic)))
        return base::fail("it does not begin as a sealed file does");
    const auto parameters = octets.subspan(magic.size(), 4);
    SealHeader header;
    header.cost = parameters[0];
    if (header.cost < least_cost || header.cost > most_cost || parameters[1] != block_size ||
        parameters[2] != parallelism || parameters[3] != 0)
        return base::fail("its key is made in a way that this version does not know");
    std::ranges::copy(octets.last(header.salt.size()), header.salt.begin());
    return header;
}

base::Bytes SealHeader::to_octets() const {
    auto octets = base::copy_of(base::bytes_of(magic));
    for (const auto octet :
         {static_cast<std::uint8_t>(cost), block_size, parallelism, std::uint8_t{0}})
        octets.push_back(octet);
    octets.insert(octets.end(), salt.begin(), salt.end());
    return octets;
}

SealKey SealKey::from_passphrase(const SealHeader& header, std::string_view passphrase) {
    constexpr std::uint64_t most_memory = std::uint64_t{2} << 30U;
    SealKey key;
    require(
        EVP_PBE_scrypt(passphrase.data(), passphrase.size(), header.salt.data(), header.salt.size(),
                       std::uint64_t{1} << static_cast<unsigned>(header.cost), block_size,
                       parallelism, most_memory, key.octets_.data(), key.octets_.size()) == 1,
        "scrypt");
    return key;
}

SealKey::~SealKey() {
    OPENSSL_cleanse(octets_.data(), octets_.size());
}

struct Sealer::State {
    std::ostream& out;
    base::Bytes header;
    SealKey key;
    base::Bytes pending{};
    std::uint64_t number = 0;
};

Sealer::Sealer(std::ostream& out, const SealHeader& header, const SealKey& key)
    : state_(std::make_unique<State>(State{out, header.to_octets(), key})) {
    const auto text = base::text_of(state_->header);
    out.write(text.data(), static_cast<std::streamsize>(text.size()));
}

Sealer::~Sealer() = default;

void Sealer::seal(bool is_last) {
    const auto chunk =
        sealed(state_->key, state_->header, state_->number++, is_last, state_->pending);
    const auto text = base::text_of(chunk);
    state_->out.write(text.data(), static_cast<std::streamsize>(text.size()));
    state_->pending.clear();
}

void Sealer::write(base::BytesView octets) {
    while (!octets.empty()) {
        // One that is full is sealed once something follows: the last may be full.
        if (state_->pending.size() == chunk_size) seal(false);
        const auto part =
            octets.first(std::min(octets.size(), chunk_size - state_->pending.size()));
        state_->pending.insert(state_->pending.end(), part.begin(), part.end());
        octets = octets.subspan(part.size());
    }
}

void Sealer::finish() {
    seal(true);
}

struct Unsealer::State {
    std::istream& in;
    base::Bytes header;
    SealKey key;
    std::uint64_t number = 0;
    bool is_over = false;
};

Unsealer::Unsealer(std::istream& in, const SealHeader& header, const SealKey& key)
    : state_(std::make_unique<State>(State{in, header.to_octets(), key})) {}

Unsealer::~Unsealer() = default;

base::Result<base::Bytes> Unsealer::next() {
    if (state_->is_over) return base::Bytes();
    std::string chunk(sealed_size, '\0');
    state_->in.read(chunk.data(), static_cast<std::streamsize>(chunk.size()));
    chunk.resize(static_cast<std::size_t>(state_->in.gcount()));
    const bool is_last = state_->in.peek() == std::istream::traits_type::eof();
    auto plain =
        unsealed(state_->key, state_->header, state_->number, is_last, base::bytes_of(chunk));
    if (!plain && state_->number == 0)
        return base::fail(
            "it cannot be opened: the passphrase is another one, or its begin was "
            "changed or cut");
    if (!plain)
        return base::fail("it was cut or changed at octet " +
                          std::to_string(SealHeader::size + state_->number * sealed_size) +
                          " or behind");
    ++state_->number;
    state_->is_over = is_last;
    return *std::move(plain);
}

}  // namespace cairn::crypto
