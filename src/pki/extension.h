#pragma once
// Private to pki: extensions of certificates and requests (RFC 5280 section 4.1.2.9).

#include <concepts>
#include <optional>
#include <string_view>
#include <vector>

#include "asn1/der.h"

namespace cairn::pki {

enum class Criticality { non_critical, critical };

/// One extension as it is encoded.
struct ExtensionView {
    base::BytesView object_id;
    Criticality criticality = Criticality::non_critical;
    /// The content of extnValue.
    base::BytesView value;
};

/// Reads a SEQUENCE of extensions.
[[nodiscard]] std::vector<ExtensionView> read_extensions(asn1::Reader& reader);

/// The value of the only extension with this object identifier, checked to be DER; nothing if
/// there is none. Fails the reading if there are several, or if the value is not DER.
[[nodiscard]] std::optional<base::BytesView> sole_value(
    const std::vector<ExtensionView>& extensions, base::BytesView object_id, std::string_view what,
    asn1::Failure& failure);

/// Calls `read` with a reader of the only extension with this object identifier, if there is one,
/// and fails the reading if it leaves anything unread.
template <std::invocable<asn1::Reader&> Read>
void read_value(const std::vector<ExtensionView>& extensions, base::BytesView object_id,
                std::string_view what, asn1::Failure& failure, const Read& read) {
    const auto value = sole_value(extensions, object_id, what, failure);
    if (!value) return;
    asn1::Reader reader(*value, failure);
    read(reader);
    reader.end(what);
}

/// Writes an extension whose value is what `write_value` writes.
template <std::invocable WriteValue>
void write_extension(asn1::Writer& writer, base::BytesView object_id, Criticality criticality,
                     const WriteValue& write_value) {
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(asn1::tag::object_identifier, object_id);
        if (criticality == Criticality::critical) writer.flag_true();
        writer.nested(asn1::tag::octet_string, write_value);
    });
}

}  // namespace cairn::pki
