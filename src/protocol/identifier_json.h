#pragma once
// Private to the .cpp files of protocol: identifiers within other JSON objects.

#include <expected>
#include <string_view>

#include <boost/json/value.hpp>

#include "protocol/identifier.h"
#include "protocol/json_writer.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// Reads `{"type":…,"value":…}`. The error is malformed, without identifier, if these are not two
/// strings; unsupportedIdentifier for an unknown type; rejectedIdentifier for an impossible value.
[[nodiscard]] std::expected<Identifier, Subproblem> read_identifier(
    const boost::json::value& value);

/// Writes `{"type":…,"value":…}`.
void write_identifier(JsonWriter& writer, std::string_view type, std::string_view value);

}  // namespace cairn::protocol
