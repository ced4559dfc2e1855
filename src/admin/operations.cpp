#include "admin/operations.h"

#include <algorithm>
#include <map>

#include "admin/account_operations.h"
#include "admin/audit_operations.h"
#include "admin/certificate_operations.h"
#include "admin/crl_operations.h"
#include "admin/eab_operations.h"
#include "admin/issuer_operations.h"
#include "admin/key_operations.h"
#include "admin/limit_operations.h"
#include "admin/order_operations.h"
#include "admin/perspective_operations.h"
#include "admin/renewal_operations.h"

namespace cairn::admin {

std::span<const Operation> operations() {
    static const std::vector<Operation> all{
        account_list(),       account_show(),       account_deactivate(),
        account_scope(),      eab_create(),         eab_list(),
        eab_show(),           eab_revoke(),         key_block(),
        key_show(),           limit_list(),         limit_show(),
        limit_override(),     limit_reset(),        renewal_pull_forward(),
        renewal_list(),       renewal_show(),       renewal_cancel(),
        crl_list(),           crl_publish(),        order_list(),
        order_show(),         certificate_list(),   certificate_show(),
        certificate_search(), certificate_revoke(), certificate_export(),
        audit_head(),         audit_note(),         issuer_list(),
        issuer_retire(),      perspective_add(),    perspective_list(),
        perspective_renew(),  perspective_remove(),
    };
    return all;
}

const Operation* find_operation(std::string_view noun, std::string_view verb) {
    const auto all = operations();
    const auto found = std::ranges::find_if(all, [&](const Operation& operation) {
        return operation.noun == noun && operation.verb == verb;
    });
    return found == all.end() ? nullptr : &*found;
}

std::string_view summary_of_noun(std::string_view noun) {
    static const std::map<std::string_view, std::string_view> summaries{
        {"key", "Keys that nobody may use: block them, and look whether they are"},
        {"account", "Accounts of ACME clients: see them, and end what they may do"},
        {"eab", "Keys of external accounts: who may have an account, and for what"},
        {"limit",
         "Rate limits: see them and what is left, set others, and give back what was used"},
        {"audit", "The audit log: check that it is whole, and see who did what"},
        {"issuer", "Issuers (intermediates): make or take another one, see them, and retire one"},
        {"perspective", "Remote network perspectives: enrol one, see them, and remove one"},
        {"crl", "Revocation lists: see how old they are, and have new ones signed"},
        {"order", "Orders of clients: see them, their authorizations and what was seen"},
        {"certificate",
         "Certificates: list and find them, revoke one or many, and have them in PEM"},
        {"renewal", "When clients renew: see it, and have certificates renewed early"},
    };
    const auto summary = summaries.find(noun);
    return summary == summaries.end() ? std::string_view() : summary->second;
}

}  // namespace cairn::admin
