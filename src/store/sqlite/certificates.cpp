#include "store/sqlite/repository.h"
#include "store/stored_renewals.h"
#include "store/stored_rows.h"

namespace cairn::store {
namespace {

using ca::IssuedCertificate;
using protocol::RevocationReason;

std::int64_t code_of(RevocationReason reason) {
    return static_cast<int>(reason);
}

}  // namespace

void insert_certificate(Connection& connection, const IssuedCertificate& certificate) {
    connection.execute(
        "INSERT INTO certificates (serial, der, issuer, key, not_after, account, order_id, issued,"
        " profile, crl) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        certificate.serial.der_content(), certificate.der, certificate.issuer, certificate.key,
        certificate.not_after, certificate.account, certificate.order, certificate.issued,
        certificate.profile, certificate.shard);
}

base::Task<void> SqliteRepository::add_certificate(IssuedCertificate certificate) {
    auto step = [&](Connection& connection) {
        insert_certificate(connection, certificate);
        writer_.after_commit([&] { certificates_.put(certificate); });
    };
    co_await writer_.run(step);
}

base::Task<std::optional<IssuedCertificate>> SqliteRepository::find_certificate(
    pki::SerialNumber serial) {
    auto known = certificates_.find(serial);
    // That a key is compromised changes each certificate that has it.
    if (known && !blocked_keys_.may_have(known->key)) co_return known;
    const auto moment = certificates_.moment();
    auto certificate = readers_.read([&](Connection& connection) {
        return connection.find(
            "SELECT serial, der, issuer, key, not_after, issued, account, order_id, profile, crl,"
            " revoked, reason FROM certificate_states WHERE serial = ?",
            read_certificate<Columns>, serial.der_content());
    });
    if (certificate) certificates_.keep(*certificate, moment);
    co_return certificate;
}

base::Task<std::optional<ca::CertificateStore::Download>> SqliteRepository::find_download(
    pki::SerialNumber serial) {
    auto certificate = co_await find_certificate(std::move(serial));
    if (!certificate) co_return std::nullopt;
    auto issuer = co_await find_issuer(certificate->issuer);
    co_return Download{*std::move(certificate), std::move(issuer)};
}

base::Task<ca::CertificateStore::RevocationOutcome> SqliteRepository::revoke_certificate(
    pki::SerialNumber serial, ca::Revocation revocation) {
    auto step = [&](Connection& connection) {
        using enum RevocationOutcome;
        struct Target {
            std::int64_t number;
            std::optional<std::int64_t> reason;
        };
        const auto target = connection.find(
            "SELECT number, reason FROM certificate_states WHERE serial = ?",
            [](Columns& row) {
                const auto number = row.integer();
                return Target{number, row.optional_integer()};
            },
            serial.der_content());
        if (!target) return unknown;

        const auto compromise = code_of(RevocationReason::key_compromise);
        if (target->reason == compromise) return already_revoked;
        const bool is_compromise = revocation.reason == RevocationReason::key_compromise;
        const bool is_first = connection.execute(
                                  "INSERT INTO requested_revocations (certificate, at, reason,"
                                  " serial, issuer, crl, not_after) SELECT number, ?, ?, serial,"
                                  " issuer, crl, not_after FROM certificates WHERE number = ?"
                                  " ON CONFLICT DO NOTHING",
                                  revocation.at, code_of(revocation.reason), target->number) == 1;
        // The time stays that of the first revocation: it was not to be trusted since.
        const bool is_raised = !is_first && is_compromise &&
                               connection.execute(
                                   "UPDATE requested_revocations SET reason = ?1, listed = NULL"
                                   " WHERE certificate = ?2",
                                   compromise, target->number) == 1;
        if (is_first || is_raised) {
            announce(certificates_, serial, [&](IssuedCertificate& certificate) {
                if (certificate.revocation)
                    certificate.revocation->reason = revocation.reason;
                else
                    certificate.revocation = revocation;
            });
        }
        if (is_first) return revoked;
        return is_raised ? raised_to_key_compromise : already_revoked;
    };
    co_return co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::block_key(crypto::Sha256Digest key) {
    auto step = [&](Connection& connection) {
        writer_.after_commit([&] { blocked_keys_.add(key); });
        return connection.execute(
                   "INSERT INTO blocked_keys (key) VALUES (?) ON CONFLICT DO NOTHING", key) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<bool> SqliteRepository::record_key_compromise(crypto::Sha256Digest key, base::Time now) {
    auto step = [&](Connection& connection) {
        connection.execute("INSERT INTO blocked_keys (key) VALUES (?) ON CONFLICT DO NOTHING", key);
        writer_.after_commit([&] { blocked_keys_.add(key); });
        return connection.execute(
                   "INSERT INTO compromised_keys (key, at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                   key, now) == 1;
    };
    co_return co_await writer_.run(step);
}

void SqliteRepository::load_blocked_keys() {
    readers_.read([&](Connection& connection) {
        connection.for_each("SELECT key FROM blocked_keys",
                            [&](Columns& row) { blocked_keys_.add(digest_from(row.blob())); });
    });
}

bool is_blocked(Connection& connection, const crypto::Sha256Digest& key) {
    return connection.exists("SELECT 1 FROM blocked_keys WHERE key = ?", key);
}

base::Task<bool> SqliteRepository::is_key_blocked(crypto::Sha256Digest key) {
    if (!blocked_keys_.may_have(key)) co_return false;
    co_return readers_.read([&](Connection& connection) { return is_blocked(connection, key); });
}

bool is_certified(Connection& connection, const crypto::Sha256Digest& key) {
    return connection.exists(
        "SELECT 1 FROM certificates WHERE substr(key, 1, 8) = substr(?1, 1, 8) AND key = ?1"
        " UNION ALL SELECT 1 FROM orders WHERE key = ?1"
        " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL",
        key);
}

base::Task<void> SqliteRepository::save_issuer(ca::IssuerId id, ca::IssuerChains chains) {
    const auto others = chains_to_stored(chains.others);
    auto step = [&](Connection& connection) {
        connection.execute(
            "INSERT INTO issuers (id, chain, other_chains) VALUES (?1, ?2, ?3)"
            " ON CONFLICT (id) DO UPDATE SET chain = ?2, other_chains = ?3"
            " WHERE chain <> ?2 OR ifnull(other_chains, '') <> ?3",
            id, chains.usual, others);
        writer_.after_commit([&] { issuers_.put({id, chains}); });
    };
    co_await writer_.run(step);
}

base::Task<std::optional<ca::IssuerChains>> SqliteRepository::find_issuer(ca::IssuerId id) {
    if (auto issuer = issuers_.find(id)) co_return std::move(issuer->chains);
    const auto moment = issuers_.moment();
    auto chains = readers_.read([&](Connection& connection) {
        return connection.find("SELECT chain, other_chains FROM issuers WHERE id = ?",
                               read_issuer_chains<Columns>, id);
    });
    if (chains) issuers_.keep({id, *chains}, moment);
    co_return chains;
}

base::Task<bool> SqliteRepository::retire_issuer(ca::IssuerId issuer,
                                                 std::optional<base::Time> now) {
    auto step = [&](Connection& connection) {
        return connection.execute(
                   "UPDATE issuers SET retired = CASE WHEN ?1 IS NULL THEN NULL"
                   " ELSE ifnull(retired, ?1) END WHERE id = ?2",
                   now, issuer) == 1;
    };
    co_return co_await writer_.run(step);
}

base::Task<std::vector<ca::OperatorStore::RetiredIssuer>> SqliteRepository::retired_issuers() {
    co_return readers_.read([](Connection& connection) {
        return connection.list(
            "SELECT id, retired FROM issuers WHERE retired IS NOT NULL ORDER BY id",
            read_retired_issuer<Columns>);
    });
}

}  // namespace cairn::store
