#include "apps/ca/policy_files.h"

#include <stdexcept>

#include "apps/command_line/files.h"

namespace cairn::apps {

namespace {

// Debian's longest list of weak keys has less than 10 MiB.
constexpr std::size_t longest_key_file = std::size_t{256} << 20U;

}  // namespace

ca::NamePolicy load_name_policy(const Configuration& configuration,
                                const std::filesystem::path& folder) {
    const auto& policy = configuration.policy;
    ca::NamePolicy::Choices choices{.internal_names = policy.internal_names,
                                    .networks = configuration.validation.allow_networks,
                                    .private_suffixes = policy.private_suffixes,
                                    .kind = policy.kind,
                                    .top_level_domains = {},
                                    .names = policy.names};
    if (!policy.top_level_domains.empty()) {
        const auto path = folder / policy.top_level_domains;
        auto domains = ca::read_top_level_domains(read_file(path));
        if (!domains)
            throw std::runtime_error("policy.top_level_domains: " + path.string() + ": " +
                                     domains.error().message);
        choices.top_level_domains = *std::move(domains);
    }
    return ca::NamePolicy(std::move(choices));
}

std::shared_ptr<const crypto::WeakKeys> load_weak_keys(const Configuration& configuration,
                                                       const std::filesystem::path& folder) {
    const auto& files = configuration.policy.weak_keys;
    if (files.empty()) return nullptr;
    auto keys = std::make_shared<crypto::WeakKeys>();
    for (const auto& file : files) {
        const auto path = folder / file;
        if (const auto added = keys->add(read_file(path, longest_key_file)); !added)
            throw std::runtime_error("policy.weak_keys: " + path.string() + ": " +
                                     added.error().message);
    }
    return keys;
}

}  // namespace cairn::apps
