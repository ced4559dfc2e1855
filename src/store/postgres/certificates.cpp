#include "store/key_obstacle.h"
#include "store/postgres/repository.h"
#include "store/stored_renewals.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::IssuedCertificate;
using protocol::RevocationReason;
using enum Statement::Effect;
using enum Statement::Transaction;

const Statement put_certificate{
    "add_certificate",
    "INSERT INTO certificates (serial, der, issuer, key, not_after, account, order_id, issued,"
    " profile, crl) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    repeatable};
const Statement certificate_by_serial{
    "find_certificate",
    "SELECT c.serial, c.der, c.issuer, c.key, c.not_after, c.issued, c.account, c.order_id,"
    " c.profile, c.crl, c.revoked, c.reason FROM certificate_states c WHERE c.serial = $1",
    repeatable, shared};
const Statement download{
    "find_download",
    "SELECT i.chain, i.other_chains, c.serial, c.der, c.issuer, c.key, c.not_after, c.issued,"
    " c.account, c.order_id, c.profile, c.crl, c.revoked, c.reason FROM certificate_states c"
    " LEFT JOIN issuers i ON i.id = c.issuer WHERE c.serial = $1",
    repeatable, shared};
// The time stays that of the first revocation: it was not to be trusted since. A row that was
// inserted by this statement has no deleter (xmax).
const Statement mark_certificate_revoked{
    "revoke_certificate",
    "WITH target AS (SELECT serial, reason, issuer, crl, not_after FROM certificate_states"
    " WHERE serial = $1),"
    " recorded AS (INSERT INTO requested_revocations AS r (serial, at, reason, issuer, crl,"
    " not_after) SELECT serial, $2, $3, issuer, crl, not_after FROM target"
    " WHERE reason IS NULL OR reason <> $4"
    " ON CONFLICT (serial) DO UPDATE SET reason = excluded.reason, listed = NULL"
    " WHERE excluded.reason = $4 AND r.reason <> $4 RETURNING xmax = 0 AS is_first)"
    " SELECT EXISTS (SELECT FROM target),"
    " (SELECT CASE WHEN is_first THEN 1::bigint ELSE 2 END FROM recorded)",
    repeatable};
// The lock of the key comes first, as in whatever else gives a key a use.
const Statement compromise{
    "record_key_compromise",
    "WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($3) IS NULL),"
    " blocked AS (INSERT INTO blocked_keys (key) SELECT $1 FROM locked ON CONFLICT DO NOTHING),"
    " compromised AS (INSERT INTO compromised_keys (key, at) SELECT $1, $2 FROM locked"
    " ON CONFLICT DO NOTHING RETURNING key)"
    " SELECT EXISTS (SELECT FROM compromised),"
    " (SELECT at FROM compromised_keys WHERE key = $1)",
    repeatable};
const Statement block{
    "block_key",
    "WITH locked AS MATERIALIZED (SELECT pg_advisory_xact_lock($2) IS NULL)"
    " INSERT INTO blocked_keys (key) SELECT $1 FROM locked ON CONFLICT DO NOTHING",
    repeatable};
const Statement find_blocked{"is_key_blocked", "SELECT FROM blocked_keys WHERE key = $1",
                             repeatable, shared};
const Statement save_chain{"save_issuer",
                           "INSERT INTO issuers AS i (id, chain, other_chains)"
                           " VALUES ($1, $2, $3) ON CONFLICT (id)"
                           " DO UPDATE SET chain = $2, other_chains = $3"
                           " WHERE i.chain <> $2 OR coalesce(i.other_chains, '') <> $3",
                           repeatable};
const Statement find_chain{"find_issuer", "SELECT chain, other_chains FROM issuers WHERE id = $1",
                           repeatable, shared};

const Statement retire{"retire_issuer",
                       "UPDATE issuers SET retired = CASE WHEN $1 IS NULL THEN NULL"
                       " ELSE coalesce(retired, $1) END WHERE id = $2",
                       repeatable};
const Statement find_retired{
    "retired_issuers", "SELECT id, retired FROM issuers WHERE retired IS NOT NULL ORDER BY id",
    repeatable, shared};

std::int64_t reason_code(RevocationReason reason) {
    return static_cast<int>(reason);
}

}  // namespace

base::Task<void> PostgresRepository::add_certificate(IssuedCertificate certificate) {
    std::exception_ptr refusal;
    try {
        co_await run(put_certificate, certificate.serial.der_content(), certificate.der,
                     certificate.issuer, certificate.key, certificate.not_after,
                     certificate.account, certificate.order, certificate.issued,
                     certificate.profile, certificate.shard);
    } catch (const StatementRefused& refused) {
        if (!refused.is_unique_violation() || !refused.follows_lost_answer) throw;
        refusal = std::current_exception();
    }
    if (!refusal) co_return;
    const auto found = co_await find_certificate(certificate.serial);
    if (!found || !found->is_same(certificate)) std::rethrow_exception(refusal);
}

base::Task<std::optional<IssuedCertificate>> PostgresRepository::find_certificate(
    pki::SerialNumber serial) {
    const auto answer = co_await run(certificate_by_serial, serial.der_content());
    co_return answer.first(read_certificate<PostgresRow>);
}

base::Task<std::optional<ca::CertificateStore::Download>> PostgresRepository::find_download(
    pki::SerialNumber serial) {
    const auto answer = co_await run(download, serial.der_content());
    co_return answer.first([](PostgresRow& row) {
        std::optional<ca::IssuerChains> issuer;
        if (const auto usual = row.optional_text())
            issuer = ca::IssuerChains{.usual = std::string(*usual),
                                      .others = chains_from(row.optional_text().value_or(""))};
        else
            row.skip(1);
        return Download{read_certificate(row), std::move(issuer)};
    });
}

base::Task<ca::CertificateStore::RevocationOutcome> PostgresRepository::revoke_certificate(
    pki::SerialNumber serial, ca::Revocation revocation) {
    using enum RevocationOutcome;
    const auto answer =
        co_await run(mark_certificate_revoked, serial.der_content(), revocation.at,
                     reason_code(revocation.reason), reason_code(RevocationReason::key_compromise));
    auto row = answer.row(0);
    if (!row.boolean()) co_return unknown;
    const auto change = row.optional_integer();
    if (!change && answer.follows_lost_answer()) {
        const auto found = co_await find_certificate(serial);
        if (found && found->revocation == revocation) co_return revoked;
    }
    if (!change) co_return already_revoked;
    co_return *change == 1 ? revoked : raised_to_key_compromise;
}

base::Task<bool> PostgresRepository::block_key(crypto::Sha256Digest key) {
    const auto answer = co_await run(block, key, lock_of_key(key));
    // A first attempt whose answer was lost may have blocked it.
    co_return answer.affected() == 1 || answer.follows_lost_answer();
}

base::Task<bool> PostgresRepository::record_key_compromise(crypto::Sha256Digest key,
                                                           base::Time now) {
    const auto answer = co_await run(compromise, key, now, lock_of_key(key));
    auto row = answer.row(0);
    if (row.boolean()) co_return true;
    // A first attempt whose answer was lost may have recorded it.
    co_return answer.follows_lost_answer() && row.optional_time() == now;
}

base::Task<bool> PostgresRepository::is_key_blocked(crypto::Sha256Digest key) {
    const auto answer = co_await run(find_blocked, key);
    co_return answer.rows() != 0;
}

base::Task<void> PostgresRepository::save_issuer(ca::IssuerId id, ca::IssuerChains chains) {
    co_await run(save_chain, id, chains.usual, chains_to_stored(chains.others));
}

base::Task<std::optional<ca::IssuerChains>> PostgresRepository::find_issuer(ca::IssuerId id) {
    const auto answer = co_await run(find_chain, id);
    co_return answer.first(read_issuer_chains<PostgresRow>);
}

base::Task<bool> PostgresRepository::retire_issuer(ca::IssuerId issuer,
                                                   std::optional<base::Time> now) {
    const auto answer = co_await run(retire, now, issuer);
    co_return answer.affected() == 1;
}

base::Task<std::vector<ca::OperatorStore::RetiredIssuer>> PostgresRepository::retired_issuers() {
    const auto answer = co_await run(find_retired);
    co_return answer.each(read_retired_issuer<PostgresRow>);
}

}  // namespace cairn::store
