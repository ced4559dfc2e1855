#include "bench/store_generator.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <vector>

#include "bench/fast_random.h"
#include "ca/facts/id.h"
#include "crypto/digest.h"
#include "pki/serial_number.h"
#include "protocol/jwk.h"
#include "protocol/key_authorization.h"
#include "protocol/problem.h"
#include "store/postgres/session.h"
#include "store/sqlite/file.h"
#include "store/stored_form.h"
#include "store/testing/filling.h"

namespace cairn::bench {
namespace {

using store::Columns;
using store::Connection;
using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

constexpr long certificates_per_account = 100;
constexpr long orders_per_failure = 20;
constexpr long orders_per_transaction = 100'000;
constexpr std::size_t csr_octets = 280, certificate_octets = 720;
constexpr std::chrono::hours span_of_use{90 * 24};

class Generator {
  public:
    Generator(Connection& connection, long certificates)
        : connection_(connection),
          certificates_(certificates),
          begin_(std::chrono::floor<std::chrono::milliseconds>(std::chrono::system_clock::now()) -
                 span_of_use) {}

    void run() {
        // Sorted once at the end, an index is made many times faster than entry by entry.
        const auto indexes = connection_.list(
            "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL",
            [](Columns& row) {
                auto name = std::string(row.text());
                return std::pair(std::move(name), std::string(row.text()));
            });
        for (const auto& [name, sql] : indexes) connection_.run(("DROP INDEX " + name).c_str());
        connection_.run("BEGIN");
        add_accounts();
        for (long number = 0; number < certificates_; ++number) {
            if (number % orders_per_transaction == orders_per_transaction - 1)
                connection_.run("COMMIT; BEGIN");
            add_order(number, true);
            if (number % orders_per_failure == 0) add_order(number, false);
        }
        connection_.run("COMMIT");
        for (const auto& [name, sql] : indexes) connection_.run(sql.c_str());
    }

  private:
    void add_accounts() {
        // One key for all: what differs, and is indexed, is the thumbprint.
        const auto key =
            protocol::Jwk::of(crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key());
        const long count = std::max(1L, certificates_ / certificates_per_account);
        for (long number = 0; number < count; ++number) {
            const auto created = begin_ + std::chrono::milliseconds(number);
            accounts_.push_back(ca::AccountId::fresh(created, random_));
            connection_.execute(
                "INSERT INTO accounts (id, thumbprint, jwk, contacts, created) VALUES (?, ?, ?,"
                " 'mailto:somebody@example.com' || char(10), ?)",
                accounts_.back(), random_.array<crypto::Sha256Digest>(), key.to_json(),
                std::chrono::floor<base::Seconds>(created));
        }
    }

    void add_order(long number, bool succeeds) {
        using namespace std::chrono_literals;
        const auto moment = begin_ + span_of_use / certificates_ * number +
                            std::chrono::milliseconds(number % 1000);
        const auto now = std::chrono::floor<base::Seconds>(moment);
        const auto account = accounts_[random_index()];
        const auto name = "dns:host-" + std::to_string(number) + ".customers.example.com";
        const std::vector proof{ca::AuthorizationId::fresh(moment, random_)};
        const auto problem =
            succeeds
                ? std::nullopt
                : std::optional(protocol::Problem(protocol::ProblemType::connection,
                                                  "192.0.2.7 did not answer on port 80 within 10 s")
                                    .to_json());
        connection_.execute(
            "INSERT INTO authorizations (id, account, identifier, created, expires, token, offered,"
            " method, started, finished, problem) VALUES (?, ?, ?, ?, ?, ?, 'hda', 'h', ?, ?, ?)",
            proof.front(), account, name, now, now + 240h, protocol::Token::random(random_).text(),
            now, now, problem);

        const auto id = ca::OrderId::fresh(moment, random_);
        const auto serial = pki::SerialNumber::dated(now, random_);
        if (!succeeds) {
            connection_.execute(
                "INSERT INTO orders (id, account, created, expires, identifiers, authorizations,"
                " profile) VALUES (?, ?, ?, ?, ?, ?, 'default')",
                id, account, now, now + 168h, name + "\n", store::to_stored(proof));
            return;
        }
        const auto not_after = now + 90 * 24h - 3601s;
        connection_.execute(
            "INSERT INTO orders (id, account, created, expires, identifiers, authorizations,"
            " profile, begun, csr, serial, certificate_not_before, certificate_not_after,"
            " completed) VALUES (?, ?, ?, ?, ?, ?, 'default', ?, ?, ?, ?, ?, ?)",
            id, account, now, now + 168h, name + "\n", store::to_stored(proof), now,
            random_.octets(csr_octets), serial.der_content(), now - 1h, not_after, now);
        connection_.execute(
            "INSERT INTO certificates (serial, der, issuer, key, not_after, account, order_id,"
            " issued) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            serial.der_content(), random_.octets(certificate_octets), issuer_,
            random_.array<crypto::Sha256Digest>(), not_after, account, id, now);
    }

    std::size_t random_index() {
        std::size_t number = 0;
        for (const auto octet : random_.array<std::array<std::uint8_t, 6>>())
            number = number << 8 | octet;
        return number % accounts_.size();
    }

    Connection& connection_;
    const long certificates_;
    const Moment begin_;
    FastRandom random_;
    const crypto::Sha256Digest issuer_ = random_.array<crypto::Sha256Digest>();
    std::vector<ca::AccountId> accounts_;
};

// What is no request takes as long as it takes, and joins as it likes.
void run_long(const std::string& url, const std::string& script) {
    const auto session = store::PostgresSessions(url, "cairn").open();
    store::run_script(session.get(),
                      "SET statement_timeout = 0; SET enable_seqscan = on;"
                      " SET enable_hashjoin = on");
    store::run_script(session.get(), script);
}

}  // namespace

void generate_store(const std::string& path, long certificates) {
    if (std::filesystem::exists(path)) throw std::runtime_error(path + ": is there already");
    auto connection = store::open_for_writing(path);
    // Nobody needs a half-made one after a crash.
    connection.run(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;"
        "PRAGMA cache_size = -262144; PRAGMA temp_store = FILE;");
    Generator(connection, certificates).run();
    connection.run("PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL;");
}

void fill_postgres_store(const std::string& url, long certificates) {
    const auto key =
        protocol::Jwk::of(crypto::PrivateKey::generate(crypto::KeyType::ec_p256).public_key());
    const auto now = std::chrono::floor<base::Seconds>(std::chrono::system_clock::now());
    const auto accounts = std::max(1L, certificates / certificates_per_account);
    const auto script =
        store::testing::script_of({.orders = certificates,
                                   .accounts = accounts,
                                   .account_of_order = "i % " + std::to_string(accounts),
                                   .begin = (now - span_of_use).time_since_epoch().count(),
                                   .end = now.time_since_epoch().count(),
                                   .jwk = key.to_json()},
                                  store::testing::postgres_filling());
    run_long(url, script);
}

void analyze_postgres_store(const std::string& url) {
    run_long(url, "ANALYZE");
}

}  // namespace cairn::bench
