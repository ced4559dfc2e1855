#pragma once

#include <string>

#include "base/clock.h"
#include "ca/work/renewal_advice.h"
#include "http/router.h"

namespace cairn::api {

/// Renewal information (RFC 9773 section 4), which anybody may read by GET and HEAD.
class RenewalApi {
  public:
    /// `retry_after`: when clients should ask again.
    RenewalApi(ca::RenewalAdvice& advice, base::Seconds retry_after);
    void add_to(http::Router& router);

  private:
    base::Task<http::Response> renewal_info(std::string identifier);

    ca::RenewalAdvice& advice_;
    const base::Seconds retry_after_;
};

}  // namespace cairn::api
