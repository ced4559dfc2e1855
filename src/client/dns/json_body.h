#pragma once
// Private to client: the JSON that DNS providers answer.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/json/value.hpp>

#include "client/dns/provider_http.h"

namespace cairn::client {

/// The body of a reply, an object or a list, within the bounds of `protocol::parse_json_object`.
/// Throws Failure for what is none.
[[nodiscard]] boost::json::value json_body(const ProviderHttp& http, const std::string& aim,
                                           const http::Reply& reply);
/// The value at a dotted path of member names and list numbers: "result.0.id"; null if it is not
/// there.
[[nodiscard]] const boost::json::value* at_path(const boost::json::value& value,
                                                std::string_view path);
/// A string, or a number or a truth as text, at this path; empty if there is none.
[[nodiscard]] std::string text_at(const boost::json::value& value, std::string_view path);
/// A whole number at this path, also one that is written as a string.
[[nodiscard]] std::optional<std::int64_t> whole_number_at(const boost::json::value& value,
                                                          std::string_view path);
/// The list at this path; an empty one if there is none.
[[nodiscard]] const boost::json::array& list_at(const boost::json::value& value,
                                                std::string_view path);

/// "\"value\"": a TXT value as zone files have it, parted into strings of at most 255 octets.
[[nodiscard]] std::string quoted_txt(std::string_view value);
/// The reverse, also of a value without quotes.
[[nodiscard]] std::string unquoted_txt(std::string_view text);

}  // namespace cairn::client
