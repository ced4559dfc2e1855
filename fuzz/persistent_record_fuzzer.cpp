#include <cstdlib>

#include "fuzz/target.h"
#include "protocol/persistent_record.h"

using cairn::protocol::PersistentRecord;

// What is read names its issuer and an account, and is read again as it is written.
CAIRN_FUZZ_TARGET(persistent_record) {
    const auto text = cairn::base::text_of(cairn::base::BytesView{data, size});
    const auto record = PersistentRecord::from_text(text);
    const auto issuer = PersistentRecord::issuer_of(text);
    if (!record) return 0;
    if (!issuer || *issuer != record->issuer || record->account_uri.empty()) std::abort();
    const auto again = PersistentRecord::from_text(record->to_text());
    if (!again || again->issuer != record->issuer || again->account_uri != record->account_uri ||
        again->covers_subdomains != record->covers_subdomains || again->until != record->until)
        std::abort();
    return 0;
}
