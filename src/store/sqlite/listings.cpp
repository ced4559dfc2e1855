#include <iterator>

#include "store/sqlite/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {

namespace {

/// Greater than every serial number and every id.
base::Bytes behind_all() {
    return base::Bytes(33, 0xff);
}

std::optional<std::string> identifier_line(const ca::OrderFilter& filter) {
    if (!filter.identifier) return std::nullopt;
    return to_stored(*filter.identifier) + "\n";
}

std::optional<std::string> ending_line(const ca::OrderFilter& filter) {
    if (!filter.ending) return std::nullopt;
    return *filter.ending + "\n";
}

std::optional<std::int64_t> number_of(const std::optional<bool>& value) {
    if (!value) return std::nullopt;
    return *value ? 1 : 0;
}

std::optional<std::int64_t> number_of(const std::optional<ca::OrderFilter::Stage>& stage) {
    if (!stage) return std::nullopt;
    return static_cast<int>(*stage);
}

base::Bytes read_octets(Columns& row) {
    return base::copy_of(row.blob());
}

// Those with one key, looked at one by one: the index leads to them alone.
ca::ListingStore::CertificatesStep with_key(Connection& connection,
                                            const ca::CertificateFilter& filter,
                                            const base::Bytes& before, std::int64_t look_at) {
    ca::ListingStore::CertificatesStep step;
    auto all = connection.list(
        "SELECT serial, der, issuer, key, not_after, issued, account, order_id, profile, crl,"
        " revoked, reason FROM certificate_states WHERE substr(key, 1, 8) = substr(?1, 1, 8)"
        " AND key = ?1 AND serial < ?2 ORDER BY serial DESC LIMIT ?3",
        read_certificate<Columns>, *filter.key, before, look_at);
    if (static_cast<std::int64_t>(all.size()) == look_at) step.next = all.back().serial;
    std::erase_if(all, [&](const auto& each) { return !filter.fits(each); });
    step.found = std::move(all);
    return step;
}

ca::ListingStore::CertificatesStep of_all(Connection& connection,
                                          const ca::CertificateFilter& filter,
                                          const base::Bytes& before, std::int64_t look_at) {
    ca::ListingStore::CertificatesStep step;
    const auto last = connection.find(
        "SELECT serial FROM certificates WHERE serial < ? ORDER BY serial DESC LIMIT 1 OFFSET ?",
        read_octets, before, look_at - 1);
    if (last) step.next = serial_from(*last);
    step.found = connection.list(
        "SELECT serial, der, issuer, key, not_after, issued, account, order_id, profile, crl,"
        " revoked, reason FROM certificate_states WHERE serial < ?1 AND serial >= ?2"
        " AND (?3 IS NULL OR account = ?3) AND (?4 IS NULL OR order_id = ?4)"
        " AND (?5 IS NULL OR issuer = ?5) AND (?6 IS NULL OR ifnull(profile, '') = ?6)"
        " AND (?7 IS NULL OR issued >= ?7) AND (?8 IS NULL OR issued <= ?8)"
        " AND (?9 IS NULL OR not_after >= ?9) AND (?10 IS NULL OR not_after <= ?10)"
        " AND (?11 IS NULL OR (revoked IS NOT NULL) = ?11)"
        " AND (?12 IS NULL OR instr(der, ?12) > 0) ORDER BY serial DESC",
        read_certificate<Columns>, before, last.value_or(base::Bytes()), filter.account,
        filter.order, filter.issuer, filter.profile, filter.issued_after, filter.issued_before,
        filter.ends_after, filter.ends_before, number_of(filter.is_revoked), filter.octets);
    return step;
}

// Those of one account, looked at one by one.
ca::ListingStore::OrdersStep of_account(Connection& connection, const ca::OrderFilter& filter,
                                        const base::Bytes& before, std::int64_t look_at) {
    ca::ListingStore::OrdersStep step;
    auto all = connection.list(
        "SELECT id, account, created, expires, identifiers, authorizations, profile,"
        " not_before, not_after, replaced_serial, replaced_key_id, completed, problem, begun, csr,"
        " serial, certificate_not_before, certificate_not_after, request, pinned_issuer,"
        " pinned_octets FROM orders INDEXED BY orders_of_account"
        " WHERE account = ? AND id < ? ORDER BY id DESC LIMIT ?",
        read_order<Columns>, *filter.account, before, look_at);
    if (static_cast<std::int64_t>(all.size()) == look_at) step.next = all.back().id;
    std::erase_if(all, [&](const auto& each) { return !filter.fits(each); });
    step.found = std::move(all);
    return step;
}

ca::ListingStore::OrdersStep of_all(Connection& connection, const ca::OrderFilter& filter,
                                    const base::Bytes& before, std::int64_t look_at) {
    ca::ListingStore::OrdersStep step;
    const auto last =
        connection.find("SELECT id FROM orders WHERE id < ? ORDER BY id DESC LIMIT 1 OFFSET ?",
                        read_octets, before, look_at - 1);
    if (last) step.next = id_from<ca::OrderKind>(*last);
    const auto identifier = identifier_line(filter);
    const auto ending = ending_line(filter);
    step.found = connection.list(
        "SELECT id, account, created, expires, identifiers, authorizations, profile,"
        " not_before, not_after, replaced_serial, replaced_key_id, completed, problem, begun, csr,"
        " serial, certificate_not_before, certificate_not_after, request, pinned_issuer,"
        " pinned_octets FROM orders WHERE id < ?1 AND id >= ?2 AND (?3 IS NULL OR profile = ?3)"
        " AND (?4 IS NULL OR created >= ?4) AND (?5 IS NULL OR created <= ?5)"
        " AND (?6 IS NULL OR ?6 = CASE WHEN problem IS NOT NULL THEN 3"
        " WHEN completed IS NOT NULL THEN 2 WHEN begun IS NOT NULL THEN 1 ELSE 0 END)"
        " AND (?7 IS NULL OR instr(identifiers, ?7) > 0)"
        " AND (?8 IS NULL OR instr(identifiers, ?8) > 0) ORDER BY id DESC",
        read_order<Columns>, before, last.value_or(base::Bytes()), filter.profile,
        filter.created_after, filter.created_before, number_of(filter.stage), identifier, ending);
    return step;
}

}  // namespace

base::Task<ca::ListingStore::CertificatesStep> SqliteRepository::look_for_certificates(
    ca::CertificateFilter filter, std::optional<pki::SerialNumber> before, std::size_t look_at) {
    const auto position = before ? before->der_content() : behind_all();
    const auto count = static_cast<std::int64_t>(look_at);
    co_return readers_.read([&](Connection& connection) {
        const Snapshot snapshot(connection);
        return filter.key ? with_key(connection, filter, position, count)
                          : of_all(connection, filter, position, count);
    });
}

base::Task<ca::ListingStore::OrdersStep> SqliteRepository::look_for_orders(
    ca::OrderFilter filter, std::optional<ca::OrderId> before, std::size_t look_at) {
    const auto position = before ? base::copy_of(before->octets()) : behind_all();
    const auto count = static_cast<std::int64_t>(look_at);
    co_return readers_.read([&](Connection& connection) {
        const Snapshot snapshot(connection);
        return filter.account ? of_account(connection, filter, position, count)
                              : of_all(connection, filter, position, count);
    });
}

}  // namespace cairn::store
