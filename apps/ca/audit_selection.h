#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include <boost/json/object.hpp>

#include "base/clock.h"

namespace cairn::apps {

/// Which lines of an audit log are to be shown: those that name one of these, and, over several
/// passes, those that belong to it: an order leads to its authorizations and its certificate, an
/// account to its orders.
class AuditSelection {
  public:
    struct Wanted {
        std::string request{}, account{}, order{}, authorization{}, serial{};
        /// An event, or its first word: "order.create", "order".
        std::string event{};
        /// Both ends belong to it.
        std::optional<base::Time> since{}, until{};
    };
    explicit AuditSelection(Wanted wanted);

    /// Whether lines have to be looked at before: each line `passes` times.
    [[nodiscard]] int passes() const;
    /// Learns which objects belong to what is wanted.
    void look_at(const boost::json::object& line);
    /// Whether the line is to be shown. In the order of the lines.
    [[nodiscard]] bool has(const boost::json::object& line);

  private:
    /// Whether no object is named.
    [[nodiscard]] bool is_any() const;
    [[nodiscard]] bool names_wanted(const boost::json::object& line) const;

    Wanted wanted_;
    std::set<std::string, std::less<>> requests_, accounts_, orders_, authorizations_, serials_;
    /// Numbers of lines that were shown, which others tell of.
    std::set<std::uint64_t> shown_;
};

}  // namespace cairn::apps
