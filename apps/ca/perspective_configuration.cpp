#include "apps/ca/perspective_configuration.h"

#include <algorithm>
#include <set>

#include "net/url.h"
#include "va/enrolment_message.h"
#include "va/open_mpic_response.h"

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

Configuration::OpenMpicService read_service(base::TomlSection section) {
    Configuration::OpenMpicService service;
    section.take("name", service.name);
    if (!va::is_perspective_name(service.name))
        section.find("name",
                     "must be 1 to 40 lower-case letters, digits and inner hyphens, and not local");
    service.endpoint = read_open_mpic_endpoint(section);
    auto perspectives = section.section("perspectives");
    for (const auto& code : perspectives.keys()) {
        auto& seat = service.perspectives.emplace_back();
        seat.code = code;
        if (!va::is_open_mpic_code(code))
            perspectives.find(code, "must be the code of a perspective: letters, digits and -_.:");
        read_region(perspectives, code, seat.region);
    }
    if (service.perspectives.empty())
        section.find("perspectives",
                     "must name the perspectives of the service, each with its region: "
                     "{ us-east-2 = \"ARIN\" }");
    perspectives.report_unknown();
    section.report_unknown();
    return service;
}

// The tables of a list, each as a section.
std::vector<base::TomlSection> tables_at(base::TomlSection& top, const std::string& key) {
    std::vector<base::TomlSection> tables;
    const auto* node = top.node_at(key);
    const auto* list = node == nullptr ? nullptr : node->as_array();
    bool is_list_of_tables = node == nullptr || list != nullptr;
    for (std::size_t i = 0; list != nullptr && i < list->size(); ++i) {
        const auto* table = list->get(i)->as_table();
        if (table != nullptr)
            tables.push_back(top.section_of(*table, key));
        else
            is_list_of_tables = false;
    }
    if (!is_list_of_tables) top.find(key, "must be written as [[" + key + "]], once for each");
    return tables;
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

std::vector<protocol::InternetRegistry> Configuration::remote_regions() const {
    std::vector<protocol::InternetRegistry> regions;
    for (const auto& perspective : perspectives) regions.push_back(perspective.region);
    for (const auto& service : open_mpic)
        for (const auto& seat : service.perspectives) regions.push_back(seat.region);
    return regions;
}

void read_perspectives(base::TomlSection& top, ca::PolicyKind kind, Configuration& configuration) {
    std::set<std::string> names;
    const auto require_new = [&](const std::string& key, const std::string& name) {
        if (!names.insert(name).second) top.find(key, "must not be there twice: " + name);
    };
    for (auto& section : tables_at(top, "perspective")) {
        configuration.perspectives.push_back(read_perspective(std::move(section)));
        require_new("perspective.name", configuration.perspectives.back().name);
    }
    for (auto& section : tables_at(top, "open_mpic")) {
        configuration.open_mpic.push_back(read_service(std::move(section)));
        require_new("open_mpic.name", configuration.open_mpic.back().name);
    }
    if (configuration.remote_regions().size() > most_perspectives)
        top.find("perspective", "and open_mpic.perspectives must not name more than " +
                                    std::to_string(most_perspectives) + " in all");
    read_quorum(top.section("quorum"), kind, configuration);
}

}  // namespace cairn::apps
