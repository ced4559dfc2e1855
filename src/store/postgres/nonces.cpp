#include "store/postgres/nonces.h"

#include <algorithm>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include "base/base64url.h"
#include "ca/ports/repository.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

using enum Statement::Effect;

/// Used nonces are remembered for so long.
constexpr base::Seconds remembered = 2 * SharedNonces::lifetime;
constexpr base::Milliseconds pause_of_forgetting{5000};
constexpr std::int64_t forgotten_at_once = 5000;
constexpr int steps_of_forgetting = 50;
/// A nonce that the known key does not open may be of a new key; asked at most so often.
constexpr base::Milliseconds key_certainty{1000};
constexpr int most_nonce_attempts = 5;

const Statement take_key{
    "take_nonce_key",
    "WITH added AS (INSERT INTO nonce_keys (key) VALUES ($1) ON CONFLICT DO NOTHING RETURNING key)"
    " SELECT key FROM added UNION ALL SELECT key FROM nonce_keys",
    repeatable};
const Statement forget_used{
    "forget_used_nonces",
    "DELETE FROM used_nonces WHERE ctid = ANY (ARRAY("
    "SELECT ctid FROM used_nonces"
    " WHERE issued < least(floor(extract(epoch FROM now()))::bigint, $3) - $1"
    " ORDER BY issued LIMIT $2 FOR UPDATE SKIP LOCKED))",
    repeatable};

void put_number(crypto::BlockCipher::Block& block, std::size_t at, std::int64_t value) {
    for (std::size_t i = 0; i < 4; ++i)
        block[at + i] = static_cast<std::uint8_t>(value >> (24 - 8 * i));
}

std::int64_t number_at_front(base::BytesView octets) {
    std::int64_t value = 0;
    for (const auto octet : octets.first(4)) value = value << 8 | octet;
    return value;
}

}  // namespace

SharedNonces::SharedNonces(PostgresPool& pool, PostgresNode& node, base::Log& log)
    : pool_(pool),
      node_(node),
      node_number_(number_at_front(node.id())),
      tasks_([&log](const std::exception_ptr&) {
          log.error("used nonces are not forgotten any more");
      }) {}

SharedNonces::~SharedNonces() {
    stop();
}

void SharedNonces::start() {
    asio::co_spawn(pool_.background_executor(), load_key(), asio::use_future).get();
    tasks_.spawn(pool_.background_executor(), forget());
}

void SharedNonces::stop() {
    tasks_.close(base::Milliseconds(0));
}

std::string SharedNonces::issue() {
    Block block{};
    put_number(block, 0, node_.now());
    put_number(block, 4, node_number_);
    put_number(block, 8, counter_.fetch_add(1, std::memory_order_relaxed));
    const std::scoped_lock lock(mutex_);
    return base::base64url(cipher_->encrypt(block));
}

// Under the mutex.
std::optional<SharedNonces::Content> SharedNonces::content_of(const Block& block) {
    const auto plain = cipher_->decrypt(block);
    const base::BytesView octets = plain;
    if (number_at_front(octets.subspan(12)) != 0) return std::nullopt;
    return Content{.issued = number_at_front(octets),
                   .node = number_at_front(octets.subspan(4)),
                   .counter = number_at_front(octets.subspan(8))};
}

std::optional<SharedNonces::Block> SharedNonces::opened(std::string_view nonce) {
    const auto octets = base::from_base64url(nonce);
    if (!octets || octets->size() != sizeof(Block)) return std::nullopt;
    Block block{};
    std::ranges::copy(*octets, block.begin());
    const std::scoped_lock lock(mutex_);
    const bool is_key_certain = std::chrono::steady_clock::now() - key_seen_ < key_certainty;
    if (is_key_certain && !content_of(block)) return std::nullopt;
    return block;
}

SharedNonces::Reading SharedNonces::read(std::span<const Block> blocks) {
    const std::scoped_lock lock(mutex_);
    Reading reading{key_, {}};
    for (const auto& block : blocks) reading.contents.push_back(content_of(block));
    return reading;
}

base::Task<void> SharedNonces::load_key() {
    crypto::SystemRandom random;
    const auto fresh = random.octets(sizeof(Block));
    for (int attempt = 0; attempt < most_nonce_attempts; ++attempt) {
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
            // What was used is good again if the database's clock was ahead for a moment.
            const int steps = node_.has_steady_clock(remembered) ? steps_of_forgetting : 0;
            for (int step = 0; step < steps; ++step) {
                auto parameters = Parameters::of(std::int64_t{remembered.count()},
                                                 forgotten_at_once, node_.now());
                const auto answer =
                    co_await pool_.call_in_background(forget_used, std::move(parameters));
                if (answer.affected() < forgotten_at_once) break;
            }
        } catch (const ca::StoreFailure&) {
            // The next round tries again.
        }
    }
}

}  // namespace cairn::store
