#pragma once

#include <cstddef>

namespace cairn::apps {

/// How the descriptors of the process are shared, so that no use of them starves another:
/// validations and operators' connections have shares that connections of clients cannot use up.
struct DescriptorShares {
    std::size_t connections;           ///< of clients
    std::size_t operator_connections;  ///< of the listener for operators
    std::size_t validations;           ///< carried out at once
};

/// Shares out `limit` descriptors, of which the store wants `store` for connections to a database;
/// each validation also asks so many remote `perspectives`. What it does not give away is for
/// listeners, files, libraries and the log.
[[nodiscard]] DescriptorShares share_descriptors(std::size_t limit, std::size_t store,
                                                 std::size_t perspectives = 0);

}  // namespace cairn::apps
