#include "store/postgres_nonces.h"

#include <algorithm>
#include <map>
#include <tuple>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <boost/system/system_error.hpp>

#include "base/base64url.h"
#include "ca/repository.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

using enum Statement::Effect;
using enum Statement::Transaction;

/// A nonce is good for so long, by the database's clock, and remembered for longer.
constexpr std::int64_t lifetime = 600;
constexpr std::int64_t remembered = 2 * lifetime;
constexpr base::Milliseconds pause_of_forgetting{5000};
constexpr std::int64_t forgotten_at_once = 5000;
constexpr int steps_of_forgetting = 50;
/// A nonce that the known key does not open may be of a new key; asked at most so often.
constexpr base::Milliseconds key_certainty{1000};
constexpr std::size_t most_waiting = 20000;
constexpr std::size_t most_in_batch = 500;
constexpr int most_attempts = 5;

const Statement take_key{
    "take_nonce_key",
    "WITH added AS (INSERT INTO nonce_keys (key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING key)"
    " SELECT key FROM added UNION ALL SELECT key FROM nonce_keys",
    repeatable};
// The first row says whether the key is still the present one.
const Statement redeem_some{
    "redeem_nonces",
    "WITH present AS (SELECT FROM nonce_keys WHERE key = $1),"
    " used AS (INSERT INTO used_nonces (issued, node, counter)"
    " SELECT u.issued, u.node, u.counter FROM unnest($2, $3, $4) AS u (issued, node, counter)"
    " WHERE EXISTS (SELECT FROM present)"
    " AND u.issued > floor(extract(epoch FROM now()))::bigint - $5"
    " ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING RETURNING issued, node, counter)"
    " SELECT EXISTS (SELECT FROM present), NULL::bigint, NULL::bigint, NULL::bigint"
    " UNION ALL SELECT true, issued, node, counter FROM used",
    once, shared};
const Statement forget_used{
    "forget_used_nonces",
    "DELETE FROM used_nonces WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM used_nonces WHERE issued < floor(extract(epoch FROM now()))::bigint - $1"
    " ORDER BY issued LIMIT $2 FOR UPDATE SKIP LOCKED))",
    repeatable};

void put(crypto::BlockCipher::Block& block, std::size_t at, std::int64_t value) {
    for (std::size_t i = 0; i < 4; ++i)
        block[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::int64_t number_in(base::BytesView octets) {
    std::int64_t value = 0;
    for (const auto octet : octets.first(4)) value = value << 8 | octet;
    return value;
}

}  // namespace

/// A nonce that is being redeemed, and the task that waits for it.
struct SharedNonces::Claim {
    Claim(const Block& nonce, const base::Executor& where) : block(nonce), executor(where) {}

    const Block block;
    const base::Executor executor;
    bool is_good = false;
    std::exception_ptr error;
    std::atomic<bool> is_done = false;
    std::optional<asio::steady_timer> wake;  ///< used on `executor` alone

    /// Takes the claim along, so that it goes where its task runs.
    static void finish(std::shared_ptr<Claim> claim) {
        const base::Executor where = claim->executor;
        claim->is_done = true;
        asio::dispatch(where, [claim = std::move(claim)] {
            if (claim->wake) claim->wake->cancel();
        });
    }
};

/// The claims that have gathered while others were under way.
struct SharedNonces::Batch {
    explicit Batch(const base::Executor& where) : executor(where) {}

    const base::Executor executor;
    std::mutex mutex;
    std::vector<std::shared_ptr<Claim>> claims;
    bool is_sending = false;
};

SharedNonces::SharedNonces(PostgresPool& pool, PostgresNode& node, base::Log& log)
    : pool_(pool),
      node_(node),
      log_(log),
      node_number_(number_in(node.id())),
      tasks_([this](const std::exception_ptr&) { log_.error("a task about nonces has ended"); }) {}

SharedNonces::~SharedNonces() {
    stop();
}

void SharedNonces::start(const std::vector<base::Executor>& executors) {
    for (const auto& executor : executors) batches_.push_back(std::make_unique<Batch>(executor));
    asio::co_spawn(pool_.executor_aside(), load_key(), asio::use_future).get();
    tasks_.spawn(pool_.executor_aside(), forget());
}

void SharedNonces::stop() {
    tasks_.close(base::Milliseconds(0));
}

std::string SharedNonces::issue() {
    Block block{};
    put(block, 0, node_.now());
    put(block, 4, node_number_);
    put(block, 8, counter_.fetch_add(1, std::memory_order_relaxed));
    const std::scoped_lock lock(mutex_);
    return base::base64url(cipher_->encrypt(block));
}

// Under the mutex.
std::optional<SharedNonces::Content> SharedNonces::read(const Block& block) {
    const auto plain = cipher_->decrypt(block);
    const base::BytesView octets = plain;
    if (number_in(octets.subspan(12)) != 0) return std::nullopt;
    return Content{.issued = number_in(octets),
                   .node = number_in(octets.subspan(4)),
                   .counter = number_in(octets.subspan(8))};
}

// Whether it is no nonce: no key opens it that the database has had for a second.
bool SharedNonces::is_worthless(const Block& block) {
    const std::scoped_lock lock(mutex_);
    return !read(block) && std::chrono::steady_clock::now() - key_seen_ < key_certainty;
}

ca::Nonces::Redemption SharedNonces::redeem(std::string_view nonce,
                                            const base::Executor& executor) {
    const auto octets = base::from_base64url(nonce);
    if (!octets || octets->size() != sizeof(Block)) return Redemption(false);
    Block block{};
    std::ranges::copy(*octets, block.begin());
    if (is_worthless(block)) return Redemption(false);
    auto claim = std::make_shared<Claim>(block, executor);

    const auto own = std::ranges::find(batches_, executor, &Batch::executor);
    auto& batch = own != batches_.end() ? **own : *batches_.front();
    bool is_first = false;
    {
        const std::scoped_lock lock(batch.mutex);
        if (batch.claims.size() >= most_waiting)
            throw ca::StoreUnavailable("too many nonces wait for the database");
        batch.claims.push_back(claim);
        is_first = !std::exchange(batch.is_sending, true);
    }
    if (is_first && !tasks_.spawn(batch.executor, send(batch)))
        throw ca::StoreUnavailable("the store closes");
    return Redemption(outcome_of(std::move(claim)));
}

base::Task<bool> SharedNonces::outcome_of(std::shared_ptr<Claim> claim) {
    // Set before the flag is read; `finish` sets the flag before it cancels the timer, here.
    claim->wake.emplace(claim->executor, std::chrono::hours(1));
    boost::system::error_code error;
    if (!claim->is_done)
        co_await claim->wake->async_wait(asio::redirect_error(asio::use_awaitable, error));
    claim->wake.reset();
    if (!claim->is_done) throw boost::system::system_error(asio::error::operation_aborted);
    if (claim->error) std::rethrow_exception(claim->error);
    co_return claim->is_good;
}

// One statement is under way for each loop; what arrives meanwhile goes with the next.
base::Task<void> SharedNonces::send(Batch& batch) {
    for (;;) {
        std::vector<std::shared_ptr<Claim>> claims;
        {
            const std::scoped_lock lock(batch.mutex);
            batch.is_sending = !batch.claims.empty();
            if (!batch.is_sending) co_return;
            const auto count = std::min(batch.claims.size(), most_in_batch);
            const auto end = batch.claims.begin() + static_cast<std::ptrdiff_t>(count);
            claims.assign(batch.claims.begin(), end);
            batch.claims.erase(batch.claims.begin(), end);
        }
        std::exception_ptr error;
        try {
            co_await redeem_all(claims);
        } catch (...) {
            error = std::current_exception();
        }
        for (auto& claim : claims) {
            claim->error = error;
            Claim::finish(std::move(claim));
        }
    }
}

// What the nonces say under one key: with another than that, the database takes none of them.
std::pair<base::Bytes, std::vector<std::optional<SharedNonces::Content>>> SharedNonces::read_all(
    const std::vector<std::shared_ptr<Claim>>& claims) {
    const std::scoped_lock lock(mutex_);
    std::vector<std::optional<Content>> contents;
    for (const auto& claim : claims) contents.push_back(read(claim->block));
    return {key_, std::move(contents)};
}

base::Task<void> SharedNonces::redeem_all(const std::vector<std::shared_ptr<Claim>>& claims) {
    auto [key, contents] = read_all(claims);
    if (!std::ranges::all_of(contents, &std::optional<Content>::has_value)) {
        co_await load_key();
        std::tie(key, contents) = read_all(claims);
    }
    // The same nonce twice at once is good once.
    std::map<Content, Claim*> first;
    std::vector<std::int64_t> issued, nodes, counters;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const auto& content = contents[i];
        if (!content || !first.emplace(*content, claims[i].get()).second) continue;
        issued.push_back(content->issued);
        nodes.push_back(content->node);
        counters.push_back(content->counter);
    }
    if (first.empty()) co_return;
    auto parameters = Parameters::of(key, issued, nodes, counters, lifetime);
    const auto answer = co_await pool_.call(redeem_some, std::move(parameters));
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        const bool is_present = row.boolean();
        const auto when = row.optional_integer();
        if (!when) {
            if (!is_present) co_await load_key();
            continue;
        }
        const auto node = row.integer();
        const Content content{.issued = *when, .node = node, .counter = row.integer()};
        if (const auto entry = first.find(content); entry != first.end())
            entry->second->is_good = true;
    }
}

base::Task<void> SharedNonces::load_key() {
    crypto::SystemRandom random;
    const auto fresh = random.octets(sizeof(Block));
    for (int attempt = 0; attempt < most_attempts; ++attempt) {
        auto parameters = Parameters::of(fresh);
        const auto answer = co_await pool_.call(take_key, std::move(parameters));
        const auto key = answer.first([](PostgresRow& row) { return base::copy_of(row.blob()); });
        if (!key) continue;  // another node's, made at the same moment: seen by the next statement
        if (key->size() != sizeof(Block))
            throw std::runtime_error("stored nonce key: wrong length");
        const std::scoped_lock lock(mutex_);
        key_seen_ = std::chrono::steady_clock::now();
        if (*key == key_) co_return;
        key_ = *key;
        Block block{};
        std::ranges::copy(key_, block.begin());
        cipher_ = std::make_unique<crypto::BlockCipher>(block);
        co_return;
    }
    throw ca::StoreUnavailable("the key of the nonces cannot be found");
}

base::Task<void> SharedNonces::forget() {
    for (;;) {
        co_await base::sleep_for(pause_of_forgetting);
        try {
            for (int step = 0; step < steps_of_forgetting; ++step) {
                auto parameters = Parameters::of(remembered, forgotten_at_once);
                const auto answer = co_await pool_.call_aside(forget_used, std::move(parameters));
                if (answer.affected() < forgotten_at_once) break;
            }
        } catch (const ca::StoreUnavailable&) {
            // There is a next time.
        }
    }
}

}  // namespace cairn::store
