#include "client/dns/provider.h"

#include <algorithm>
#include <deque>
#include <mutex>

#include <fmt/format.h>

#include "base/nearest_word.h"
#include "client/dns/acme_sh.h"
#include "client/dns/recipe.h"
#include "client/dns/record_place.h"
#include "client/failure.h"

namespace cairn::client {
namespace providers {

// Each file of providers/ has one function that makes its row.
#define CAIRN_PROVIDER(name) ProviderKind name();
#include "client/dns/providers.list"
#undef CAIRN_PROVIDER

}  // namespace providers

std::string TxtRecord::relative_name() const {
    if (name == zone) return "@";
    return name.substr(0, name.size() - zone.size() - 1);
}

namespace {

std::string parent_of(const std::string& name) {
    const auto dot = name.find('.');
    return dot == std::string::npos ? std::string() : name.substr(dot + 1);
}

}  // namespace

RecordPlace place_at_provider(RecordPlaces& places, const std::string& name, DnsProvider& provider,
                              const ProviderKind& kind) {
    RecordPlace place;
    try {
        place = places.find(name);
    } catch (const Failure&) {
        // Nobody can be asked for the zone, but whoever keeps it knows it.
        for (auto zone = name; !zone.empty(); zone = parent_of(zone))
            if (provider.has_zone(zone).value_or(false)) return {name, zone, {}};
        throw;
    }
    for (auto zone = place.zone; !zone.empty(); zone = parent_of(zone)) {
        if (!provider.has_zone(zone).value_or(true)) continue;
        place.zone = zone;
        return place;
    }
    throw Failure({fmt::format("change the record {}", place.name), Phase::challenge},
                  fmt::format("{} has no zone {} in this account", kind.title, place.zone),
                  "are these the credentials of the account that has the zone? `cairn dns test` "
                  "tries them.");
}

const std::vector<ProviderKind>& provider_kinds() {
    static const auto kinds = [] {
        std::vector<ProviderKind> all = {
#define CAIRN_PROVIDER(name) providers::name(),
#include "client/dns/providers.list"
#undef CAIRN_PROVIDER
        };
        for (auto& kind : shipped_recipes()) all.push_back(std::move(kind));
        std::ranges::sort(all, {}, &ProviderKind::name);
        return all;
    }();
    return kinds;
}

namespace {

/// Solvers that were made before go on with what they have.
const ProviderKind* kept_for_good(ProviderKind kind) {
    static std::mutex mutex;
    static std::deque<ProviderKind> kept;
    const std::scoped_lock lock(mutex);
    return &kept.emplace_back(std::move(kind));
}

}  // namespace

base::Result<const ProviderKind*> find_provider_kind(std::string_view name,
                                                     const std::filesystem::path& settings_folder) {
    if (auto own = own_recipe(settings_folder, name)) {
        if (!*own) return std::unexpected(own->error());
        return kept_for_good(std::move(**own));
    }
    const auto& kinds = provider_kinds();
    const auto found = std::ranges::find(kinds, name, &ProviderKind::name);
    if (found != kinds.end()) return &*found;
    if (auto script = acme_sh_kind(name)) return kept_for_good(std::move(*script));
    if (name.starts_with("dns_"))
        return base::fail(
            fmt::format("there is no DNS provider \"{}\"; {}{} is acme.sh's script of this name",
                        base::printable(name), acme_sh_prefix, base::printable(name)));
    std::vector<std::string> names;
    for (const auto& kind : kinds) names.push_back(kind.name);
    const auto nearest = base::nearest_word(name, names);
    return base::fail(fmt::format("there is no DNS provider \"{}\"{}; `cairn dns list` has all",
                                  base::printable(name),
                                  nearest ? fmt::format(", did you mean {}?", *nearest) : ""));
}

}  // namespace cairn::client
