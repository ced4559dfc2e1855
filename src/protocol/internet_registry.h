#pragma once

#include <optional>
#include <string_view>

#include "base/enum_table.h"

namespace cairn::protocol {

/// The Regional Internet Registries, in whose service regions network perspectives stand (Baseline
/// Requirements section 3.2.2.9).
enum class InternetRegistry { afrinic, apnic, arin, lacnic, ripe };

/// As configurations name them.
inline constexpr base::EnumTable<InternetRegistry, std::string_view> internet_registry_names({
    {InternetRegistry::afrinic, "AFRINIC"},
    {InternetRegistry::apnic, "APNIC"},
    {InternetRegistry::arin, "ARIN"},
    {InternetRegistry::lacnic, "LACNIC"},
    {InternetRegistry::ripe, "RIPE"},
});

/// "AFRINIC", "APNIC", "ARIN", "LACNIC", "RIPE".
[[nodiscard]] constexpr std::string_view to_string(InternetRegistry registry) {
    return internet_registry_names[registry];
}
/// The reverse; nothing for any other text.
[[nodiscard]] constexpr std::optional<InternetRegistry> internet_registry_from(
    std::string_view text) {
    return internet_registry_names.find(text);
}

}  // namespace cairn::protocol
