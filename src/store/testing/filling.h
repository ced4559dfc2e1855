#pragma once
// Private to the tests and benchmarks of store: what years of use leave in a database, made by the
// database itself, since one call after another would take too long.

#include <cstdint>
#include <map>
#include <string>

#include "base/clock.h"

namespace cairn::store::testing {

/// How much there is, and since when.
struct Filling {
    /// Each with an authorization, which is valid, and a certificate. One in fifty is also the
    /// number of blocked keys, of issuers and of counters.
    std::int64_t orders = 1;
    std::int64_t accounts = 1;
    /// SQL: which account, counted from 0, order `i` is of.
    std::string account_of_order = "i % 1";
    /// Seconds since 1970; the orders came at equal distances between them.
    std::int64_t begin = 0, end = 0;
    /// The key of all accounts. What differs, and is indexed, is the thumbprint.
    std::string jwk = "{}";
};

/// How long they are good for.
inline constexpr base::Seconds filled_order_lifetime{604'800};
inline constexpr base::Seconds filled_proof_lifetime{864'000};
inline constexpr base::Seconds filled_certificate_lifetime{7'772'399};

/// How a database says what the other says otherwise.
using FillingDialect = std::map<std::string, std::string>;

[[nodiscard]] inline FillingDialect postgres_filling() {
    const std::string random = "uuid_send(gen_random_uuid())";
    return {{"octets", "bytea"},
            // Rises with time, as an id of the CA does.
            {"id", "substr(int8send(at * 1000), 3) || substr(" + random + ", 7)"},
            {"digest", random + " || " + random},
            {"csr", "decode(repeat('5a', 280), 'hex')"},
            {"der", "decode(repeat('5a', 720), 'hex')"},
            {"line end", "chr(10)"},
            {"accounts from 0", "generate_series(0::bigint, {accounts} - 1) AS i"},
            {"orders from 0", "generate_series(0::bigint, {orders} - 1) AS i"}};
}

[[nodiscard]] inline FillingDialect sqlite_filling() {
    const auto numbers = [](const std::string& count) {
        return "(WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i + 1 < " +
               count + ") SELECT i FROM n)";
    };
    return {{"octets", "blob"},
            // Not above 127 at the start, since a serial number is not negative.
            {"id", "CAST(x'01' || randomblob(15) AS BLOB)"},
            {"digest", "randomblob(32)"},
            {"csr", "randomblob(280)"},
            {"der", "randomblob(720)"},
            {"line end", "char(10)"},
            {"accounts from 0", numbers("{accounts}")},
            {"orders from 0", numbers("{orders}")}};
}

/// A script for a session that sees the tables of the present version, nearly empty.
[[nodiscard]] inline std::string script_of(const Filling& filling, const FillingDialect& dialect) {
    std::string script = R"sql(
BEGIN;
CREATE TEMPORARY TABLE filled_accounts (i bigint PRIMARY KEY, at bigint, id {octets});
INSERT INTO filled_accounts SELECT i, at, {id}
    FROM (SELECT i, CAST({begin} AS bigint) AS at FROM {accounts from 0}) AS counted;
CREATE TEMPORARY TABLE filled_orders (i bigint PRIMARY KEY, at bigint, account {octets}, name text,
    id {octets}, proof {octets}, serial {octets});
INSERT INTO filled_orders
    SELECT i, at, (SELECT a.id FROM filled_accounts a WHERE a.i = counted.account),
        'dns:host-' || i || '.customers.example.com', {id}, {id}, {id}
    FROM (SELECT i, {begin} + i * ({end} - {begin}) / {orders} AS at, {account of order} AS account
        FROM {orders from 0}) AS counted;

INSERT INTO accounts (id, thumbprint, jwk, contacts, created)
    SELECT id, {digest}, '{jwk}', '', at FROM filled_accounts ORDER BY i;
INSERT INTO authorizations (id, account, identifier, created, expires, token, offered, method,
        started, finished)
    SELECT proof, account, name, at, at + 864000, 'J-pc1nQ5zV0dS3Kx2aVnHw0hYb6E2Lr9mP8tU4cWfGk',
        'hda', 'h', at, at FROM filled_orders ORDER BY i;
INSERT INTO orders (id, account, created, expires, identifiers, authorizations, profile, begun, csr,
        serial, certificate_not_before, certificate_not_after, completed)
    SELECT id, account, at, at + 604800, name || {line end}, proof, 'default', at, {csr}, serial,
        at - 3600, at + 7772399, at FROM filled_orders ORDER BY i;
INSERT INTO certificates (serial, der, issuer, key, not_after, account, order_id, issued)
    SELECT serial, {der}, {digest}, {digest}, at + 7772399, account, id, at
    FROM filled_orders ORDER BY i;
INSERT INTO blocked_keys (key) SELECT {digest} FROM filled_orders WHERE i % 50 = 0;
INSERT INTO issuers (id, chain) SELECT {digest}, 'chain' FROM filled_orders WHERE i % 50 = 0;
INSERT INTO counters (bucket, arrival)
    SELECT name, at * 1000000000 FROM filled_orders WHERE i % 50 = 0;
DROP TABLE filled_orders;
DROP TABLE filled_accounts;
COMMIT;
)sql";
    const auto replace = [&](const std::string& name, const std::string& text) {
        const auto place = "{" + name + "}";
        for (auto at = script.find(place); at != std::string::npos; at = script.find(place, at))
            script.replace(at, place.size(), text);
    };
    for (const auto& [name, text] : dialect) replace(name, text);
    replace("orders", std::to_string(filling.orders));
    replace("accounts", std::to_string(filling.accounts));
    replace("account of order", filling.account_of_order);
    replace("begin", std::to_string(filling.begin));
    replace("end", std::to_string(filling.end));
    replace("jwk", filling.jwk);
    return script;
}

}  // namespace cairn::store::testing
