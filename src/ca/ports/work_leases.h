#pragma once

#include <string>

#include "base/task.h"

namespace cairn::ca {

/// The port through which nodes agree which of them does a piece of work that one of them has to
/// do: the one that holds the lease of that work. A store that one process uses alone gives every
/// lease at once.
///
/// Two nodes may believe for a moment to hold the same lease, where the database has lost the lease
/// or its clock was set. So the work itself must do no harm when it is done twice at once: what it
/// writes has its condition in the write.
class WorkLeases {
  public:
    virtual ~WorkLeases() = default;

    struct Lease {
        enum class Holder { this_node, another };
        Holder holder;
        /// How long the lease has to go, counted from when the store was asked: this node's ends no
        /// sooner, another's no later, unless that one renews it. Not negative.
        base::Milliseconds left;
    };
    /// Leases the work of this name to this node for `duration`, or renews its lease, unless
    /// another node holds it. The name has 1 to 100 octets.
    [[nodiscard]] virtual base::Task<Lease> try_lease(std::string work,
                                                      base::Milliseconds duration) = 0;
    /// Ends the lease, if this node holds it, so that another node need not wait for its end. A
    /// node that closes its store in good order ends all that it holds.
    [[nodiscard]] virtual base::Task<void> release(std::string work) = 0;
};

}  // namespace cairn::ca
