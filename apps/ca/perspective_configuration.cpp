#include "apps/ca/perspective_configuration.h"

#include <algorithm>
#include <set>

#include "net/url.h"
#include "va/enrolment_message.h"

namespace cairn::apps {

namespace {

using Perspective = Configuration::Perspective;

constexpr std::size_t most_perspectives = 32;

void read_region(base::TomlSection& section, const std::string& key,
                 protocol::InternetRegistry& region) {
    std::string text;
    section.take(key, text);
    if (const auto found = protocol::internet_registry_from(text))
        region = *found;
    else
        section.find(key, "must be one of " + base::listed(protocol::internet_registry_names));
}

void read_url(base::TomlSection& section, Perspective& perspective) {
    section.take("url", perspective.url);
    while (perspective.url.ends_with('/')) perspective.url.pop_back();
    const auto url = net::Url::from_text(perspective.url);
    if (!url || !url->is_https())
        section.find("url", "must be an https URL");
    else if (url->target() != "/")
        section.find("url", "must have no path");
}

Perspective read_perspective(base::TomlSection section) {
    Perspective perspective;
    section.take("name", perspective.name);
    if (!va::is_perspective_name(perspective.name))
        section.find("name",
                     "must be 1 to 40 lower-case letters, digits and inner hyphens, and not local");
    read_url(section, perspective);
    read_region(section, "region", perspective.region);
    section.report_unknown();
    return perspective;
}

void read_quorum(base::TomlSection section, ca::PolicyKind kind, Configuration& configuration) {
    auto& quorum = configuration.quorum;
    if (section.has("dissent")) {
        std::size_t dissent = 0;
        section.take_count("dissent", dissent, 0, static_cast<std::int64_t>(most_perspectives));
        quorum.dissent = dissent;
    } else {
        (void)section.node_at("dissent");
    }
    section.take_count("regions", quorum.regions, 1, 5);
    if (section.is_there() && kind == ca::PolicyKind::public_ca)
        section.find("dissent",
                     "and quorum.regions are of a private CA; a public one's quorum is "
                     "that of the Baseline Requirements (3.2.2.9)");
    section.report_unknown();
}

}  // namespace

void read_perspectives(base::TomlSection& top, ca::PolicyKind kind, Configuration& configuration) {
    const auto* node = top.node_at("perspective");
    const auto* list = node == nullptr ? nullptr : node->as_array();
    if (node != nullptr && list == nullptr)
        top.find("perspective", "must be written as [[perspective]], once for each");
    auto& perspectives = configuration.perspectives;
    std::set<std::string> names;
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        const auto* table = list->get(i)->as_table();
        if (table == nullptr) {
            top.find("perspective", "must be written as [[perspective]], once for each");
            break;
        }
        auto perspective = read_perspective(top.section_of(*table, "perspective"));
        if (!names.insert(perspective.name).second)
            top.find("perspective.name", "must not be there twice: " + perspective.name);
        perspectives.push_back(std::move(perspective));
    }
    if (perspectives.size() > most_perspectives)
        top.find("perspective",
                 "must not be there more than " + std::to_string(most_perspectives) + " times");
    read_quorum(top.section("quorum"), kind, configuration);
}

}  // namespace cairn::apps
