#include "store/postgres/store.h"

#include <algorithm>
#include <condition_variable>
#include <future>
#include <mutex>
#include <set>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_future.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "store/key_obstacle.h"
#include "store/postgres/testing/nodes_fixture.h"

namespace cairn::store::testing::store_test {
namespace {

using protocol::ChallengeType;

template <class Jobs>
auto ids_of(const Jobs& jobs) {
    std::vector<decltype(jobs.front().id)> ids;
    for (const auto& job : jobs) ids.push_back(job.id);
    return ids;
}

class PostgresStoreTest : public PostgresNodes {
  protected:
    const ca::OrderStore::RequestedKey unknown_key{digest("a key"), digest("its thumbprint")};

    ca::Authorization stored_authorization() {
        auto proof = make.authorization(account.id, "example.org");
        await(here->create_order(make.order(account.id, {proof}), {proof}, std::nullopt));
        return proof;
    }
};

TEST_F(PostgresStoreTest, ManyNodesMayStartAtOnce) {
    std::vector<std::future<std::unique_ptr<ca::SharedRepository>>> starts;
    for (int i = 0; i < 5; ++i)
        starts.push_back(std::async(std::launch::async, [&] { return open("node"); }));
    for (auto& start : starts) EXPECT_NE(start.get(), nullptr);
}

TEST_F(PostgresStoreTest, RefusesTheSchemaOfAnother) {
    cluster.run_sql("CREATE SCHEMA " + schema + "; CREATE TABLE " + schema + ".birds (name text)");
    EXPECT_THAT([&] { (void)open("node"); },
                ThrowsMessage<std::runtime_error>(::testing::HasSubstr("another program")));
}

TEST_F(PostgresStoreTest, RefusesANewerSchema) {
    open("node").reset();
    cluster.run_sql("UPDATE " + schema + ".cairn_schema SET version = 1000");
    EXPECT_THAT([&] { (void)open("node"); },
                ThrowsMessage<std::runtime_error>(::testing::HasSubstr("newer cairn-ca")));
}

TEST_F(PostgresStoreTest, WaitsForNoDatabaseThatLetsNobodyIn) {
    const auto refusal = [&](const std::string& from, const std::string& to) {
        PostgresOptions options;
        options.url = cluster.url();
        options.url.replace(options.url.find(from), from.size(), to);
        try {
            (void)open_postgres_store(options, loops.executors(), *log);
        } catch (const ca::StoreUnavailable& error) {
            return "waits: " + std::string(error.what());
        } catch (const std::runtime_error& error) {
            return std::string(error.what());
        }
        return std::string("opened");
    };
    EXPECT_THAT(refusal("/postgres?", "/nowhere?"),
                ::testing::AllOf(::testing::StartsWith("the PostgreSQL store cannot be opened"),
                                 ::testing::HasSubstr("database \"nowhere\" does not exist"),
                                 ::testing::HasSubstr("create the database")));
    EXPECT_THAT(refusal("user=cairn", "user=nobody"),
                ::testing::AllOf(::testing::HasSubstr("role \"nobody\" does not exist"),
                                 ::testing::HasSubstr("check the user")));
    EXPECT_THAT(refusal("host=", "options=-cno_such_setting%3D1&host="),
                ::testing::AllOf(::testing::HasSubstr("no_such_setting"),
                                 ::testing::HasSubstr("mend store.url")));
}

TEST_F(PostgresStoreTest, IsNamedWithoutItsPassword) {
    EXPECT_EQ(postgres_name("postgresql://cairn:s3cret@db.internal:5433/ca?sslmode=require"),
              "postgresql://cairn@db.internal:5433/ca");
    EXPECT_EQ(postgres_name("postgresql:///ca?user=cairn&password=s3cret&host=/run/postgresql"),
              "postgresql://cairn@/run/postgresql/ca");
}

TEST_F(PostgresStoreTest, SaysWhetherItMayBeThereLaterAndNeverThePassword) {
    for (const auto& [url, may_be_there_later] : std::vector<std::pair<std::string, bool>>{
             {"postgresql://cairn:s3cret@[::1/x", false},
             {"postgresql://cairn:s3cret@127.0.0.1:1/x", true}}) {
        PostgresOptions options;
        options.url = url;
        try {
            (void)open_postgres_store(options, loops.executors(), *log);
            ADD_FAILURE() << "there is nothing at " << url;
        } catch (const std::runtime_error& error) {
            const auto* away = dynamic_cast<const ca::StoreUnavailable*>(&error);
            EXPECT_EQ(away != nullptr, may_be_there_later) << url;
            EXPECT_THAT(error.what(), ::testing::HasSubstr("cannot be opened"));
            EXPECT_THAT(error.what(), ::testing::Not(::testing::HasSubstr("s3cret")));
        }
    }
}

TEST_F(PostgresStoreTest, NeverServesAnAccountAsItWasBeforeAnotherNodeChangedIt) {
    open_both();
    await(here->create_account(account));
    for (int i = 0; i < 5; ++i) {
        expect_found(await(there->find_account(account.id)), account);
        const auto old_key = account.key.thumbprint();
        account.key = make.key();
        await(here->replace_account_key(account.id, old_key, account.key));
    }
    expect_found(await(there->find_account(account.id)), account);
    account.deactivated = now;
    await(here->deactivate_account(account.id, now));
    expect_found(await(there->find_account(account.id)), account);
}

TEST_F(PostgresStoreTest, CountsExactlyAcrossNodes) {
    open_both();
    std::vector<base::Task<ca::ChargeDecision>> charges;
    for (int i = 0; i < 50; ++i) {
        auto& store = i % 2 == 0 ? *here : *there;
        const std::vector<ca::Charge> charge{{"orders", 20, 1h, 1}};
        charges.push_back(store.charge(charge, now));
    }
    const auto results = await_all(std::move(charges));
    EXPECT_EQ(std::ranges::count(results, true, &ca::ChargeDecision::accepted), 20);
}

TEST_F(PostgresStoreTest, BeginsNoIssuanceOnAProofWhoseDeactivationIsBeingCommitted) {
    here = open("here");
    await(here->create_account(account));
    const auto proof = make.authorization(account.id, "example.org");
    const auto order = make.order(account.id, {proof});
    await(here->create_order(order, {proof}, std::nullopt));

    PostgresCluster::Session deactivation(cluster.url());
    deactivation.run("BEGIN; UPDATE " + schema + ".authorizations SET deactivated = 1");
    auto begun = boost::asio::co_spawn(loops.executors().at(0),
                                       here->begin_issuance(order.id, make.intent(), unknown_key),
                                       boost::asio::use_future);
    EXPECT_TRUE(eventually([&] {
        return cluster.run_sql("SELECT count(*) FROM pg_locks WHERE NOT granted") == "1" ||
               begun.wait_for(0s) == std::future_status::ready;
    }));
    deactivation.run("COMMIT");
    EXPECT_EQ(begun.get(), ca::OrderStore::IssuanceBeginning::refused);
}

base::Task<std::optional<ca::AccountStore::Creation>> creation_by(ca::Repository& store,
                                                                  ca::Account account) {
    co_return co_await store.create_account(std::move(account));
}

// Both have begun, and with that see no more of each other than the lock of the key.
TEST_F(PostgresStoreTest, GivesAKeyOneUseOfTwoThatWaitForIt) {
    open_both();
    await(here->create_account(account));
    for (const auto first : {0, 1}) {
        const auto order = make.order(account.id, {});
        await(here->create_order(order, {}, std::nullopt));
        auto newcomer = make.account();
        const auto key = key_id_of(newcomer.key);

        PostgresCluster::Session session(cluster.url());
        session.run("BEGIN; SELECT pg_advisory_xact_lock(" + std::to_string(lock_of_key(key)) +
                    ")");
        std::future<ca::OrderStore::IssuanceBeginning> begun;
        std::future<std::optional<ca::AccountStore::Creation>> created;
        const auto executor = loops.executors().at(0);
        for (int started = 0; started < 2; ++started) {
            if (started == first) {
                const ca::OrderStore::RequestedKey requested{key, newcomer.key.thumbprint()};
                auto task = here->begin_issuance(order.id, make.intent(), requested);
                begun = boost::asio::co_spawn(executor, std::move(task), boost::asio::use_future);
            } else {
                auto task = creation_by(*there, newcomer);
                created = boost::asio::co_spawn(executor, std::move(task), boost::asio::use_future);
            }
            EXPECT_TRUE(eventually([&] {
                return cluster.run_sql("SELECT count(*) FROM pg_locks WHERE NOT granted") ==
                       std::to_string(started + 1);
            }));
        }
        session.run("COMMIT");
        using Beginning = ca::OrderStore::IssuanceBeginning;
        const auto beginning = begun.get();
        const auto creation = created.get().value();
        EXPECT_EQ(beginning, first == 0 ? Beginning::begun : Beginning::key_is_an_accounts);
        EXPECT_EQ(creation.created, first == 1);
        EXPECT_EQ(creation.refusal.has_value(), first == 0);
    }
}

TEST_F(PostgresStoreTest, PreparesAnewWhatAMigrationChanged) {
    here = open("here");
    const auto issuer = digest("issuer");
    await(here->save_issuer(issuer, {"chain"}));
    // On every connection.
    for (int i = 0; i < 8; ++i)
        EXPECT_EQ(await(here->find_issuer(issuer)), ca::IssuerChains{"chain"});
    cluster.run_sql("ALTER TABLE " + schema + ".issuers ALTER COLUMN chain TYPE varchar");
    EXPECT_EQ(await(here->find_issuer(issuer)), ca::IssuerChains{"chain"});
}

TEST_F(PostgresStoreTest, LeavesTheJobsOfALivingNodeAlone) {
    open_both();
    await(here->create_account(account));
    const auto proof = stored_authorization();
    await(here->begin_validation(proof.id, {ChallengeType::http_01, now}));
    EXPECT_TRUE(await(there->claim_unfinished_validations(10)).empty());
    EXPECT_EQ(ids_of(await(here->claim_unfinished_validations(10))), std::vector{proof.id});

    // A clean end gives them back at once.
    here.reset();
    EXPECT_EQ(ids_of(await(there->claim_unfinished_validations(10))), std::vector{proof.id});
}

TEST_F(PostgresStoreTest, TakesOverTheJobsOfANodeThatDied) {
    here = open("here");
    there = open("there", 400ms);
    await(here->create_account(account));
    const auto proof = stored_authorization();
    auto order = make.order(account.id, {});
    await(here->create_order(order, {}, std::nullopt));
    await(here->begin_validation(proof.id, {ChallengeType::http_01, now}));
    await(here->begin_issuance(order.id, make.intent(), unknown_key));
    EXPECT_TRUE(await(there->claim_unfinished_validations(10)).empty());

    // As if it had died a while ago; between two renewals of its lease.
    EXPECT_TRUE(eventually([&] {
        cluster.run_sql("UPDATE " + schema +
                        ".nodes SET alive_until = clock_timestamp() WHERE name = 'here'");
        return ids_of(await(there->claim_unfinished_validations(10))) == std::vector{proof.id};
    }));
    EXPECT_EQ(ids_of(await(there->claim_unfinished_issuances(10))), std::vector{order.id});
    EXPECT_TRUE(await(here->claim_unfinished_validations(10)).empty());
}

// As if the database's clock had been ahead when one node died and the other began.
TEST_F(PostgresStoreTest, TakesOverTheJobsOfANodeWhoseLeaseIsFromTheFuture) {
    here = open("here");
    there = open("there", 400ms);
    await(here->create_account(account));
    const auto proof = stored_authorization();
    await(here->begin_validation(proof.id, {ChallengeType::http_01, now}));
    const auto set_future = [&](const std::string& column, const std::string& node) {
        cluster.run_sql("UPDATE " + schema + ".nodes SET " + column +
                        " = clock_timestamp() + interval '25 days' WHERE name = '" + node + "'");
    };
    set_future("alive_since", "there");
    EXPECT_TRUE(eventually([&] {
        set_future("alive_until", "here");
        return ids_of(await(there->claim_unfinished_validations(10))) == std::vector{proof.id};
    }));
}

TEST_F(PostgresStoreTest, TellsOtherNodesWhatHasChanged) {
    std::mutex mutex;
    std::set<std::string> heard;
    bool is_reloading = false;
    here = open("here");
    PostgresOptions hooks;
    hooks.on_change = [&](const std::string& id) {
        const std::scoped_lock lock(mutex);
        heard.insert(id);
    };
    hooks.on_reload = [&] {
        const std::scoped_lock lock(mutex);
        is_reloading = true;
    };
    there = open("there", 8s, hooks);
    here->report_configuration("a");  // and learns that there is another
    await(here->create_account(account));
    const auto proof = stored_authorization();
    await(here->begin_validation(proof.id, {ChallengeType::http_01, now}));
    const ca::ValidationAttempt attempt{ChallengeType::http_01, now, now, std::nullopt};
    await(here->finish_validation(proof.id, attempt, now + 1h));
    EXPECT_TRUE(eventually([&] {
        const std::scoped_lock lock(mutex);
        return heard.contains(proof.id.to_string());
    }));
    here->announce_reload();
    EXPECT_TRUE(eventually([&] {
        const std::scoped_lock lock(mutex);
        return is_reloading;
    }));
}

TEST_F(PostgresStoreTest, KnowsWhichNodesDisagree) {
    here = open("here", 400ms);
    there = open("there", 400ms);
    here->report_configuration("one");
    there->report_configuration("two");
    EXPECT_TRUE(eventually([&] {
        const auto health = here->health();
        return health.differing_nodes == std::vector<std::string>{"there"};
    }));
    EXPECT_EQ(here->health().nodes, (std::vector<std::string>{"here", "there"}));
    EXPECT_TRUE(here->health().is_reachable);
    there->report_configuration("one");
    EXPECT_TRUE(eventually([&] { return here->health().differing_nodes.empty(); }));
}

// The connections of a node are closed again and again while it works.
TEST_F(PostgresStoreTest, LosesNothingWhenConnectionsBreak) {
    open_both();
    await(here->create_account(account));
    std::atomic<bool> is_over = false;
    std::jthread saboteur([&] {
        while (!is_over) {
            cluster.run_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'cairn-ca'");
            std::this_thread::sleep_for(50ms);
        }
    });
    int acknowledged = 0, refused = 0;
    for (int i = 0; i < 100; ++i) {
        const auto proof = make.authorization(account.id, "example.org");
        const auto order = make.order(account.id, {proof});
        try {
            await(here->create_order(order, {proof}, std::nullopt));
            ++acknowledged;
        } catch (const ca::StoreFailure&) {
            ++refused;
            continue;
        }
        expect_found(await(there->find_order(order.id)), order);
    }
    is_over = true;
    saboteur.join();
    EXPECT_GT(acknowledged, 0);
    EXPECT_GE(await(here->orders_of(account.id, std::nullopt, 1000)).size(),
              static_cast<std::size_t>(acknowledged));
}

// What one turn of a loop asks for shares a transaction, in which one statement is refused.
TEST_F(PostgresStoreTest, OneRefusedCallTakesNoOtherAlong) {
    here = open("here");
    await(here->create_account(account));
    cluster.run_sql("DROP TABLE " + schema + ".issuers");
    const auto executor = loops.executors().at(0);
    for (int round = 0; round < 5; ++round) {
        const auto nonce = here->nonces().issue();
        std::promise<void> all_are_there;
        boost::asio::post(executor, [&] { all_are_there.get_future().wait(); });
        auto found = boost::asio::co_spawn(executor, here->find_account(account.id),
                                           boost::asio::use_future);
        auto begun = begin_check(*here, nonce, account.id);
        auto refused = boost::asio::co_spawn(executor, here->find_issuer(digest("issuer")),
                                             boost::asio::use_future);
        auto found_later = boost::asio::co_spawn(executor, here->find_account(account.id),
                                                 boost::asio::use_future);
        all_are_there.set_value();
        expect_found(found.get(), account);
        expect_found(found_later.get(), account);
        const auto check = begun.get();
        EXPECT_TRUE(check.nonce_is_good);
        expect_found(check.account, account);
        EXPECT_THROW(refused.get(), std::runtime_error);
        EXPECT_FALSE(redeem(*here, nonce));
    }
}

TEST_F(PostgresStoreTest, TellsOfWritingCalls) {
    struct Counting final : ca::Observer {
        void writes_waiting(std::ptrdiff_t change) override { waiting += change; }
        void committed(Commit outcome, std::size_t calls, Duration) override {
            (outcome == Commit::durable ? durable : failed) += calls;
        }
        std::atomic<std::ptrdiff_t> waiting = 0;
        std::atomic<std::size_t> durable = 0, failed = 0;
    } observer;
    PostgresOptions options;
    options.url = cluster.url();
    options.schema = schema;
    here = open_postgres_store(options, loops.executors(), *log, observer);
    await(here->create_account(account));
    await(here->find_account(account.id));
    EXPECT_EQ(observer.durable, 1U + 1U);  // the key of the nonces, made at the start
    EXPECT_EQ(observer.failed, 0U);

    cluster.run_sql("ALTER TABLE " + schema + ".accounts RENAME TO hidden");
    EXPECT_THROW(await(here->deactivate_account(account.id, now)), std::runtime_error);
    EXPECT_EQ(observer.durable, 2U);
    EXPECT_EQ(observer.failed, 1U);
    EXPECT_EQ(observer.waiting, 0);
    here.reset();
}

TEST_F(PostgresStoreTest, RefusesWhileTheDatabaseIsAwayAndServesAgain) {
    here = open("here");
    await(here->create_account(account));
    cluster.stop(SIGINT);
    EXPECT_THROW(await(here->find_account(account.id)), ca::StoreUnavailable);
    EXPECT_THROW(await(here->deactivate_account(account.id, now)), ca::StoreUnavailable);
    cluster.start();
    expect_found(await(here->find_account(account.id)), account);
}

}  // namespace
}  // namespace cairn::store::testing::store_test
