#include "store/intent_keys.h"

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "crypto/digest.h"
#include "pki/csr.h"
#include "store/postgres/session.h"

namespace cairn::store {
namespace {

// An issuance whose CSR cannot be read will fail anyway.
std::optional<crypto::Sha256Digest> key_in(base::BytesView csr_der) {
    const auto csr = pki::Csr::from_kept_der(base::copy_of(csr_der));
    if (!csr) return std::nullopt;
    return crypto::sha256(csr->public_key().spki());
}

}  // namespace

void fill_in_intent_keys(Connection& connection) {
    const auto keys = connection.list(
        "SELECT rowid, csr FROM orders WHERE key IS NULL"
        " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL",
        [](Columns& row) {
            const auto number = row.integer();
            return std::pair(number, key_in(row.blob()));
        });
    for (const auto& [number, key] : keys)
        connection.execute("UPDATE orders SET key = ? WHERE rowid = ?", key, number);
}

void fill_in_intent_keys(PGconn* session) {
    const auto found =
        run_script(session,
                   "SELECT encode(id, 'hex'), encode(csr, 'hex') FROM orders WHERE key IS NULL"
                   " AND begun IS NOT NULL AND completed IS NULL AND problem IS NULL");
    const auto hex = [](const auto& octets) { return base::to_hex(octets); };
    for (int i = 0; i < found.rows(); ++i) {
        auto row = found.row(i);
        const auto id = std::string(row.text());
        const auto key = key_in(base::from_hex(row.text()).value());
        if (!key) continue;
        run_script(session, "UPDATE orders SET key = decode('" + hex(*key) +
                                "', 'hex') WHERE id = decode('" + id + "', 'hex')");
    }
}

}  // namespace cairn::store
