#pragma once

#include <stdexcept>

namespace cairn::crypto {

/// A key that is kept outside of this process, in a token or a TPM, cannot be got at now: the
/// device is away, busy, full or locked. The same may succeed later, or once somebody has mended
/// it. The message says what was asked of what, and what came back; never a secret.
class KeyUnavailable : public std::runtime_error {
  public:
    using std::runtime_error::runtime_error;
};

}  // namespace cairn::crypto
