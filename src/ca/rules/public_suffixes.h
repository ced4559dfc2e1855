#pragma once

#include <memory>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"

namespace cairn::ca {

/// The public suffix list (https://publicsuffix.org), of which the ICANN section alone is looked
/// at: the domains under which registries sell names. It is that of the system's package where that
/// is newer than the one compiled into libpsl. Thread-safe.
class PublicSuffixes {
  public:
    /// Throws std::runtime_error if libpsl has no list.
    PublicSuffixes();
    ~PublicSuffixes();
    PublicSuffixes(PublicSuffixes&&) noexcept;

    /// Whether `name` (lower-case A-labels) is a public suffix. A top-level domain that the list
    /// does not have is none: it is somebody's own.
    [[nodiscard]] bool is_public_suffix(const std::string& name) const;
    /// The public suffix of `name` with one label more, the domain that somebody registered:
    /// "example.co.uk" of "a.b.example.co.uk". `name` itself if it is a suffix, or if the list has
    /// no rule for its top-level domain.
    [[nodiscard]] std::string registered_domain(const std::string& name) const;

  private:
    struct List;
    std::unique_ptr<List> list_;
};

/// Reads the top-level domains from the text that IANA publishes as tlds-alpha-by-domain.txt: one
/// in each line, in any case; lines that begin with # do not count. In lower case. The error names
/// the line that is none; a file without any is an error, too.
[[nodiscard]] base::Result<std::set<std::string, std::less<>>> read_top_level_domains(
    std::string_view text);

}  // namespace cairn::ca
