#pragma once

#include <string_view>

#include "http/message.h"

namespace cairn::api {

/// Whether the client of `request` has what `tag` (with its quotes) stands for: whether the entity
/// tags of If-None-Match have it, or any will do (RFC 9110 section 13.1.2). Weak tags compare as
/// strong ones. False without that field.
[[nodiscard]] bool has_entity(const http::Request& request, std::string_view tag);

}  // namespace cairn::api
