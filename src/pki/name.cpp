#include "pki/name.h"

#include <algorithm>

#include "asn1/object_id.h"

namespace cairn::pki {
namespace {

/// A RelativeDistinguishedName of one attribute.
void write_attribute(asn1::Writer& writer, base::BytesView type, std::string_view value) {
    if (value.empty()) return;
    writer.nested(asn1::tag::set, [&] {
        writer.nested(asn1::tag::sequence, [&] {
            writer.element(asn1::tag::object_identifier, type);
            writer.element(asn1::tag::utf8_string, value);
        });
    });
}

}  // namespace

std::vector<asn1::Element> read_common_names(asn1::Reader& reader, std::string_view what) {
    std::vector<asn1::Element> common_names;
    asn1::Reader name = reader.inside(asn1::tag::sequence, what);
    while (!name.at_end()) {
        asn1::Reader part = name.inside(asn1::tag::set, what);
        do {
            asn1::Reader attribute = part.inside(asn1::tag::sequence, what);
            const asn1::Element type = attribute.element(asn1::tag::object_identifier, what);
            const asn1::Element value = attribute.element(what);
            attribute.end(what);
            if (std::ranges::equal(type.content, asn1::oid::common_name))
                common_names.push_back(value);
        } while (!part.at_end());
    }
    return common_names;
}

void write_name(asn1::Writer& writer, std::string_view organization, std::string_view common_name) {
    writer.nested(asn1::tag::sequence, [&] {
        write_attribute(writer, asn1::oid::organization, organization);
        write_attribute(writer, asn1::oid::common_name, common_name);
    });
}

}  // namespace cairn::pki
