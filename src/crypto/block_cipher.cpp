#include "crypto/block_cipher.h"

#include "crypto/openssl.h"

namespace cairn::crypto {

namespace {

using CipherContextHandle = Handle<EVP_CIPHER_CTX, &EVP_CIPHER_CTX_free>;

enum class Direction : int { decrypt = 0, encrypt = 1 };

CipherContextHandle keyed(const BlockCipher::Block& key, Direction direction) {
    CipherContextHandle context(EVP_CIPHER_CTX_new());
    require(context != nullptr, "EVP_CIPHER_CTX_new");
    require(EVP_CipherInit_ex(context.get(), EVP_aes_128_ecb(), nullptr, key.data(), nullptr,
                              static_cast<int>(direction)) == 1,
            "AES-128");
    EVP_CIPHER_CTX_set_padding(context.get(), 0);
    return context;
}

BlockCipher::Block transform(EVP_CIPHER_CTX* context, const BlockCipher::Block& block) {
    BlockCipher::Block result{};
    int length = 0;
    require(EVP_CipherUpdate(context, result.data(), &length, block.data(),
                             static_cast<int>(block.size())) == 1,
            "AES-128");
    return result;
}

}  // namespace

struct BlockCipher::State {
    CipherContextHandle encryption, decryption;
};

BlockCipher::BlockCipher(Random& random) {
    Block key{};
    random.fill(key);
    state_.reset(new State{keyed(key, Direction::encrypt), keyed(key, Direction::decrypt)});
    base::wipe(key);
}

BlockCipher::BlockCipher(const Block& key)
    : state_(new State{keyed(key, Direction::encrypt), keyed(key, Direction::decrypt)}) {}

BlockCipher::~BlockCipher() = default;

BlockCipher::Block BlockCipher::encrypt(const Block& block) {
    return transform(state_->encryption.get(), block);
}

BlockCipher::Block BlockCipher::decrypt(const Block& block) {
    return transform(state_->decryption.get(), block);
}

}  // namespace cairn::crypto
