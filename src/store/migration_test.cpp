// The databases of former versions (tests/vectors/stores) are brought to the present one, and used.
#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <thread>

#include "base/testing/source_tree.h"
#include "pki/certificate.h"
#include "pki/csr.h"
#include "store/key_obstacle.h"
#include "store/sqlite/connection.h"
#include "store/testing/repository_contract.h"

namespace cairn::store::testing::migration_test {
namespace {

std::string script_of(const std::string& database) {
    std::ifstream file(base::testing::source_tree() / "tests/vectors/stores" / (database + ".sql"));
    std::string script{std::istreambuf_iterator<char>(file), {}};
    if (script.empty()) throw std::runtime_error("there is no database " + database);
    return script;
}

Backend former_sqlite(int version) {
    const auto database = "sqlite_version_" + std::to_string(version);
    return {database, [database]() -> Opener {
                auto folder = std::make_shared<TemporaryFolder>();
                auto log = std::shared_ptr<base::Log>(base::silent_log());
                const auto path = folder->file("store");
                std::ofstream{path};
                Connection(path, Connection::Access::write).run(script_of(database).c_str());
                return [=] {
                    (void)folder;
                    return open_sqlite_store({.path = path}, *log);
                };
            }};
}

Backend former_postgres(int version) {
    const auto database = "postgres_version_" + std::to_string(version);
    struct Place {
        PostgresOptions options;
        std::unique_ptr<base::Log> log = base::silent_log();
        Loops loops{1};

        Place() {
            options.url = PostgresCluster::instance().url();
            options.schema = PostgresCluster::instance().fresh_schema();
            // The jobs of a node that is no more may be taken over soon.
            options.lease = 200ms;
        }
        ~Place() {
            PostgresCluster::instance().run_sql("DROP SCHEMA " + options.schema + " CASCADE");
        }
    };
    return {database, [database]() -> Opener {
                auto place = std::make_shared<Place>();
                PostgresCluster::instance().run_sql("CREATE SCHEMA " + place->options.schema +
                                                    "; SET search_path = " + place->options.schema +
                                                    ";" + script_of(database));
                return [place] {
                    return open_postgres_store(place->options, place->loops.executors(),
                                               *place->log);
                };
            }};
}

/// Each test has a database of a former version to itself.
class Migration : public RepositoryContract {
  protected:
    using Beginning = ca::OrderStore::IssuanceBeginning;

    ca::Order unfinished() {
        const auto deadline = std::chrono::steady_clock::now() + 20s;
        for (;;) {
            const auto jobs = await(store().claim_unfinished_issuances(10));
            if (jobs.size() == 1) return await(store().find_order(jobs[0].id)).value();
            if (std::chrono::steady_clock::now() > deadline)
                throw std::runtime_error("nothing is unfinished");
            std::this_thread::sleep_for(20ms);
        }
    }
    std::vector<ca::Order> orders() {
        std::vector<ca::Order> found;
        for (const auto& id : await(store().orders_of(unfinished().account, std::nullopt, 100)))
            found.push_back(await(store().find_order(id)).value());
        return found;
    }
    ca::Order order_for(const std::string& name) {
        const auto all = orders();
        const auto found = std::ranges::find_if(
            all, [&](const auto& order) { return order.identifiers.back().value() == name; });
        if (found == all.end()) throw std::runtime_error("there is no order for " + name);
        return *found;
    }
    ca::IssuedCertificate certificate_for(const std::string& name) {
        return await(store().find_certificate(order_for(name).intent.value().serial)).value();
    }
    static protocol::Jwk key_of(const ca::IssuedCertificate& certificate) {
        return protocol::Jwk::of(pki::Certificate::from_der(certificate.der).value().public_key());
    }
    ca::AccountStore::Creation create_account_with(const protocol::Jwk& key) {
        auto account = make.account();
        account.key = key;
        return await(store().create_account(account));
    }
    Beginning begin_issuance_with(const ca::Order& order, const protocol::Jwk& key) {
        auto intent = make.intent();
        intent.begun = order.created;
        return await(store().begin_issuance(order.id, intent, {key_id_of(key), key.thumbprint()}));
    }
};
INSTANTIATE_TEST_SUITE_P(, Migration,
                         ::testing::Values(former_sqlite(1), former_sqlite(2), former_sqlite(4),
                                           former_sqlite(6), former_sqlite(7), former_postgres(1),
                                           former_postgres(2), former_postgres(5),
                                           former_postgres(7), former_postgres(8)),
                         name_of);

TEST_P(Migration, KeepsTheKeysOfFormerRowsApart) {
    using enum ca::AccountStore::KeyRefusal;
    const auto intent = unfinished().intent.value();
    const auto requested =
        protocol::Jwk::of(pki::Csr::from_kept_der(intent.csr).value().public_key());
    EXPECT_EQ(create_account_with(requested).refusal, certified);
    EXPECT_EQ(create_account_with(key_of(certificate_for("one.example.test"))).refusal, certified);
    EXPECT_EQ(create_account_with(key_of(certificate_for("lost.example.test"))).refusal, blocked);

    const auto ready = order_for("ready.example.test");
    const auto account = await(store().find_account(ready.account)).value();
    EXPECT_EQ(begin_issuance_with(ready, account.key), Beginning::key_is_an_accounts);
    EXPECT_EQ(begin_issuance_with(ready, key_of(certificate_for("lost.example.test"))),
              Beginning::key_is_blocked);
    EXPECT_EQ(begin_issuance_with(ready, requested), Beginning::begun);
}

TEST_P(Migration, EndsWhatWasBegun) {
    const auto order = unfinished();
    auto certificate = make.certificate(order, order.intent.value());
    EXPECT_TRUE(await(store().complete_issuance(order.id, certificate)));
    reopen();
    expect_found(await(store().find_certificate(certificate.serial)), certificate);
    EXPECT_TRUE(await(store().claim_unfinished_issuances(10)).empty());
    EXPECT_TRUE(await(store().find_order(order.id)).value().completed);
}

TEST_P(Migration, KnowsWhatWasRevokedAndRevokesOn) {
    using enum protocol::RevocationReason;
    const auto first = certificate_for("one.example.test");
    const auto twin = certificate_for("two.example.test");
    EXPECT_EQ(first.key, twin.key);
    EXPECT_FALSE(first.revocation);
    EXPECT_EQ(twin.revocation.value().reason, superseded);
    EXPECT_EQ(certificate_for("lost.example.test").revocation.value().reason, key_compromise);

    EXPECT_TRUE(await(store().record_key_compromise(first.key, first.issued + 1h)));
    EXPECT_EQ(certificate_for("one.example.test").revocation,
              (ca::Revocation{first.issued + 1h, key_compromise}));
    EXPECT_EQ(certificate_for("two.example.test").revocation,
              (ca::Revocation{twin.revocation->at, key_compromise}));
}

// What was revoked under a former version, which knew no lists, stands in the complete one.
TEST_P(Migration, ListsWhatWasRevoked) {
    const auto superseded = certificate_for("two.example.test");
    const auto lost = certificate_for("lost.example.test");
    const auto list = await(store().add_crl_lists(lost.issuer, {})).at(0);
    EXPECT_FALSE(await(store().unfold_compromised_keys(std::nullopt, 100, 100)).next);
    const auto told = await(store().revocations_of(list, lost.issued, std::nullopt, 10));
    ASSERT_EQ(told.size(), 2U);
    for (const auto& certificate : {superseded, lost}) {
        const ca::ListedRevocation expected{certificate.serial, certificate.revocation.value()};
        EXPECT_EQ(std::ranges::count(told, expected), 1);
    }
}

TEST_P(Migration, ForgetsFormerRows) {
    const ca::RetentionCutoffs all{
        .orders = now + 10000h, .authorizations = now + 10000h, .certificates = now + 10000h};
    const auto begun = unfinished();
    ca::Removal removal;
    std::size_t removed = 0;
    for (int step = 0; step < 10 && !removal.is_round_over; ++step) {
        removal = await(store().remove_expired(all, 100));
        removed += removal.removed;
    }
    EXPECT_GT(removed, 10U);
    EXPECT_EQ(orders().size(), 1U) << "what is unfinished stays";
    EXPECT_EQ(unfinished().id, begun.id);
}

}  // namespace
}  // namespace cairn::store::testing::migration_test
