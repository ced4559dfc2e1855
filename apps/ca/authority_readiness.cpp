#include "apps/ca/authority_readiness.h"

#include <map>

namespace cairn::apps {

namespace {

/// The list of each issuer that ends first.
std::map<ca::IssuerId, ca::CrlHead> first_ends(const Authority& authority) {
    std::map<ca::IssuerId, ca::CrlHead> first;
    for (const auto& crl : authority.crls().all()) {
        const auto [found, is_new] = first.try_emplace(crl->list.issuer, crl->head);
        if (!is_new && crl->head.next_update < found->second.next_update) found->second = crl->head;
    }
    return first;
}

}  // namespace

void add_authority(const Authority& authority, ReadinessFacts& facts) {
    const auto first = first_ends(authority);
    for (const auto& issuer : authority.issuers().all()) {
        if (issuer.use().active)
            facts.certificates.push_back({ReadinessFacts::Certificate::Role::issuer, issuer.name(),
                                          issuer.validity().not_before, issuer.validity().not_after,
                                          authority.longest_life(issuer, facts.now)});
        if (const auto found = first.find(issuer.id()); found != first.end())
            facts.crls.push_back(
                {issuer.name(), found->second.this_update, found->second.next_update});
    }
}

}  // namespace cairn::apps
