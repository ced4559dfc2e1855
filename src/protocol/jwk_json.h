#pragma once
// Private to the .cpp files of protocol: JSON Web Keys within other JSON objects.

#include <boost/json/object.hpp>

#include "protocol/jwk.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// As `Jwk::from_json`, for an object that was parsed already.
[[nodiscard]] OrProblem<Jwk> read_jwk(const boost::json::object& object);

}  // namespace cairn::protocol
