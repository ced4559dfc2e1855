#include <algorithm>
#include <charconv>
#include <string_view>

#include "store/sqlite/repository.h"
#include "store/stored_renewals.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::Order;
using ca::OrderId;

OrderId read_id(Columns& row) {
    return id_from<ca::OrderKind>(row.blob());
}

// Whether the order's account, or one of its authorizations, was deactivated, or an external key
// that vouches for one was revoked.
bool has_lost_its_ground(Connection& connection, const OrderId& id) {
    const auto authorizations = connection.find(
        "SELECT authorizations FROM orders WHERE id = ? AND NOT EXISTS"
        " (SELECT 1 FROM accounts a WHERE a.id = account AND a.deactivated IS NOT NULL)",
        [](Columns& row) { return authorization_ids_from(row.blob()); }, id);
    return !authorizations ||
           std::ranges::any_of(*authorizations, [&](const ca::AuthorizationId& authorization) {
               return connection.exists(
                   "SELECT 1 FROM authorizations a WHERE a.id = ? AND (a.deactivated IS NOT NULL"
                   " OR EXISTS (SELECT 1 FROM external_keys k WHERE k.kid = a.vouched_by"
                   " AND k.revoked IS NOT NULL))",
                   authorization);
           });
}

// What the order may stand on for its identifier at `place`: of all, the one that lapses last.
std::optional<ca::Authorization> find_standing(Connection& connection, const Order& order,
                                               std::size_t place,
                                               const ca::OrderStore::Reuse& reuse) {
    auto best = find_reusable(connection, order.account, order.identifiers.at(place), reuse);
    if (reuse.above.empty()) return best;
    for (const auto& name : reuse.above.at(place)) {
        auto found = find_reusable_for_subdomains(connection, order.account, name, reuse);
        if (found && (!best || found->expires > best->expires)) best = std::move(found);
    }
    return best;
}

// Whether the fresh authorization at `place` was added for a place before.
bool stands_before(const std::vector<ca::Authorization>& fresh,
                   const std::vector<std::optional<ca::Authorization>>& reused, std::size_t place) {
    if (!fresh[place].for_subdomains) return false;
    for (std::size_t i = 0; i < place; ++i)
        if (!reused[i] && fresh[i].id == fresh[place].id) return true;
    return false;
}

// Whether an issuance may begin, by the condition of the statement that begins it.
bool may_begin(Connection& connection, const OrderId& id, base::Time now) {
    return connection.exists(
        "SELECT 1 FROM orders WHERE id = ? AND begun IS NULL AND problem IS NULL AND expires > ?",
        id, now);
}

// What an issuance took from buckets, as the order keeps it: a line for each, cost and name.
std::string to_charged(const std::vector<TakenFrom>& taken) {
    std::string text;
    for (const auto& [bucket, cost] : taken) text += std::to_string(cost) + " " + bucket + "\n";
    return text;
}

std::vector<TakenFrom> charged_from(std::string_view text) {
    std::vector<TakenFrom> taken;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        const auto blank = line.find(' ');
        TakenFrom one{.bucket = std::string(line.substr(blank + 1)), .cost = 0};
        std::from_chars(line.data(), line.data() + blank, one.cost);
        taken.push_back(std::move(one));
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return taken;
}

// Gives back what the issuance of a failed order took.
void refund(Connection& connection, const OrderId& id, base::Time now) {
    struct Charged {
        std::vector<TakenFrom> taken;
        base::Time begun;
    };
    const auto charged = connection.find(
        "SELECT charged, begun FROM orders WHERE id = ? AND charged IS NOT NULL",
        [](Columns& row) {
            auto taken = charged_from(row.text());
            return Charged{std::move(taken), row.time()};
        },
        id);
    if (charged) give_back(connection, charged->taken, instant_of(charged->begun), instant_of(now));
}

}  // namespace

namespace {

// Who has what the order claims; the rest of the placement is empty.
ca::OrderStore::Placement holders_of(Connection& connection, const Order& order,
                                     const ca::OrderStore::Claims& claims) {
    ca::OrderStore::Placement placement;
    if (claims.likeness)
        placement.twin = connection.find(
            "SELECT id FROM orders WHERE likeness = ? AND likeness IS NOT NULL AND begun IS NULL"
            " AND id IS NOT ?",
            read_id, *claims.likeness, claims.former_twin);
    if (placement.twin || !order.replaces) return placement;
    auto replacement =
        connection.find("SELECT order_id, completed FROM replacements WHERE serial = ?",
                        read_replacement<Columns>, order.replaces->serial.der_content());
    if (replacement && (replacement->is_issued || replacement->order != claims.former_replacement))
        placement.replacement = std::move(replacement);
    return placement;
}

// Gives the order what it claims.
void take_claims(Connection& connection, const Order& order, const ca::OrderStore::Claims& claims) {
    if (claims.former_twin)
        connection.execute("UPDATE orders SET likeness = NULL WHERE id = ?", *claims.former_twin);
    if (order.replaces)
        connection.execute(
            "INSERT INTO replacements (serial, order_id) VALUES (?1, ?2)"
            " ON CONFLICT (serial) DO UPDATE SET order_id = ?2",
            order.replaces->serial.der_content(), order.id);
}

void insert_order(Connection& connection, const Order& order,
                  const std::optional<crypto::Sha256Digest>& likeness) {
    std::optional<base::BytesView> replaced_serial, replaced_key_id;
    if (order.replaces) {
        replaced_serial = order.replaces->serial.der_content();
        replaced_key_id = order.replaces->issuer_key_id;
    }
    connection.execute(
        "INSERT INTO orders (id, account, created, expires, identifiers, authorizations,"
        " profile, not_before, not_after, replaced_serial, replaced_key_id, likeness)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        order.id, order.account, order.created, order.expires, to_stored(order.identifiers),
        to_stored(order.authorizations), order.profile, order.not_before, order.not_after,
        replaced_serial, replaced_key_id, likeness);
}

}  // namespace

base::Task<ca::OrderStore::Placement> SqliteRepository::create_order(
    Order order, std::vector<ca::Authorization> fresh, std::optional<Reuse> reuse,
    ca::Charges charges, Claims claims) {
    const auto withdrawals = withdrawals_of(charges);
    Placement placement;
    auto step = [&](Connection& connection) {
        placement = holders_of(connection, order, claims);  // a step that is undone is run again
        if (placement.twin || placement.replacement) return;
        auto& reused = placement.reused;
        auto& decision = placement.decision;
        decision = take(connection, charges, withdrawals, instant_of(order.created)).decision;
        if (!decision.accepted) return;
        for (std::size_t i = 0; i < fresh.size(); ++i)
            reused.push_back(reuse ? find_standing(connection, order, i, *reuse) : std::nullopt);
        for (std::size_t i = 0; reuse && i < fresh.size(); ++i)
            order.authorizations.at(i) = reused[i] ? reused[i]->id : fresh[i].id;
        insert_order(connection, order, claims.likeness);
        take_claims(connection, order, claims);
        for (std::size_t i = 0; i < fresh.size(); ++i)
            if (!reused[i] && !stands_before(fresh, reused, i))
                insert_authorization(connection, fresh[i], Origin::order);
        writer_.after_commit([&] {
            orders_.put(order);
            for (std::size_t i = 0; i < fresh.size(); ++i)
                if (!placement.reused[i]) authorizations_.put(fresh[i]);
        });
    };
    co_await writer_.run(step);
    co_return placement;
}

base::Task<std::optional<Order>> SqliteRepository::find_order(OrderId id) {
    if (auto order = orders_.find(id)) co_return order;
    const auto moment = orders_.moment();
    auto order = readers_.read([&](Connection& connection) {
        return connection.find(
            "SELECT id, account, created, expires, identifiers, authorizations, profile,"
            " not_before, not_after, replaced_serial, replaced_key_id, completed, problem, begun, "
            "csr, serial,"
            " certificate_not_before, certificate_not_after, request, pinned_issuer, pinned_octets"
            " FROM orders WHERE id = ?",
            read_order<Columns>, id);
    });
    if (order) orders_.keep(*order, moment);
    co_return order;
}

base::Task<std::optional<ca::OrderStore::OrderAndProofs>> SqliteRepository::find_order_and_proofs(
    OrderId id) {
    auto order = co_await find_order(id);
    if (!order) co_return std::nullopt;
    OrderAndProofs found{*std::move(order), {}};
    if (!found.order.intent)
        found.proofs = co_await find_authorizations(found.order.authorizations);
    co_return found;
}

base::Task<std::vector<OrderId>> SqliteRepository::orders_of(ca::AccountId account,
                                                             std::optional<OrderId> before,
                                                             std::size_t limit) {
    co_return readers_.read([&](Connection& connection) {
        const auto count = static_cast<std::int64_t>(limit);
        if (before) {
            return connection.list(
                "SELECT id FROM orders WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?",
                read_id, account, *before, count);
        }
        return connection.list("SELECT id FROM orders WHERE account = ? ORDER BY id DESC LIMIT ?",
                               read_id, account, count);
    });
}

base::Task<ca::OrderStore::IssuanceBeginning> SqliteRepository::begin_issuance(
    OrderId id, ca::IssuanceIntent intent, RequestedKey key, ca::Charges charges) {
    using enum IssuanceBeginning;
    const auto withdrawals = withdrawals_of(charges);
    auto step = [&](Connection& connection) {
        if (holder_of(connection, key.thumbprint)) return key_is_an_accounts;
        if (blocked_keys_.may_have(key.id) && is_blocked(connection, key.id)) return key_is_blocked;
        if (has_lost_its_ground(connection, id)) return refused;
        if (!charges.empty() && !may_begin(connection, id, intent.begun)) return refused;
        const auto taking = take(connection, charges, withdrawals, instant_of(intent.begun));
        if (!taking.decision.accepted) return over_limit;
        const auto charged =
            taking.taken.empty() ? std::nullopt : std::optional(to_charged(taking.taken));
        const bool is_begun =
            connection.execute(
                "UPDATE orders SET begun = ?1, csr = ?2, serial = ?3,"
                " certificate_not_before = ?4, certificate_not_after = ?5, request = ?7, key = ?8,"
                " charged = ?9"
                " WHERE id = ?6 AND begun IS NULL AND problem IS NULL AND expires > ?1",
                intent.begun, intent.csr, intent.serial.der_content(), intent.validity.not_before,
                intent.validity.not_after, id, intent.request, key.id, charged) == 1;
        if (!is_begun) return refused;
        announce(orders_, id, [&](Order& order) { order.intent = intent; });
        return begun;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::optional<ca::IssuancePin>> SqliteRepository::pin_issuance(OrderId id,
                                                                          ca::IssuancePin pin) {
    std::optional<ca::IssuancePin> standing;
    auto step = [&](Connection& connection) {
        standing.reset();  // a step that is undone is run again
        connection.execute(
            "UPDATE orders SET pinned_issuer = ?, pinned_octets = ? WHERE id = ?"
            " AND pinned_issuer IS NULL"
            " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL",
            pin.issuer, pin.to_be_signed, id);
        standing = connection.find(
            "SELECT pinned_issuer, pinned_octets FROM orders WHERE id = ?"
            " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL",
            read_pin<Columns>, id);
        if (standing) announce(orders_, id, [&](Order& order) { order.intent->pin = standing; });
    };
    co_await writer_.run(step);
    co_return standing;
}

base::Task<bool> SqliteRepository::complete_issuance(OrderId id,
                                                     ca::IssuedCertificate certificate) {
    auto step = [&](Connection& connection) {
        const bool is_completed =
            connection.execute(
                "UPDATE orders SET completed = ? WHERE id = ? AND serial = ?"
                " AND ifnull(pinned_issuer = ?, true)"
                " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL",
                certificate.issued, id, certificate.serial.der_content(), certificate.issuer) == 1;
        if (!is_completed) return false;
        connection.execute(
            "UPDATE replacements SET completed = ?1 WHERE order_id = ?2 AND serial ="
            " (SELECT replaced_serial FROM orders WHERE id = ?2)",
            certificate.issued, id);
        insert_certificate(connection, certificate);
        announce(orders_, id, [&](Order& order) { order.completed = certificate.issued; });
        writer_.after_commit([&] { certificates_.put(certificate); });
        return true;
    };
    co_return co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::fail_issuance(OrderId id, protocol::Problem problem,
                                                 std::optional<base::Time> now) {
    auto step = [&](Connection& connection) {
        const bool has_failed =
            connection.execute(
                "UPDATE orders SET problem = ? WHERE id = ?"
                " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL",
                problem.to_json(), id) == 1;
        if (has_failed && now) refund(connection, id, *now);
        if (has_failed) announce(orders_, id, [&](Order& order) { order.problem = problem; });
        return has_failed;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::OrderStore::UnfinishedIssuance>>
SqliteRepository::claim_unfinished_issuances(std::size_t limit) {
    co_return readers_.read([&](Connection& connection) {
        return connection.list(
            "SELECT id, account FROM (SELECT id, account, begun,"
            " row_number() OVER (PARTITION BY account ORDER BY begun, rowid) AS turn"
            " FROM orders INDEXED BY unfinished_issuances"
            " WHERE begun IS NOT NULL AND completed IS NULL AND problem IS NULL)"
            " ORDER BY turn, begun LIMIT ?",
            read_unfinished_issuance<Columns>, static_cast<std::int64_t>(limit));
    });
}

}  // namespace cairn::store
