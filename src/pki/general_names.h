#pragma once
// Private to pki: the value of a subjectAltName extension (RFC 5280 section 4.2.1.6).

#include <vector>

#include "asn1/der.h"
#include "base/result.h"
#include "pki/subject_names.h"

namespace cairn::pki {

/// Reads GeneralNames. Errors of single entries are added to `findings`, ten at most.
[[nodiscard]] SubjectNames read_general_names(asn1::Reader& reader,
                                              std::vector<base::Error>& findings);

/// Writes GeneralNames: first the DNS names, then the addresses, then the URIs.
/// Throws std::invalid_argument if there is no name, or one of another kind.
void write_general_names(asn1::Writer& writer, const SubjectNames& names);

/// True if every character is printable ASCII, and none is a space.
[[nodiscard]] bool is_visible_ascii(std::string_view text);

}  // namespace cairn::pki
