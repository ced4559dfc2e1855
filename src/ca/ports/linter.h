#pragma once

#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/task.h"

namespace cairn::ca {

/// The port to a judge of certificates outside of this program, asked before each is signed for an
/// order, after the CA's own lint (BR 4.3.1.2). Thread-safe.
class Linter {
  public:
    virtual ~Linter() = default;
    /// What is wrong with a certificate, in its own words, or nothing. `certificate` is the DER of
    /// one whose signature is of another key than the issuer's, and so worth nothing. A judge that
    /// cannot be asked, or does not answer in time, has found something wrong. The task gives the
    /// executor back while it waits.
    [[nodiscard]] virtual base::Task<std::optional<std::string>> finding(
        base::Bytes certificate) = 0;
};

}  // namespace cairn::ca
