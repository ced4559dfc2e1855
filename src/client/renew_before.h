#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "base/clock.h"
#include "base/result.h"

namespace cairn::client {

/// How long before its end a certificate is to be renewed, as somebody has said it: a duration, or
/// a share of the certificate's life.
class RenewBefore {
  public:
    /// Reads "30d" or "12h" (`base::duration_from`), "1/3" or "0.33": a share is more than nothing
    /// and less than all.
    [[nodiscard]] static base::Result<RenewBefore> from_text(std::string_view text);
    /// As it was said.
    [[nodiscard]] const std::string& text() const { return text_; }
    /// How long before the end of a certificate that lives for `lifetime` it is renewed. Where more
    /// than nine tenths of the life would be left, half of it: a new certificate must not be due at
    /// once.
    [[nodiscard]] base::Seconds reserve_of(base::Seconds lifetime) const;
    friend bool operator==(const RenewBefore&, const RenewBefore&) = default;

  private:
    struct Share {
        std::int64_t part = 0;
        std::int64_t whole = 1;
        friend bool operator==(const Share&, const Share&) = default;
    };
    [[nodiscard]] static base::Result<Share> share_from(std::string_view text);
    RenewBefore(std::string text, std::variant<base::Seconds, Share> length)
        : text_(std::move(text)), length_(length) {}
    std::string text_;
    std::variant<base::Seconds, Share> length_;
};

}  // namespace cairn::client
