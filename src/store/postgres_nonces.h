#pragma once
// Private to the .cpp files of store.

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.h"
#include "ca/nonces.h"
#include "crypto/block_cipher.h"
#include "store/postgres_node.h"
#include "store/postgres_pool.h"

namespace cairn::store {

/// Nonces that any node redeems exactly once, whichever made them: {seconds since 1970, node,
/// counter, zeros} under a key that all nodes share. Only those that were used are stored. Key and
/// used ones are in tables that a crash of the database empties together; a new key is made then,
/// and the former nonces are refused, not good twice.
class SharedNonces final : public ca::Nonces {
  public:
    SharedNonces(PostgresPool& pool, PostgresNode& node, base::Log& log);
    ~SharedNonces() override;

    /// Takes the key from the database, or makes it; blocks. Throws what a call throws.
    void start(const std::vector<base::Executor>& executors);
    void stop();

    [[nodiscard]] std::string issue() override;
    [[nodiscard]] Redemption redeem(std::string_view nonce,
                                    const base::Executor& executor) override;

  private:
    using Block = crypto::BlockCipher::Block;
    /// What a nonce says.
    struct Content {
        std::int64_t issued, node, counter;
        friend auto operator<=>(const Content&, const Content&) = default;
    };
    struct Claim;
    struct Batch;

    [[nodiscard]] std::optional<Content> read(const Block& block);
    [[nodiscard]] bool is_worthless(const Block& block);
    [[nodiscard]] std::pair<base::Bytes, std::vector<std::optional<Content>>> read_all(
        const std::vector<std::shared_ptr<Claim>>& claims);
    base::Task<void> load_key();
    base::Task<void> send(Batch& batch);
    base::Task<void> redeem_all(const std::vector<std::shared_ptr<Claim>>& claims);
    static base::Task<bool> outcome_of(std::shared_ptr<Claim> claim);
    base::Task<void> forget();

    PostgresPool& pool_;
    PostgresNode& node_;
    base::Log& log_;
    const std::int64_t node_number_;
    std::atomic<std::uint32_t> counter_ = 0;

    std::mutex mutex_;
    base::Bytes key_;
    std::unique_ptr<crypto::BlockCipher> cipher_;
    /// When the database was asked for the key.
    std::chrono::steady_clock::time_point key_seen_;

    /// One for each event loop.
    std::vector<std::unique_ptr<Batch>> batches_;
    base::TaskGroup tasks_;
};

}  // namespace cairn::store
