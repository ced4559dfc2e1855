#include "store/postgres/request_checks.h"

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <utility>

#include <boost/asio/dispatch.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "store/stored_form.h"

namespace cairn::store {
namespace asio = boost::asio;

namespace {

constexpr std::size_t most_waiting = 20000;
constexpr std::size_t most_in_batch = 500;

// The first row says whether the key is still the present one; the others are nonces, now used, or
// accounts that are there.
const Statement check_requests{
    "check_requests",
    "WITH present AS (SELECT FROM nonce_keys WHERE key = $1),"
    " used AS (INSERT INTO used_nonces (issued, node, counter)"
    " SELECT u.issued, u.node, u.counter FROM unnest($2, $3, $4) AS u (issued, node, counter)"
    " WHERE EXISTS (SELECT FROM present)"
    " AND u.issued > floor(extract(epoch FROM now()))::bigint - $5"
    // One from the future was made while the database's clock was ahead.
    " AND u.issued < floor(extract(epoch FROM now()))::bigint + 60"
    " ORDER BY 1, 2, 3 ON CONFLICT DO NOTHING RETURNING issued, node, counter)"
    " SELECT EXISTS (SELECT FROM present), NULL::bigint, NULL::bigint, NULL::bigint, NULL::bytea,"
    " NULL::bigint"
    " UNION ALL SELECT true, issued, node, counter, NULL, NULL FROM used"
    " UNION ALL SELECT true, NULL, NULL, NULL, id, version FROM accounts WHERE id = ANY ($6)",
    Statement::Effect::once, Statement::Transaction::shared};

}  // namespace

/// A request whose nonce and account are checked, and the task that waits for the result.
struct PostgresRequestChecks::Claim {
    Claim(const SharedNonces::Block& nonce, std::optional<ca::AccountId> known_account,
          const base::Executor& where)
        : block(nonce), account(known_account), executor(where) {}

    const SharedNonces::Block block;
    const std::optional<ca::AccountId> account;  ///< to ask the version of
    const base::Executor executor;
    bool nonce_is_good = false;
    std::optional<std::int64_t> version;  ///< none: there is no such account
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

/// The claims that arrived while others were in flight.
struct PostgresRequestChecks::Batch {
    explicit Batch(const base::Executor& where) : executor(where) {}

    const base::Executor executor;
    std::mutex mutex;
    Claims claims;
    bool is_sending = false;
};

PostgresRequestChecks::PostgresRequestChecks(PostgresPool& pool, SharedNonces& nonces,
                                             ca::AccountStore& accounts,
                                             ObjectCache<KnownAccount>& known_accounts,
                                             base::Log& log)
    : pool_(pool),
      nonces_(nonces),
      accounts_(accounts),
      known_accounts_(known_accounts),
      tasks_([&log](const std::exception_ptr&) { log.error("a task about nonces has ended"); }) {}

PostgresRequestChecks::~PostgresRequestChecks() {
    stop();
}

void PostgresRequestChecks::start(const std::vector<base::Executor>& executors) {
    for (const auto& executor : executors) batches_.push_back(std::make_unique<Batch>(executor));
}

void PostgresRequestChecks::stop() {
    tasks_.close(base::Milliseconds(0));
}

ca::RequestChecks::Pending PostgresRequestChecks::begin(std::string_view nonce,
                                                        std::optional<ca::AccountId> account,
                                                        const base::Executor& executor) {
    const auto block = nonces_.opened(nonce);
    if (!block) return Pending::refused();
    auto known = account ? known_accounts_.find(*account) : std::nullopt;
    auto claim = std::make_shared<Claim>(*block, known ? account : std::nullopt, executor);

    const auto own = std::ranges::find(batches_, executor, &Batch::executor);
    auto& batch = own != batches_.end() ? **own : *batches_.front();
    bool is_first = false;
    {
        const std::scoped_lock lock(batch.mutex);
        if (batch.claims.size() >= most_waiting)
            throw ca::StoreUnavailable("too many requests wait for the database");
        batch.claims.push_back(claim);
        is_first = !std::exchange(batch.is_sending, true);
    }
    if (is_first && !tasks_.spawn(batch.executor, send(batch)))
        throw ca::StoreUnavailable("the store closes");
    return Pending(outcome_of(std::move(claim), account, std::move(known)));
}

base::Task<ca::RequestCheck> PostgresRequestChecks::outcome_of(std::shared_ptr<Claim> claim,
                                                               std::optional<ca::AccountId> id,
                                                               std::optional<KnownAccount> known) {
    ca::RequestCheck check;
    if (id && !known) check.account = co_await accounts_.find_account(*id);
    // Set before the flag is read; `finish` sets the flag before it cancels the timer, here.
    claim->wake.emplace(claim->executor, std::chrono::hours(1));
    boost::system::error_code error;
    if (!claim->is_done)
        co_await claim->wake->async_wait(asio::redirect_error(asio::use_awaitable, error));
    claim->wake.reset();
    if (!claim->is_done) throw boost::system::system_error(asio::error::operation_aborted);
    if (claim->error) std::rethrow_exception(claim->error);
    check.nonce_is_good = claim->nonce_is_good;
    if (!known) co_return check;
    if (claim->version == known->version)
        check.account = std::move(known->account);
    else if (check.nonce_is_good)
        check.account = co_await accounts_.find_account(*id);
    co_return check;
}

// One statement is under way for each loop; what arrives meanwhile goes with the next.
base::Task<void> PostgresRequestChecks::send(Batch& batch) {
    for (;;) {
        Claims claims;
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
            co_await decide(claims);
        } catch (...) {
            error = std::current_exception();
        }
        for (auto& claim : claims) {
            claim->error = error;
            Claim::finish(std::move(claim));
        }
    }
}

base::Task<void> PostgresRequestChecks::decide(const Claims& claims) {
    std::vector<SharedNonces::Block> blocks;
    for (const auto& claim : claims) blocks.push_back(claim->block);
    auto reading = nonces_.read(blocks);
    if (!std::ranges::all_of(reading.contents, &std::optional<SharedNonces::Content>::has_value)) {
        co_await nonces_.load_key();
        reading = nonces_.read(blocks);
    }
    // The same nonce twice at once is good once.
    std::map<SharedNonces::Content, Claim*> first;
    std::multimap<ca::AccountId, Claim*> askers;
    std::vector<std::int64_t> issued, nodes, counters;
    std::vector<base::BytesView> accounts;
    for (std::size_t i = 0; i < claims.size(); ++i) {
        const auto& content = reading.contents[i];
        if (!content || !first.emplace(*content, claims[i].get()).second) continue;
        issued.push_back(content->issued);
        nodes.push_back(content->node);
        counters.push_back(content->counter);
        if (!claims[i]->account) continue;
        accounts.push_back(claims[i]->account->octets());
        askers.emplace(*claims[i]->account, claims[i].get());
    }
    if (first.empty()) co_return;
    auto parameters = Parameters::of(reading.key, issued, nodes, counters,
                                     std::int64_t{SharedNonces::lifetime.count()}, accounts);
    const auto answer = co_await pool_.call(check_requests, std::move(parameters));
    for (int i = 0; i < answer.rows(); ++i) {
        auto row = answer.row(i);
        const bool key_is_present = row.boolean();
        if (const auto when = row.optional_integer()) {
            const auto node = row.integer();
            const SharedNonces::Content content{*when, node, row.integer()};
            if (const auto entry = first.find(content); entry != first.end())
                entry->second->nonce_is_good = true;
            continue;
        }
        row.skip(2);
        if (const auto id = row.optional_blob()) {
            const auto version = row.integer();
            const auto range = askers.equal_range(id_from<ca::AccountKind>(*id));
            for (auto entry = range.first; entry != range.second; ++entry)
                entry->second->version = version;
        } else if (!key_is_present) {
            co_await nonces_.load_key();
        }
    }
}

}  // namespace cairn::store
