#include "store/postgres/repository.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using enum Statement::Effect;

const std::string certificate_columns =
    "c.serial, c.der, c.issuer, c.key, c.not_after, c.issued, c.account, c.order_id, c.profile,"
    " c.crl, c.revoked, c.reason";
const std::string order_columns =
    "o.id, o.account, o.created, o.expires, o.identifiers, o.authorizations, o.profile,"
    " o.not_before, o.not_after, o.replaced_serial, o.replaced_key_id, o.completed, o.problem,"
    " o.begun, o.csr, o.serial, o.certificate_not_before, o.certificate_not_after, o.request,"
    " o.pinned_issuer, o.pinned_octets";

const Statement certificates_end{"end_of_certificates_step",
                                 "SELECT serial FROM certificates WHERE serial < $1"
                                 " ORDER BY serial DESC LIMIT 1 OFFSET $2",
                                 repeatable};
const Statement certificates{
    "look_for_certificates",
    "SELECT " + certificate_columns +
        " FROM certificate_states c WHERE c.serial < $1 AND c.serial >= $2"
        " AND ($3 IS NULL OR c.account = $3) AND ($4 IS NULL OR c.order_id = $4)"
        " AND ($5 IS NULL OR c.issuer = $5) AND ($6 IS NULL OR coalesce(c.profile, '') = $6)"
        " AND ($7 IS NULL OR c.issued >= $7) AND ($8 IS NULL OR c.issued <= $8)"
        " AND ($9 IS NULL OR c.not_after >= $9) AND ($10 IS NULL OR c.not_after <= $10)"
        " AND ($11 IS NULL OR (c.revoked IS NOT NULL) = ($11 = 1))"
        " AND ($12 IS NULL OR position($12 IN c.der) > 0) ORDER BY c.serial DESC",
    repeatable};
// Those with one key are ranked behind a fence, so that the index of keys leads to them.
const Statement certificates_with_key{
    "certificates_with_key",
    "SELECT * FROM (SELECT " + certificate_columns +
        " FROM certificate_states c WHERE substr(c.key, 1, 8) = substr($1, 1, 8) AND c.key = $1"
        " AND c.serial < $2 OFFSET 0) AS c ORDER BY c.serial DESC LIMIT $3",
    repeatable};
const Statement orders_end{"end_of_orders_step",
                           "SELECT id FROM orders WHERE id < $1 ORDER BY id DESC LIMIT 1 OFFSET $2",
                           repeatable};
const Statement orders{
    "look_for_orders",
    "SELECT " + order_columns +
        " FROM orders o WHERE o.id < $1 AND o.id >= $2 AND ($3 IS NULL OR o.profile = $3)"
        " AND ($4 IS NULL OR o.created >= $4) AND ($5 IS NULL OR o.created <= $5)"
        " AND ($6 IS NULL OR $6 = CASE WHEN o.problem IS NOT NULL THEN 3"
        " WHEN o.completed IS NOT NULL THEN 2 WHEN o.begun IS NOT NULL THEN 1 ELSE 0 END)"
        " AND ($7 IS NULL OR strpos(o.identifiers, $7) > 0)"
        " AND ($8 IS NULL OR strpos(o.identifiers, $8) > 0) ORDER BY o.id DESC",
    repeatable};
// By a range, as in `orders_of`.
const Statement orders_of_one{
    "orders_of_one",
    "SELECT " + order_columns +
        " FROM orders o WHERE o.account >= $1 AND (o.account, o.id) < ($1, $2)"
        " ORDER BY o.account DESC, o.id DESC LIMIT $3",
    repeatable};

/// Greater than every serial number and every id.
base::Bytes behind_all() {
    return base::Bytes(33, 0xff);
}

base::Bytes read_octets(PostgresRow& row) {
    return base::copy_of(row.blob());
}

std::optional<std::string> identifier_line(const ca::OrderFilter& filter) {
    if (!filter.identifier) return std::nullopt;
    return to_stored(*filter.identifier) + "\n";
}

std::optional<std::string> ending_line(const ca::OrderFilter& filter) {
    if (!filter.ending) return std::nullopt;
    return *filter.ending + "\n";
}

template <class Value>
std::optional<std::int64_t> number_of(const std::optional<Value>& value) {
    if (!value) return std::nullopt;
    return static_cast<std::int64_t>(*value);
}

}  // namespace

base::Task<ca::ListingStore::CertificatesStep> PostgresRepository::look_for_certificates(
    ca::CertificateFilter filter, std::optional<pki::SerialNumber> before, std::size_t look_at) {
    const auto position = before ? before->der_content() : behind_all();
    const auto count = static_cast<std::int64_t>(look_at);
    CertificatesStep step;
    if (filter.key) {
        const auto answer = co_await run(certificates_with_key, *filter.key, position, count);
        auto all = answer.each(read_certificate<PostgresRow>);
        if (all.size() == look_at) step.next = all.back().serial;
        std::erase_if(all, [&](const auto& each) { return !filter.fits(each); });
        step.found = std::move(all);
        co_return step;
    }
    const auto end = co_await run(certificates_end, position, count - 1);
    const auto last = end.first(read_octets);
    if (last) step.next = serial_from(*last);
    const auto answer = co_await run(
        certificates, position, last.value_or(base::Bytes()), filter.account, filter.order,
        filter.issuer, filter.profile, filter.issued_after, filter.issued_before, filter.ends_after,
        filter.ends_before, number_of(filter.is_revoked), filter.octets);
    step.found = answer.each(read_certificate<PostgresRow>);
    co_return step;
}

base::Task<ca::ListingStore::OrdersStep> PostgresRepository::look_for_orders(
    ca::OrderFilter filter, std::optional<ca::OrderId> before, std::size_t look_at) {
    const auto position = before ? base::copy_of(before->octets()) : behind_all();
    const auto count = static_cast<std::int64_t>(look_at);
    OrdersStep step;
    if (filter.account) {
        const auto answer = co_await run(orders_of_one, *filter.account, position, count);
        auto all = answer.each(read_order<PostgresRow>);
        if (all.size() == look_at) step.next = all.back().id;
        std::erase_if(all, [&](const auto& each) { return !filter.fits(each); });
        step.found = std::move(all);
        co_return step;
    }
    const auto end = co_await run(orders_end, position, count - 1);
    const auto last = end.first(read_octets);
    if (last) step.next = id_from<ca::OrderKind>(*last);
    const auto identifier = identifier_line(filter);
    const auto ending = ending_line(filter);
    const auto answer = co_await run(orders, position, last.value_or(base::Bytes()), filter.profile,
                                     filter.created_after, filter.created_before,
                                     number_of(filter.stage), identifier, ending);
    step.found = answer.each(read_order<PostgresRow>);
    co_return step;
}

}  // namespace cairn::store
