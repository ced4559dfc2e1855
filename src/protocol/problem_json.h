#pragma once
// Private to the .cpp files of protocol: problem documents within other JSON objects.

#include <boost/json/object.hpp>

#include "protocol/json_writer.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// Reads a problem document. Members of the wrong type count as missing (RFC 9457 section 3.1), so
/// every JSON object can be read.
[[nodiscard]] Problem read_problem(const boost::json::object& object);

void write_problem(JsonWriter& writer, const Problem& problem);

}  // namespace cairn::protocol
