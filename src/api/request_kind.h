#pragma once

#include <string_view>

namespace cairn::api {

/// What a request asks for: the resource that its path names.
enum class RequestKind {
    directory,
    new_nonce,
    new_account,
    account,
    account_orders,
    key_change,
    new_order,
    new_authorization,
    order,
    finalize,
    authorization,
    challenge,
    certificate,
    other_chain,
    renewal_info,
    revoke_certificate,
    issuer,
    complete_crl,
    crl_shard,
    ocsp,
    ocsp_question,
    roots,
    root,
    limits,
    unknown,  ///< a path that names no resource
};

/// "newOrder" and so on: as RFC 8555 spells it, where it has a name there.
[[nodiscard]] std::string_view to_string(RequestKind kind);
/// The kind of the requests that the router finds under `pattern`, one of `path`.
[[nodiscard]] RequestKind request_kind_of(std::string_view pattern);

}  // namespace cairn::api
