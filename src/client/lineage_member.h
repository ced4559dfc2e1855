#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "client/certificate_plan.h"
#include "client/state_directory.h"
#include "crypto/key.h"

namespace cairn::client {

/// One of the certificates of a lineage, of which there is one for each key type of the plan. That
/// for the first type has plain file names, "fullchain.pem"; that for a further one has its type in
/// them: "fullchain-rsa2048.pem".
struct LineageMember {
    /// The first, unless a further key type is named. Implicit: most lineages have only that.
    LineageMember(LineageName lineage_name,
                  std::optional<crypto::KeyType> further_type = std::nullopt)
        : lineage(std::move(lineage_name)), further(further_type) {}

    LineageName lineage;
    /// None: it is the first.
    std::optional<crypto::KeyType> further;

    /// "" for the first, else "-rsa2048".
    [[nodiscard]] std::string suffix() const;
    /// The type of its key, as `plan` says.
    [[nodiscard]] crypto::KeyType key_type(const CertificatePlan& plan) const {
        return further.value_or(plan.key_types.front());
    }
    friend bool operator==(const LineageMember&, const LineageMember&) = default;
};

/// True if both plans want this certificate and the same of it, whichever CA they ask, whoever
/// proves control of its names, and whatever is done with it.
[[nodiscard]] bool asks_for_the_same(const CertificatePlan& one, const CertificatePlan& other,
                                     const LineageMember& member);

/// The certificates that `plan` wants for the lineage, the first one first.
[[nodiscard]] std::vector<LineageMember> planned_members(const LineageName& lineage,
                                                         const CertificatePlan& plan);
/// All that a lineage can have, the first one first.
[[nodiscard]] std::vector<LineageMember> possible_members(const LineageName& lineage);

}  // namespace cairn::client
