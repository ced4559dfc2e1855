#pragma once

#include <stdexcept>

namespace cairn::store {

/// Another process of this machine uses the store, or the audit log: a server, or an operator's
/// command, which ends soon. The text says which.
class InUse : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace cairn::store
