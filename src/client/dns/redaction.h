#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace cairn::client {

/// Takes secrets out of texts before anybody sees them. Thread-safe.
class Redaction {
  public:
    /// `secret` is taken out from now on, also as URLs, JSON and base64 write it. One of fewer than
    /// four characters would be found everywhere, and is no secret.
    void add(std::string_view secret);
    /// The text with "[secret]" in the place of each.
    [[nodiscard]] std::string operator()(std::string text) const;

  private:
    mutable std::mutex mutex_;
    /// The longest first, since one may be a part of another.
    std::vector<std::string> secrets_;
};

}  // namespace cairn::client
