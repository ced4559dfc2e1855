#pragma once

#include <string>

#include "ca/rules/limits.h"
#include "ca/rules/request_limits.h"
#include "http/router.h"

namespace cairn::api {

/// The page to which refusals link as their help (RFC 8555 section 6.6): the limits that are on, as
/// text for people.
class LimitsApi {
  public:
    LimitsApi(const ca::Limits& limits, const ca::RequestLimits& requests);

    void add_to(http::Router& router);

  private:
    std::string text_;
};

}  // namespace cairn::api
