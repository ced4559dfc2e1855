#pragma once
// Private to the .cpp files of store.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/log.h"
#include "ca/ports/nonces.h"
#include "crypto/block_cipher.h"
#include "store/postgres/node.h"
#include "store/postgres/pool.h"

namespace cairn::store {

/// Nonces of any node, each redeemed exactly once at any node: {seconds since 1970, node, counter,
/// zeros} encrypted under a key that all nodes share. Only used nonces are stored
/// (`PostgresRequestChecks`). The key and the used nonces are in tables that a crash of the
/// database empties together. Then a new key is made, and the former nonces are refused instead of
/// being accepted twice.
class SharedNonces final : public ca::Nonces {
  public:
    using Block = crypto::BlockCipher::Block;
    /// What a nonce says.
    struct Content {
        std::int64_t issued, node, counter;
        friend auto operator<=>(const Content&, const Content&) = default;
    };
    /// Nonces are good for so long, by the database's clock.
    static constexpr base::Seconds lifetime{600};

    SharedNonces(PostgresPool& pool, PostgresNode& node, base::Log& log);
    ~SharedNonces() override;

    /// Takes the key from the database, or makes it; blocks. Throws what a call throws.
    void start();
    void stop();

    [[nodiscard]] std::string issue() override;

    /// The octets of a nonce; nothing if no key of the database, not older than a second, decrypts
    /// it.
    [[nodiscard]] std::optional<Block> opened(std::string_view nonce);
    /// What nonces say under the known key, and that key: with another than that, the database
    /// takes none of them.
    struct Reading {
        base::Bytes key;
        std::vector<std::optional<Content>> contents;
    };
    [[nodiscard]] Reading read(std::span<const Block> blocks);
    /// Takes the present key from the database, or makes it. Throws what a call throws.
    [[nodiscard]] base::Task<void> load_key();

  private:
    [[nodiscard]] std::optional<Content> content_of(const Block& block);
    base::Task<void> forget();

    PostgresPool& pool_;
    PostgresNode& node_;
    const std::int64_t node_number_;
    std::atomic<std::uint32_t> counter_ = 0;

    std::mutex mutex_;
    base::Bytes key_;
    std::unique_ptr<crypto::BlockCipher> cipher_;
    /// When the database was asked for the key.
    std::chrono::steady_clock::time_point key_seen_;

    base::TaskGroup tasks_;
};

}  // namespace cairn::store
