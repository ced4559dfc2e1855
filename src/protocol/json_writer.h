#pragma once
// For .cpp files alone: how JSON texts are written.

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"

namespace cairn::protocol {

/// Writes one JSON value by appending to a string, without white space. It writes commas itself;
/// the caller must match begins and ends.
class JsonWriter {
  public:
    /// Most texts of ACME fit into the memory that is reserved at the start.
    JsonWriter() { text_.reserve(512); }
    void begin_object();
    void end_object();
    void begin_array();
    void end_array();

    /// The name of the member whose value comes next.
    void name(std::string_view name);
    void value(std::string_view text);
    void value(std::same_as<bool> auto boolean) { raw(boolean ? "true" : "false"); }
    void value(std::signed_integral auto number) { raw(std::to_string(number)); }
    void value(base::Time time);
    void value(const std::vector<std::string>& texts);
    /// A value that is JSON text already.
    void raw(std::string_view json);

    template <class T>
    void member(std::string_view its_name, const T& its_value) {
        name(its_name);
        value(its_value);
    }
    /// Leaves the member out if it has no value: an empty string or array, no time.
    void optional_member(std::string_view its_name, std::string_view text);
    void optional_member(std::string_view its_name, const std::vector<std::string>& texts);
    void optional_member(std::string_view its_name, const std::optional<base::Time>& time);

    /// What was written.
    [[nodiscard]] std::string take() { return std::move(text_); }

  private:
    void separate();
    std::string text_;
    bool comma_is_due_ = false;
};

}  // namespace cairn::protocol
