#include "pki/extension.h"

#include <algorithm>
#include <string>

namespace cairn::pki {

std::vector<ExtensionView> read_extensions(asn1::Reader& reader) {
    std::vector<ExtensionView> extensions;
    asn1::Reader list = reader.inside(asn1::tag::sequence, "the extensions");
    while (!list.at_end()) {
        asn1::Reader parts = list.inside(asn1::tag::sequence, "an extension");
        ExtensionView extension;
        extension.object_id =
            parts.element(asn1::tag::object_identifier, "an extension's identifier").content;
        if (parts.flag("an extension's criticality")) {
            extension.criticality = Criticality::critical;
        }
        extension.value = parts.element(asn1::tag::octet_string, "an extension's value").content;
        parts.end("an extension");
        extensions.push_back(extension);
    }
    return extensions;
}

std::optional<base::BytesView> sole_value(const std::vector<ExtensionView>& extensions,
                                          base::BytesView object_id, std::string_view what,
                                          asn1::Failure& failure) {
    const auto has_id = [&](const ExtensionView& extension) {
        return std::ranges::equal(extension.object_id, object_id);
    };
    const auto found = std::ranges::find_if(extensions, has_id);
    if (found == extensions.end() || failure) return std::nullopt;
    if (std::find_if(found + 1, extensions.end(), has_id) != extensions.end()) {
        failure.emplace(std::string(what) + " is there more than once");
        return std::nullopt;
    }
    if (const auto sound = asn1::check(found->value); !sound) {
        failure = sound.error().within(what);
        return std::nullopt;
    }
    return found->value;
}

}  // namespace cairn::pki
