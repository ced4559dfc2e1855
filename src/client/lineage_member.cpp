#include "client/lineage_member.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/enum_table.h"

namespace cairn::client {

std::string LineageMember::suffix() const {
    return further ? fmt::format("-{}", crypto::to_string(*further)) : std::string();
}

bool asks_for_the_same(const CertificatePlan& one, const CertificatePlan& other,
                       const LineageMember& member) {
    const auto is_wanted_by = [&](const CertificatePlan& plan) {
        const auto planned = planned_members(member.lineage, plan);
        return std::ranges::find(planned, member) != planned.end();
    };
    return is_wanted_by(one) && is_wanted_by(other) &&
           member.key_type(one) == member.key_type(other) && one.key_reuse == other.key_reuse &&
           one.key_store == other.key_store && one.profile == other.profile &&
           one.account == other.account && one.csr == other.csr &&
           sorted_values(one.identifiers()) == sorted_values(other.identifiers());
}

std::vector<LineageMember> planned_members(const LineageName& lineage,
                                           const CertificatePlan& plan) {
    std::vector<LineageMember> members{lineage};
    for (std::size_t i = 1; i < plan.key_types.size(); ++i)
        members.emplace_back(lineage, plan.key_types[i]);
    return members;
}

std::vector<LineageMember> possible_members(const LineageName& lineage) {
    std::vector<LineageMember> members{lineage};
    for (const auto type : base::enumerators<crypto::KeyType>) members.emplace_back(lineage, type);
    return members;
}

}  // namespace cairn::client
