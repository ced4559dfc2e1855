#include "pki/name.h"

#include <algorithm>

#include "pki/object_id.h"

namespace cairn::pki {
namespace {

/// A RelativeDistinguishedName of one attribute.
void write_attribute(der::Writer& writer, base::BytesView type, std::string_view value) {
    if (value.empty()) return;
    writer.nested(der::tag::set, [&] {
        writer.nested(der::tag::sequence, [&] {
            writer.element(der::tag::object_identifier, type);
            writer.element(der::tag::utf8_string, value);
        });
    });
}

}  // namespace

std::vector<der::Element> read_common_names(der::Reader& reader, std::string_view what) {
    std::vector<der::Element> common_names;
    der::Reader name = reader.inside(der::tag::sequence, what);
    while (!name.at_end()) {
        der::Reader part = name.inside(der::tag::set, what);
        do {
            der::Reader attribute = part.inside(der::tag::sequence, what);
            const der::Element type = attribute.element(der::tag::object_identifier, what);
            const der::Element value = attribute.element(what);
            attribute.end(what);
            if (std::ranges::equal(type.content, oid::common_name)) common_names.push_back(value);
        } while (!part.at_end());
    }
    return common_names;
}

void write_name(der::Writer& writer, std::string_view organization, std::string_view common_name) {
    writer.nested(der::tag::sequence, [&] {
        write_attribute(writer, oid::organization, organization);
        write_attribute(writer, oid::common_name, common_name);
    });
}

}  // namespace cairn::pki
