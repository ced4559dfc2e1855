#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"
#include "protocol/identifier.h"

namespace cairn::ca {

/// Names and addresses as an operator lists them. An entry is one of
///   "www.example.com"   this name; "*.example.com" this wildcard, and nothing below it
///   ".example.com"      every name below example.com, wildcards included, but not itself
///   "10.0.0.0/8"        every address of this network; "192.0.2.1" this one
class NameList {
  public:
    /// More entries are refused.
    static constexpr std::size_t most_entries = 100'000;

    NameList() = default;
    /// Reads entries. The error names the first that is none.
    [[nodiscard]] static base::Result<NameList> of(std::span<const std::string> entries);

    /// Whether an entry is for exactly this name or address, or for all below which it lies.
    [[nodiscard]] bool contains(const protocol::Identifier& identifier) const;
    /// The same, and also true for a wildcard that stands for a name of the list: "*.example.com"
    /// touches "www.example.com".
    [[nodiscard]] bool touches(const protocol::Identifier& identifier) const;
    [[nodiscard]] bool is_empty() const { return entries_.empty(); }
    /// As they were written, in their order.
    [[nodiscard]] const std::vector<std::string>& entries() const { return entries_; }
    friend bool operator==(const NameList& left, const NameList& right) {
        return left.entries_ == right.entries_;
    }

  private:
    base::Result<void> add(const std::string& entry);

    std::vector<std::string> entries_;
    /// Names and wildcards, as `Identifier::value` has them.
    std::set<std::string, std::less<>> names_;
    /// Without the dot in front.
    std::set<std::string, std::less<>> suffixes_;
    std::vector<base::IpNetwork> networks_;
};

/// What somebody may have certificates for: all that `allow` lists, or everything if it lists
/// nothing, but nothing that `deny` touches.
struct NameRules {
    NameList allow, deny;

    enum class Verdict { allowed, not_listed, denied };
    [[nodiscard]] Verdict judge(const protocol::Identifier& identifier) const;
    [[nodiscard]] bool are_empty() const { return allow.is_empty() && deny.is_empty(); }
    friend bool operator==(const NameRules&, const NameRules&) = default;
};

/// Whether `name` is `zone` or lies below it; both in lower case, without a final dot.
[[nodiscard]] bool is_at_or_below(std::string_view name, std::string_view zone);

}  // namespace cairn::ca
