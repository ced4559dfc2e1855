#pragma once
// Private to pki: extensions of certificates and requests (RFC 5280 section 4.1.2.9).

#include <concepts>
#include <optional>
#include <string_view>
#include <vector>

#include "pki/der.h"

namespace cairn::pki {

enum class Criticality { non_critical, critical };

/// One extension as it stands in an encoding.
struct ExtensionView {
    base::BytesView object_id;
    Criticality criticality = Criticality::non_critical;
    /// The content of extnValue.
    base::BytesView value;
};

/// Reads a SEQUENCE of extensions.
[[nodiscard]] std::vector<ExtensionView> read_extensions(der::Reader& reader);

/// The value of the only extension with this object identifier, checked to be DER; nothing if
/// there is none. Fails the reading if there are several, or if the value is not DER.
[[nodiscard]] std::optional<base::BytesView> sole_value(
    const std::vector<ExtensionView>& extensions, base::BytesView object_id, std::string_view what,
    der::Failure& failure);

/// Calls `read` with a reader of the only extension with this object identifier, if there is one,
/// and fails the reading if it leaves anything unread.
template <std::invocable<der::Reader&> Read>
void read_value(const std::vector<ExtensionView>& extensions, base::BytesView object_id,
                std::string_view what, der::Failure& failure, const Read& read) {
    const auto value = sole_value(extensions, object_id, what, failure);
    if (!value) return;
    der::Reader reader(*value, failure);
    read(reader);
    reader.end(what);
}

/// Writes an extension whose value is what `write_value` writes.
template <std::invocable WriteValue>
void write_extension(der::Writer& writer, base::BytesView object_id, Criticality criticality,
                     const WriteValue& write_value) {
    writer.nested(der::tag::sequence, [&] {
        writer.element(der::tag::object_identifier, object_id);
        if (criticality == Criticality::critical) writer.flag_true();
        writer.nested(der::tag::octet_string, write_value);
    });
}

}  // namespace cairn::pki
