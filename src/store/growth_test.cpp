// What a call costs does not depend on how much is stored: counted in rows that PostgreSQL reads,
// and in steps of SQLite's virtual machine, of which each row takes a few.
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>
#include <sqlite3.h>

#include <gtest/gtest.h>

#include "store/postgres/store.h"
#include "store/postgres/testing/postgres_cluster.h"
#include "store/sqlite/connection.h"
#include "store/sqlite/store.h"
#include "store/testing/await.h"
#include "store/testing/filling.h"
#include "store/testing/specimens.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::testing::growth_test {
namespace {

using protocol::ChallengeType;

/// A store, and what has been read of it.
class CountedStore {
  public:
    virtual ~CountedStore() = default;
    [[nodiscard]] virtual ca::Repository& repository() = 0;
    /// Redeems a nonce for a request of this account, where the store does that.
    virtual void check_request(const ca::AccountId&) {}
    /// How much was read since the last time.
    [[nodiscard]] virtual long take() = 0;
};

class CountedPostgres final : public CountedStore {
  public:
    explicit CountedPostgres(const std::string& schema) : schema_(schema) {
        PostgresOptions options;
        options.url = cluster_.url();
        options.schema = schema;
        // All calls go over one connection, whose statistics are told at each probe.
        options.connections = 1;
        store_ = open_postgres_store(options, loops_.executors(), *log_);
        session_.run("CREATE OR REPLACE FUNCTION " + schema +
                     ".tell_statistics() RETURNS trigger LANGUAGE plpgsql AS"
                     " $$ BEGIN PERFORM pg_stat_force_next_flush(); RETURN NEW; END $$");
        session_.run("CREATE OR REPLACE TRIGGER tells BEFORE UPDATE ON " + schema +
                     ".cairn_schema EXECUTE FUNCTION " + schema + ".tell_statistics()");
        (void)take();
    }
    ca::Repository& repository() override { return *store_; }
    void check_request(const ca::AccountId& account) override {
        const auto executor = loops_.executors().front();
        auto pending = store_->checks().begin(store_->nonces().issue(), account, executor);
        const auto check =
            boost::asio::co_spawn(executor, std::move(pending).outcome(), boost::asio::use_future)
                .get();
        EXPECT_TRUE(check.nonce_is_good && check.account);
    }
    long take() override {
        await(store_->probe());
        const long total = std::stol(session_.run(
            "SELECT (SELECT sum(seq_tup_read + coalesce(idx_tup_fetch, 0)) FROM"
            " pg_stat_user_tables WHERE schemaname = '" +
            schema_ +
            "' AND relname NOT IN ('cairn_schema', 'nodes')) + (SELECT sum(idx_tup_read)"
            " FROM pg_stat_user_indexes WHERE schemaname = '" +
            schema_ + "' AND relname <> 'nodes')"));
        return total - std::exchange(total_, total);
    }

  private:
    PostgresCluster& cluster_ = PostgresCluster::instance();
    PostgresCluster::Session session_{cluster_.url()};
    const std::string schema_;
    std::unique_ptr<base::Log> log_ = base::silent_log();
    Loops loops_{1};
    std::unique_ptr<ca::SharedRepository> store_;
    long total_ = 0;
};

class CountedSqlite final : public CountedStore {
  public:
    explicit CountedSqlite(const std::string& path) {
        sqlite3_auto_extension(reinterpret_cast<void (*)()>(&watch));
        SqliteOptions options{.path = path};
        options.cached_objects = 0;
        store_ = open_sqlite_store(options, *log_);
        sqlite3_cancel_auto_extension(reinterpret_cast<void (*)()>(&watch));
    }
    ca::Repository& repository() override { return *store_; }
    long take() override { return steps_.exchange(0); }

  private:
    static int watch(sqlite3* database, const char**, const void*) {
        return sqlite3_trace_v2(database, SQLITE_TRACE_PROFILE, &count, nullptr);
    }
    static int count(unsigned, void*, void* statement, void*) {
        auto* const ended = static_cast<sqlite3_stmt*>(statement);
        steps_ += sqlite3_stmt_status(ended, SQLITE_STMTSTATUS_VM_STEP, 1);
        return 0;
    }

    static inline std::atomic<long> steps_ = 0;
    std::unique_ptr<base::Log> log_ = base::silent_log();
    std::unique_ptr<ca::Repository> store_;
};

constexpr int names = 5;
/// In ten thousand certificates of a full store.
constexpr std::string_view shared_key = "a key of many";
constexpr base::Seconds lifetime = 240h;

/// One account of a CA, and every kind of call that its requests lead to.
class Requests {
  public:
    explicit Requests(CountedStore& store) : counted_(store), store_(store.repository()) {}

    /// What each kind reads.
    std::map<std::string, long> cost() {
        costs_.clear();
        (void)counted_.take();
        account_ = make_.account();
        count("create_account", store_.create_account(*account_));
        count("find_account", store_.find_account(account_->id));
        count("find_account_by_key", store_.find_account_by_key(account_->key.thumbprint()));
        count("update_account",
              store_.update_account(account_->id, {.contacts = std::vector<std::string>()}));
        const auto key = make_.key();
        count("replace_account_key",
              store_.replace_account_key(account_->id, account_->key.thumbprint(), key));
        counted_.check_request(account_->id);
        costs_["check"] = counted_.take();
        orders();
        certificates();
        others();
        count("deactivate_account", store_.deactivate_account(account_->id, now));
        return costs_;
    }

  private:
    template <class T>
    T count(const std::string& kind, base::Task<T> call) {
        if constexpr (std::is_void_v<T>) {
            await(std::move(call));
            costs_[kind] = counted_.take();
        } else {
            auto result = await(std::move(call));
            costs_[kind] = counted_.take();
            return result;
        }
    }

    std::vector<ca::Authorization> proofs() {
        std::vector<ca::Authorization> proofs;
        for (int i = 0; i < names; ++i)
            proofs.push_back(
                make_.authorization(account_->id, "name" + std::to_string(i) + ".example.org"));
        return proofs;
    }
    ca::Order placed(const std::string& kind, std::optional<ca::OrderStore::Reuse> reuse) {
        const auto fresh = proofs();
        auto order = make_.order(account_->id, fresh);
        const auto reused = count(kind, store_.create_order(order, fresh, reuse)).reused;
        for (std::size_t i = 0; i < reused.size(); ++i)
            if (reused[i]) order.authorizations[i] = reused[i]->id;
        return order;
    }
    void validate(const ca::Order& order) {
        for (const auto& id : order.authorizations) {
            count("begin_validation",
                  store_.begin_validation(id, {ChallengeType::http_01, now, {}, {}}));
            count("finish_validation",
                  store_.finish_validation(id, {ChallengeType::http_01, now, now, {}},
                                           now + lifetime));
        }
    }

    void orders() {
        const ca::OrderStore::Reuse any{
            .finished_after = now - lifetime, .finished_by = now, .lapsing_after = now};
        const auto order = placed("create_order", any);
        validate(order);
        const auto again = placed("create_order, with what is valid", any);
        EXPECT_EQ(again.authorizations, order.authorizations);
        keeps_no_score_of_old_proofs();
        const auto pending = placed("create_order", std::nullopt);

        count("find_order", store_.find_order(order.id));
        count("find_order_and_proofs", store_.find_order_and_proofs(order.id));
        count("find_authorization", store_.find_authorization(order.authorizations[0]));
        count("find_authorizations", store_.find_authorizations(order.authorizations));
        count("find_valid_authorizations",
              store_.find_valid_authorizations(account_->id, order.identifiers, now));
        count("deactivate_authorization",
              store_.deactivate_authorization(pending.authorizations[0], now));
        const auto first = count("orders_of", store_.orders_of(account_->id, std::nullopt, 5));
        EXPECT_EQ(first.size(), 5U);
        const auto second =
            count("orders_of, further", store_.orders_of(account_->id, first[4], 5));
        EXPECT_EQ(second.size(), 5U);
        const auto last =
            count("orders_of, at the end", store_.orders_of(account_->id, order.id, 5));
        EXPECT_TRUE(last.empty());
    }

    // A profile that wants its names proved anew each time leaves many proofs that are valid.
    void keeps_no_score_of_old_proofs() {
        const ca::OrderStore::Reuse none{
            .finished_after = now + 1h, .finished_by = now, .lapsing_after = now + 1h};
        std::vector<long> costs;
        for (int i = 0; i < 24; ++i) {
            const std::vector fresh{make_.authorization(account_->id, "again.example.org")};
            const auto order = make_.order(account_->id, fresh);
            (void)counted_.take();
            const auto reused = await(store_.create_order(order, fresh, none)).reused;
            costs.push_back(counted_.take());
            EXPECT_FALSE(reused[0]);
            await(store_.finish_validation(fresh[0].id, {ChallengeType::http_01, now, now, {}},
                                           now + lifetime));
        }
        (void)counted_.take();
        EXPECT_LE(costs[23], costs[12] + 5) << "create_order, after 12 and 23 like it";
    }

    ca::IssuedCertificate issued() {
        const auto order = placed("create_order, with what is valid",
                                  ca::OrderStore::Reuse{now - lifetime, now, now});
        const auto intent = make_.intent();
        const ca::OrderStore::RequestedKey key{digest(intent.serial.to_hex()),
                                               digest(order.id.to_string())};
        const auto beginning =
            count("begin_issuance", store_.begin_issuance(order.id, intent, key));
        EXPECT_EQ(beginning, ca::OrderStore::IssuanceBeginning::begun);
        count("claim_unfinished_validations", store_.claim_unfinished_validations(10));
        const auto unfinished =
            count("claim_unfinished_issuances", store_.claim_unfinished_issuances(10));
        EXPECT_EQ(unfinished.size(), 1U);
        EXPECT_EQ(unfinished.at(0).id, order.id);
        auto certificate = make_.certificate(order, intent);
        EXPECT_TRUE(count("complete_issuance", store_.complete_issuance(order.id, certificate)));
        return certificate;
    }

    void certificates() {
        const auto certificate = issued();
        count("find_certificate", store_.find_certificate(certificate.serial));
        count("find_download", store_.find_download(certificate.serial));
        count("is_key_blocked", store_.is_key_blocked(certificate.key));
        count("revoke_certificate",
              store_.revoke_certificate(certificate.serial,
                                        {now, protocol::RevocationReason::superseded}));
        count("add_certificate", store_.add_certificate(make_.own_certificate()));
        const auto shared = digest(shared_key);
        count("record_key_compromise", store_.record_key_compromise(shared, now));
        EXPECT_TRUE(await(store_.is_key_blocked(shared)));
        (void)counted_.take();

        const auto failing = placed("create_order", std::nullopt);
        const ca::OrderStore::RequestedKey key{digest("a key"), digest("its thumbprint")};
        (void)count("begin_issuance", store_.begin_issuance(failing.id, make_.intent(), key));
        count("fail_issuance",
              store_.fail_issuance(
                  failing.id, protocol::Problem(protocol::ProblemType::server_internal, "no")));
    }

    void others() {
        count("save_issuer", store_.save_issuer(digest("issuer"), {"chain", {"other\n"}}));
        count("find_issuer", store_.find_issuer(digest("issuer")));
        std::vector<ca::Charge> charges;
        for (const auto* bucket : {"b", "a", "c"}) charges.push_back({bucket, 20, 1h, 1});
        count("charge", store_.charge(charges, now));
        count("charge", store_.charge(charges, now));
        // A whole round, which finds nothing.
        for (int stage = 0; stage < 3; ++stage) await(store_.remove_expired({}, 10'000));
        (void)counted_.take();
    }

    CountedStore& counted_;
    ca::Repository& store_;
    Specimens make_;
    std::optional<ca::Account> account_;
    std::map<std::string, long> costs_;
};

// Half of the orders are of one account.
constexpr std::int64_t stored_orders = 100'000;
const Filling filling{.orders = stored_orders,
                      .accounts = 1000,
                      .account_of_order = "CASE WHEN i % 2 = 0 THEN 0 ELSE i % 1000 END",
                      .begin = (now - 24h).time_since_epoch().count(),
                      .end = (now - 1h).time_since_epoch().count(),
                      .jwk = "{}"};

/// What a store reads of a full database is what it read of an empty one, or a little more.
void expect_no_growth(const std::map<std::string, long>& empty,
                      const std::map<std::string, long>& full, const std::string& when) {
    ASSERT_EQ(empty.size(), full.size());
    for (const auto& [kind, cost] : empty) {
        EXPECT_LE(full.at(kind), cost + cost / 2 + 10) << kind << ", " << when;
    }
}

/// What the dearest of five steps read that look at ten rows each and remove them, for each stage
/// of a round.
std::vector<long> costs_of_retention(CountedStore& store) {
    // Those that came in the first minute may go.
    const auto first = base::Time(base::Seconds(filling.begin + 60));
    const ca::RetentionCutoffs cutoffs{.orders = first + filled_order_lifetime,
                                       .authorizations = first + filled_proof_lifetime,
                                       .certificates = first + filled_certificate_lifetime};
    std::vector<long> costs;
    for (int stage = 0; stage < 3; ++stage) {
        costs.push_back(0);
        for (int step = 0; step < 5; ++step) {
            (void)store.take();
            (void)await(store.repository().remove_expired(cutoffs, 10));
            costs.back() = std::max(costs.back(), store.take());
        }
        // To none of which the cut-off is later, so the next stage is due.
        (void)await(store.repository().remove_expired({}, 1));
    }
    return costs;
}

TEST(Growth, LeavesTheCostOfEachCallOnPostgresAsItWas) {
    auto& cluster = PostgresCluster::instance();
    const auto schema = cluster.fresh_schema();
    PostgresCluster::Session session(cluster.url());
    {
        CountedPostgres first(schema);
        session.run("SET search_path = " + schema);
        for (const auto* table : {"accounts", "authorizations", "orders", "certificates",
                                  "requested_revocations", "compromised_keys", "blocked_keys",
                                  "issuers", "counters", "replacements", "pull_forwards"})
            session.run("ALTER TABLE " + std::string(table) + " SET (autovacuum_enabled = off)");
        // Its plans are made while the tables are empty, those of the second one while they are
        // known to be.
        const auto empty = Requests(first).cost();
        session.run("TRUNCATE accounts, authorizations, orders, certificates, counters; ANALYZE");
        CountedPostgres second(schema);
        expect_no_growth(empty, Requests(second).cost(), "right after the first ANALYZE");

        session.run(script_of(filling, postgres_filling()));
        session.run("UPDATE certificates SET key = '\\x" + base::to_hex(digest(shared_key)) +
                    "' WHERE get_byte(serial, 15) % 10 = 0");
        expect_no_growth(empty, Requests(first).cost(), "full, with plans for empty tables");
        (void)second.take();
        expect_no_growth(empty, Requests(second).cost(), "full, with plans for analyzed ones");
        session.run(
            "DELETE FROM orders WHERE account IN (SELECT account FROM authorizations"
            " ORDER BY id LIMIT 100)");
        session.run("VACUUM orders");
        for (const auto* when : {"with plans for empty tables", "with plans for full tables"}) {
            for (const auto cost : costs_of_retention(first)) EXPECT_LE(cost, 200) << when;
            session.run("ANALYZE");
        }
        (void)first.take();
        expect_no_growth(empty, Requests(first).cost(), "full, with plans for full tables");
    }
    session.run("DROP SCHEMA " + schema + " CASCADE");
}

TEST(Growth, LeavesTheCostOfEachCallOnSqliteAsItWas) {
    const TemporaryFolder folder;
    const auto path = folder.file("store");
    std::map<std::string, long> empty;
    {
        CountedSqlite store(path);
        empty = Requests(store).cost();
    }
    {
        Connection session(path, Connection::Access::write);
        session.run("PRAGMA synchronous = OFF; PRAGMA cache_size = -65536");
        session.run(script_of(filling, sqlite_filling()).c_str());
        const auto share = "UPDATE certificates SET key = x'" + base::to_hex(digest(shared_key)) +
                           "' WHERE number % 10 = 0";
        session.run(share.c_str());
    }
    {
        CountedSqlite store(path);
        expect_no_growth(empty, Requests(store).cost(), "full");
    }
    Connection(path, Connection::Access::write).run("ANALYZE");
    CountedSqlite store(path);
    for (const auto cost : costs_of_retention(store)) EXPECT_LE(cost, 2000);
    expect_no_growth(empty, Requests(store).cost(), "full and analyzed");
}

}  // namespace
}  // namespace cairn::store::testing::growth_test
