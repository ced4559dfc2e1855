#pragma once
// Private to the .cpp files of protocol (and of fuzz): what every reader of JSON shares.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "protocol/problem.h"

namespace cairn::protocol {

/// Reads one JSON object strictly (RFC 8259, RFC 7493): UTF-8, no duplicate members (compared after
/// unescaping), at most 16 levels, nothing behind it, no byte order mark, numbers of at most 64
/// characters. Memory stays within a small multiple of the text.
[[nodiscard]] base::Result<boost::json::object> parse_json_object(base::BytesView text);

/// Members of an object by exact name, each with its type checked. A missing member is an empty
/// optional; a member of the wrong type is an error that names it.
[[nodiscard]] base::Result<std::optional<std::string>> string_member(
    const boost::json::object& object, std::string_view name);
[[nodiscard]] base::Result<std::optional<bool>> bool_member(const boost::json::object& object,
                                                            std::string_view name);
[[nodiscard]] base::Result<std::optional<std::int64_t>> integer_member(
    const boost::json::object& object, std::string_view name);
[[nodiscard]] base::Result<std::optional<base::Time>> time_member(const boost::json::object& object,
                                                                  std::string_view name);
/// At most `limit` strings.
[[nodiscard]] base::Result<std::optional<std::vector<std::string>>> strings_member(
    const boost::json::object& object, std::string_view name, std::size_t limit);

}  // namespace cairn::protocol
