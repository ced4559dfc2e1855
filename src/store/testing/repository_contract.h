#pragma once
// Private to the tests of store: what ca/ports/repository.h promises, tested with every kind of
// store.

#include <functional>
#include <memory>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "base/log.h"
#include "ca/testing/memory_repository.h"
#include "store/postgres/store.h"
#include "store/postgres/testing/postgres_cluster.h"
#include "store/sqlite/store.h"
#include "store/testing/await.h"
#include "store/testing/expect_same.h"
#include "store/testing/specimens.h"
#include "store/testing/temporary_folder.h"

namespace cairn::store::testing {

/// Opens one store: empty the first time, then with what was kept before.
using Opener = std::function<std::unique_ptr<ca::Repository>()>;

/// A kind of store.
struct Backend {
    std::string name;
    std::function<Opener()> create;

    friend void PrintTo(const Backend& backend, std::ostream* out) { *out << backend.name; }
};

[[nodiscard]] inline Backend sqlite(std::string name, std::size_t cached_objects) {
    struct Place {
        TemporaryFolder folder;
        std::unique_ptr<base::Log> log = base::silent_log();
    };
    return {std::move(name), [cached_objects]() -> Opener {
                return [cached_objects, place = std::make_shared<Place>()] {
                    SqliteOptions options{.path = place->folder.file("store")};
                    options.cached_objects = cached_objects;
                    return open_sqlite_store(options, *place->log);
                };
            }};
}

[[nodiscard]] inline Backend postgres() {
    struct Place {
        PostgresOptions options{.url = PostgresCluster::instance().url(),
                                .schema = PostgresCluster::instance().fresh_schema(),
                                .connections = 2,
                                .node_name = "test",
                                .on_change = {},
                                .on_reload = {}};
        std::unique_ptr<base::Log> log = base::silent_log();
        Loops loops{2};

        ~Place() {
            PostgresCluster::instance().run_sql("DROP SCHEMA " + options.schema + " CASCADE");
        }
    };
    return {"Postgres", []() -> Opener {
                return [place = std::make_shared<Place>()] {
                    return open_postgres_store(place->options, place->loops.executors(),
                                               *place->log);
                };
            }};
}

/// The one that tests of ca and api stand on.
[[nodiscard]] inline Backend memory() {
    return {"Memory", []() -> Opener {
                return [facts = std::make_shared<ca::testing::MemoryFacts>()] {
                    return std::make_unique<ca::testing::MemoryRepository>(facts);
                };
            }};
}

/// Every kind of store there is.
[[nodiscard]] inline std::vector<Backend> backends() {
    return {
        memory(),
        sqlite("Sqlite", 4096),
        sqlite("SqliteWithoutCache", 0),
        postgres(),
    };
}

/// Each test has an empty store of its own.
class RepositoryContract : public ::testing::TestWithParam<Backend> {
  protected:
    [[nodiscard]] ca::Repository& store() { return *store_; }
    /// Closes the store and opens it again.
    void reopen() {
        store_.reset();
        store_ = open_();
    }

    /// An account that the store has.
    ca::Account stored_account() { return await(store().create_account(make.account())).account; }

    struct PlacedOrder {
        ca::Order order;
        std::vector<ca::Authorization> proofs;
    };
    /// An order that the store has, with a new authorization for each of `names`.
    PlacedOrder stored_order(const ca::AccountId& account,
                             const std::vector<std::string>& names = {"www.example.org"}) {
        std::vector<ca::Authorization> proofs;
        for (const auto& name : names) proofs.push_back(make.authorization(account, name));
        auto order = make.order(account, proofs);
        await(store().create_order(order, proofs, std::nullopt));
        return {std::move(order), std::move(proofs)};
    }

    /// Begins an issuance with a key that nobody has.
    base::Task<bool> begin_issuance(ca::OrderId id, ca::IssuanceIntent intent) {
        using Beginning = ca::OrderStore::IssuanceBeginning;
        const ca::OrderStore::RequestedKey key{digest("nobody's"), digest("nobody's either")};
        const auto beginning = co_await store().begin_issuance(id, std::move(intent), key);
        co_return beginning == Beginning::begun;
    }

    Specimens make;

  private:
    Opener open_ = GetParam().create();
    std::unique_ptr<ca::Repository> store_ = open_();
};

[[nodiscard]] inline std::string name_of(const ::testing::TestParamInfo<Backend>& backend) {
    return backend.param.name;
}

}  // namespace cairn::store::testing
