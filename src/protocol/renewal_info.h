#pragma once

#include <string>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"

namespace cairn::protocol {

/// A RenewalInfo object (RFC 9773 section 4.2): when a certificate is to be renewed.
struct RenewalInfo {
    /// The end is later than the start.
    base::Time start, end;
    /// Why, for people; may be empty.
    std::string explanation_url;

    [[nodiscard]] std::string to_json() const;
    /// Reads a server's object. An explanation that is no text is left out.
    [[nodiscard]] static base::Result<RenewalInfo> from_json(base::BytesView json);
};

}  // namespace cairn::protocol
