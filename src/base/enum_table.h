#pragma once
// Tables over enumerations that the compiler checks: every enumerator has one row (ADR 30).

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cairn::base {

namespace enum_reflection {

/// Enumerators are looked for among the numbers from 0 up to this one, itself left out.
inline constexpr std::size_t numbers = 64;

/// Whether a value of an enumeration has a name. The compiler writes a value that has one as
/// "Color::red", and any other as "(Color)7". (The text of std::source_location would be standard,
/// but g++ 12 leaves the template's argument out there.)
template <auto value>
[[nodiscard]] consteval bool is_named() {
    constexpr std::string_view text = __PRETTY_FUNCTION__;
    constexpr auto is_of_name = [](char c) {
        return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
               (c >= 'A' && c <= 'Z');
    };
    std::size_t start = text.size() - 1;  // at the bracket behind the value
    while (is_of_name(text[start - 1])) --start;
    return text[start] < '0' || text[start] > '9';
}

template <class Enum, std::size_t... number>
[[nodiscard]] consteval auto list(std::index_sequence<number...>) {
    constexpr std::array<bool, sizeof...(number)> named{is_named<static_cast<Enum>(number)>()...};
    std::array<Enum, std::ranges::count(named, true)> all{};
    std::size_t count = 0;
    for (std::size_t i = 0; i < named.size(); ++i)
        if (named[i]) all[count++] = static_cast<Enum>(i);
    return all;
}

enum class Probe { first, third = 2 };
static_assert(is_named<Probe::first>() && !is_named<Probe(1)>() && is_named<Probe(2)>(),
              "this compiler does not tell enumerators from other numbers");

}  // namespace enum_reflection

/// All enumerators of `Enum`, in the order of their numbers, which lie between 0 and 63.
template <class Enum>
    requires std::is_enum_v<Enum>
inline constexpr auto enumerators =
    enum_reflection::list<Enum>(std::make_index_sequence<enum_reflection::numbers>());

/// The place of `value` among the enumerators; their count if it is none.
template <class Enum>
[[nodiscard]] constexpr std::size_t position_of(Enum value) {
    constexpr auto& all = enumerators<Enum>;
    if constexpr (static_cast<std::size_t>(all.back()) + 1 == all.size()) {
        return std::min(static_cast<std::size_t>(value), all.size());
    } else {
        return static_cast<std::size_t>(std::ranges::find(all, value) - all.begin());
    }
}

/// The enumerator with this number, if there is one.
template <class Enum>
[[nodiscard]] constexpr std::optional<Enum> enumerator_from(std::int64_t number) {
    for (const Enum value : enumerators<Enum>) {
        if (static_cast<std::int64_t>(value) == number) return value;
    }
    return std::nullopt;
}

namespace enum_reflection {

/// Has no definition for the compiler to call: where it would have to, it says so.
void an_enumerator_has_no_row_or_several();

/// The compiler's message shows the enumerator, as the argument of this template.
template <auto enumerator>
constexpr void require_one_row(std::ptrdiff_t rows) {
    if (rows != 1) an_enumerator_has_no_row_or_several();
}

}  // namespace enum_reflection

/// A constant with a value for each enumerator of `Enum`:
///
///     constexpr EnumTable<Color, std::string_view> words({{Color::red, "red"}, ...});
///
/// A table in which an enumerator has no row, or two, does not compile. The order of the rows does
/// not matter.
template <class Enum, class Value>
class EnumTable {
  public:
    struct Row {
        Enum key;
        Value value;
    };

    template <std::size_t count>
    consteval explicit EnumTable(const Row (&rows)[count]) {
        [&]<std::size_t... place>(std::index_sequence<place...>) {
            (enum_reflection::require_one_row<enumerators<Enum>[place]>(
                 std::ranges::count(rows, enumerators<Enum>[place], &Row::key)),
             ...);
        }(std::make_index_sequence<enumerators<Enum>.size()>());
        for (const Row& row : rows) values_.at(position_of(row.key)) = row.value;
    }

    /// Throws std::out_of_range for a number that is no enumerator.
    [[nodiscard]] constexpr const Value& operator[](Enum key) const {
        return values_.at(position_of(key));
    }

    /// The first enumerator whose value is `wanted`, as `projection` shows it.
    template <class Wanted, class Projection = std::identity>
    [[nodiscard]] constexpr std::optional<Enum> find(const Wanted& wanted,
                                                     Projection projection = {}) const {
        const auto found = std::ranges::find(values_, wanted, projection);
        if (found == values_.end()) return std::nullopt;
        return enumerators<Enum>[static_cast<std::size_t>(found - values_.begin())];
    }

    /// The values in the order of the enumerators.
    [[nodiscard]] constexpr const auto& values() const { return values_; }

  private:
    std::array<Value, enumerators<Enum>.size()> values_{};
};

/// What `projection` shows of the values as a list for people: "red, green, blue".
template <class Enum, class Value, class Projection = std::identity>
[[nodiscard]] std::string listed(const EnumTable<Enum, Value>& table, Projection projection = {}) {
    std::string list;
    for (const Value& value : table.values()) {
        if (!list.empty()) list += ", ";
        list += std::invoke(projection, value);
    }
    return list;
}

}  // namespace cairn::base
