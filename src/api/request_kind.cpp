#include "api/request_kind.h"

#include "api/links.h"
#include "base/enum_table.h"

namespace cairn::api {

namespace {

struct Facts {
    std::string_view name;
    std::string_view pattern;
};

constexpr base::EnumTable<RequestKind, Facts> kinds({
    {RequestKind::directory, {"directory", path::directory}},
    {RequestKind::new_nonce, {"newNonce", path::new_nonce}},
    {RequestKind::new_account, {"newAccount", path::new_account}},
    {RequestKind::account, {"account", path::account}},
    {RequestKind::account_orders, {"orders", path::account_orders}},
    {RequestKind::key_change, {"keyChange", path::key_change}},
    {RequestKind::new_order, {"newOrder", path::new_order}},
    {RequestKind::new_authorization, {"newAuthz", path::new_authorization}},
    {RequestKind::order, {"order", path::order}},
    {RequestKind::finalize, {"finalize", path::finalize}},
    {RequestKind::authorization, {"authorization", path::authorization}},
    {RequestKind::challenge, {"challenge", path::challenge}},
    {RequestKind::certificate, {"certificate", path::certificate}},
    {RequestKind::other_chain, {"otherChain", path::other_chain}},
    {RequestKind::renewal_info, {"renewalInfo", path::renewal_info_of}},
    {RequestKind::revoke_certificate, {"revokeCert", path::revoke_certificate}},
    {RequestKind::issuer, {"issuer", path::issuer}},
    {RequestKind::complete_crl, {"completeCrl", path::complete_crl}},
    {RequestKind::crl_shard, {"crlShard", path::crl_shard}},
    {RequestKind::ocsp, {"ocsp", path::ocsp}},
    {RequestKind::ocsp_question, {"ocspQuestion", path::ocsp_question}},
    {RequestKind::roots, {"roots", path::roots}},
    {RequestKind::root, {"root", path::root}},
    {RequestKind::limits, {"limits", path::limits}},
    {RequestKind::unknown, {"unknown", ""}},
});

}  // namespace

std::string_view to_string(RequestKind kind) {
    return kinds[kind].name;
}

RequestKind request_kind_of(std::string_view pattern) {
    return kinds.find(pattern, &Facts::pattern).value_or(RequestKind::unknown);
}

}  // namespace cairn::api
