#include "ca/work/local_nonces.h"

#include <algorithm>
#include <array>
#include <mutex>
#include <vector>

#include "base/base64url.h"
#include "crypto/block_cipher.h"

namespace cairn::ca {

using Block = crypto::BlockCipher::Block;

struct LocalNonces::State {
    explicit State(crypto::Random& random) : cipher(random), used(window / 64), start(window) {
        random.fill(epoch);
    }

    [[nodiscard]] bool test_and_set(std::uint64_t counter) {
        auto& word = used[counter % window / 64];
        const std::uint64_t bit = std::uint64_t{1} << (counter % 64);
        const bool was_used = (word & bit) != 0;
        word |= bit;
        return was_used;
    }
    void clear(std::uint64_t counter) {
        used[counter % window / 64] &= ~(std::uint64_t{1} << (counter % 64));
    }

    std::mutex mutex;
    crypto::BlockCipher cipher;
    // Which start of the server a nonce belongs to; with 64 bits it also authenticates the rest.
    std::array<std::uint8_t, 8> epoch{};
    std::vector<std::uint64_t> used;
    std::uint64_t start;
    std::uint64_t next = window;
};

LocalNonces::LocalNonces(crypto::Random& random) : state_(std::make_unique<State>(random)) {}
LocalNonces::~LocalNonces() = default;

std::string LocalNonces::issue() {
    Block block{};
    std::ranges::copy(state_->epoch, block.begin());
    {
        const std::scoped_lock lock(state_->mutex);
        const std::uint64_t counter = state_->next++;
        state_->clear(counter);
        for (std::size_t i = 0; i < 8; ++i)
            block[8 + i] = static_cast<std::uint8_t>(counter >> (56 - 8 * i));
        block = state_->cipher.encrypt(block);
    }
    return base::base64url(block);
}

bool LocalNonces::take(std::string_view nonce) {
    const auto octets = base::from_base64url(nonce);
    if (!octets || octets->size() != sizeof(Block)) return false;
    Block block{};
    std::ranges::copy(*octets, block.begin());

    const std::scoped_lock lock(state_->mutex);
    block = state_->cipher.decrypt(block);
    if (!std::equal(state_->epoch.begin(), state_->epoch.end(), block.begin())) return false;
    std::uint64_t counter = 0;
    for (std::size_t i = 0; i < 8; ++i) counter = counter << 8U | block[8 + i];
    if (counter < state_->start || counter >= state_->next || counter + window < state_->next)
        return false;
    return !state_->test_and_set(counter);
}

}  // namespace cairn::ca
