#pragma once
// Private to the .cpp files of store: revocation lists in rows.

#include <string>

#include "ca/facts/crl.h"
#include "store/stored_form.h"

namespace cairn::store {

/// id, issuer, url.
template <class Row>
ca::CrlList read_crl_list(Row& row) {
    const auto id = row.integer();
    const auto issuer = digest_from(row.blob());
    return {.id = id, .issuer = issuer, .url = std::string(row.text())};
}

/// number, this_update, next_update, entries, wishes, size.
template <class Row>
ca::CrlHead read_crl_head(Row& row, ca::CrlId list, std::int64_t number) {
    ca::CrlHead head{.list = list,
                     .number = static_cast<std::uint64_t>(number),
                     .this_update = row.time(),
                     .next_update = row.time(),
                     .entries = static_cast<std::uint64_t>(row.integer()),
                     .size = 0};
    head.wishes = row.integer();
    head.size = static_cast<std::uint64_t>(row.integer());
    return head;
}

/// id, issuer, url, wishes, then number, this_update, next_update, entries, wishes and size of the
/// list in force, or NULL.
template <class Row>
ca::CrlState read_crl_state(Row& row) {
    ca::CrlState state{.list = read_crl_list(row), .present = std::nullopt};
    state.wishes = row.integer();
    if (const auto number = row.optional_integer())
        state.present = read_crl_head(row, state.list.id, *number);
    return state;
}

/// list, number, this_update, next_update, entries, wishes, size, der.
template <class Row>
ca::SignedCrl read_signed_crl(Row& row) {
    const auto list = row.integer();
    const auto number = row.integer();
    auto head = read_crl_head(row, list, number);
    return {.head = head, .der = base::copy_of(row.blob())};
}

/// serial, crl, reason.
template <class Row>
ca::UnlistedRevocation read_unlisted(Row& row) {
    auto serial = serial_from(row.blob());
    const auto shard = row.optional_integer();
    return {.serial = std::move(serial), .shard = shard, .reason = reason_from(row.integer())};
}

/// serial, at, reason.
template <class Row>
ca::ListedRevocation read_listed(Row& row) {
    auto serial = serial_from(row.blob());
    const auto at = row.time();
    return {.serial = std::move(serial),
            .revocation = {.at = at, .reason = reason_from(row.integer())}};
}

}  // namespace cairn::store
