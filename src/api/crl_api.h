#pragma once

#include "base/clock.h"
#include "base/task.h"
#include "ca/work/crl_shelf.h"
#include "http/router.h"

namespace cairn::api {

/// Revocation lists as certificates name them (RFC 5280 section 4.2.1.13), to be fetched over plain
/// http, with what caches want to know (RFC 9110 section 13, RFC 9111). No request reads the store.
class CrlApi {
  public:
    CrlApi(const ca::CrlShelf& shelf, const base::Clock& clock);
    void add_to(http::Router& router);

  private:
    [[nodiscard]] base::Task<http::Response> crl(http::Request request) const;

    const ca::CrlShelf& shelf_;
    const base::Clock& clock_;
};

}  // namespace cairn::api
