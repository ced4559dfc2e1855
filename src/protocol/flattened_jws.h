#pragma once
// Private to the .cpp files of protocol: the form that requests and external account bindings
// share.

#include <string>

#include <boost/json/object.hpp>

#include "base/bytes.h"
#include "protocol/json.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// The parts of a JWS in flattened JSON serialization (RFC 7515 section 7.2.2).
struct FlattenedJws {
    /// The protected header, which has no `crit` and no `b64`; in the memory that the caller gave.
    boost::json::object header;
    /// As received: protected "." payload.
    std::string signing_input;
    base::Bytes payload;
    base::Bytes signature;
};

/// Reads the serialization and does not interpret the header. Every error is malformed.
[[nodiscard]] OrProblem<FlattenedJws> read_flattened_jws(base::BytesView json, JsonMemory& memory);

/// Writes the serialization.
[[nodiscard]] std::string write_flattened_jws(std::string_view signing_input,
                                              base::BytesView signature);

}  // namespace cairn::protocol
