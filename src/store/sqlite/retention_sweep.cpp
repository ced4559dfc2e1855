#include "store/sqlite/retention_sweep.h"

#include <algorithm>

#include "store/stored_form.h"

namespace cairn::store {
namespace {

/// A row as the sweep sees it.
template <class Id>
struct Seen {
    Id id;
    base::Time created;
    bool may_go;
};

template <class Kind>
Seen<ca::Id<Kind>> read_seen(Columns& row) {
    return {.id = id_from<Kind>(row.blob()), .created = row.time(), .may_go = row.integer() != 0};
}

}  // namespace

void RetentionSweep::begin(Stage stage) {
    stage_ = stage;
    position_.clear();
}

RetentionSweep::Step RetentionSweep::step(Connection& connection,
                                          const ca::RetentionCutoffs& cutoffs,
                                          std::size_t at_most) {
    Step step;
    std::size_t left = at_most;
    if (stage_ == Stage::orders) left -= sweep_orders(connection, cutoffs.orders, left, step);
    if (stage_ == Stage::authorizations && left > 0)
        left -= sweep_authorizations(connection, cutoffs.authorizations, left, step);
    if (stage_ == Stage::certificates && left > 0)
        sweep_certificates(connection, cutoffs, left, step);
    step.removal.removed =
        step.orders.size() + step.authorizations.size() + step.certificates.size();
    return step;
}

std::size_t RetentionSweep::sweep_orders(Connection& connection, base::Time cutoff,
                                         std::size_t at_most, Step& step) {
    const auto rows = connection.list(
        "SELECT id, created, expires < ?1 AND"
        " (begun IS NULL OR completed IS NOT NULL OR problem IS NOT NULL)"
        " FROM orders WHERE id > ?2 ORDER BY id LIMIT ?3",
        read_seen<ca::OrderKind>, cutoff, position_, static_cast<std::int64_t>(at_most));
    for (const auto& row : rows) {
        if (row.created >= cutoff) {
            begin(Stage::authorizations);
            return rows.size();
        }
        position_ = base::copy_of(row.id.octets());
        if (!row.may_go) continue;
        connection.execute("DELETE FROM orders WHERE id = ?", row.id);
        step.orders.push_back(row.id);
    }
    if (rows.size() < at_most) begin(Stage::authorizations);
    return rows.size();
}

std::size_t RetentionSweep::sweep_authorizations(Connection& connection, base::Time cutoff,
                                                 std::size_t at_most, Step& step) {
    const auto rows = connection.list(
        "SELECT id, created, expires < ?1 AND (started IS NULL OR finished IS NOT NULL)"
        " FROM authorizations WHERE id > ?2 ORDER BY id LIMIT ?3",
        read_seen<ca::AuthorizationKind>, cutoff, position_, static_cast<std::int64_t>(at_most));
    for (const auto& row : rows) {
        if (row.created >= cutoff) {
            begin(Stage::certificates);
            return rows.size();
        }
        position_ = base::copy_of(row.id.octets());
        if (!row.may_go) continue;
        // An order takes over what is valid when it is created. The hour is for clocks that were
        // set back.
        const bool is_gone =
            connection.execute(
                "DELETE FROM authorizations WHERE id = ?1 AND ifnull((SELECT orders.created"
                " FROM orders WHERE orders.account = authorizations.account"
                " ORDER BY orders.id LIMIT 1) > authorizations.expires + 3600, 1)",
                row.id) == 1;
        if (is_gone) step.authorizations.push_back(row.id);
    }
    if (rows.size() < at_most) begin(Stage::certificates);
    return rows.size();
}

std::size_t RetentionSweep::sweep_certificates(Connection& connection,
                                               const ca::RetentionCutoffs& cutoffs,
                                               std::size_t at_most, Step& step) {
    struct Ended {
        std::int64_t number;
        pki::SerialNumber serial;
    };
    // Lists signed since have told of whatever was revoked and ended before then.
    const auto told =
        connection
            .find(
                "SELECT min(this_update) FROM crls WHERE next_update >= ?",
                [](Columns& row) { return row.optional_time(); }, cutoffs.abandoned_crls)
            .value();
    const auto ended = connection.list(
        "SELECT number, serial FROM certificate_states WHERE not_after < ?1"
        " AND (revoked IS NULL OR not_after < ifnull(?2, not_after + 1))"
        " ORDER BY not_after LIMIT ?3",
        [](Columns& row) { return Ended{row.integer(), serial_from(row.blob())}; },
        cutoffs.certificates, told, static_cast<std::int64_t>(at_most));
    for (const auto& certificate : ended) {
        connection.execute("DELETE FROM requested_revocations WHERE certificate = ?",
                           certificate.number);
        connection.execute("DELETE FROM replacements WHERE serial = ?",
                           certificate.serial.der_content());
        connection.execute("DELETE FROM certificates WHERE number = ?", certificate.number);
        step.certificates.push_back(certificate.serial);
    }
    if (ended.size() < at_most) {
        begin(Stage::orders);
        step.removal.is_round_over = true;
    }
    return ended.size();
}

void give_back_space(Connection& connection, std::int64_t at_most) {
    const auto integer_of = [&](Sql sql) {
        return connection.find(sql, [](Columns& row) { return row.integer(); }).value_or(0);
    };
    // New rows will use the free pages; only more than that is given back.
    constexpr std::int64_t least_reserve = 1024;
    constexpr std::int64_t reserved_share = 10;
    const auto reserve = std::max(least_reserve, integer_of("PRAGMA page_count") / reserved_share);
    const auto spare = integer_of("PRAGMA freelist_count") - reserve;
    if (spare <= 0) return;
    connection.run(
        ("PRAGMA incremental_vacuum(" + std::to_string(std::min(spare, at_most)) + ")").c_str());
}

}  // namespace cairn::store
