#pragma once

#include <filesystem>
#include <memory>

#include "apps/ca/configuration.h"
#include "ca/rules/policy.h"
#include "crypto/weak_keys.h"

namespace cairn::apps {

/// The policy of names that `configuration` has, with the file of top-level domains that it names,
/// relative to `folder` or absolute. Throws std::runtime_error naming the file that is wrong.
[[nodiscard]] ca::NamePolicy load_name_policy(const Configuration& configuration,
                                              const std::filesystem::path& folder);
/// The keys of the files of `policy.weak_keys`; null if there is none. Throws likewise.
[[nodiscard]] std::shared_ptr<const crypto::WeakKeys> load_weak_keys(
    const Configuration& configuration, const std::filesystem::path& folder);

}  // namespace cairn::apps
