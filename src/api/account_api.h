#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "ca/work/ordering.h"
#include "ca/work/registration.h"
#include "http/router.h"

namespace cairn::api {

/// newAccount, the account itself, its orders list and keyChange (RFC 8555 section 7.3).
class AccountApi {
  public:
    AccountApi(const Links& links, JwsGate& gate, ca::Registration& registration,
               ca::Ordering& ordering);
    void add_to(http::Router& router);

  private:
    base::Task<http::Response> new_account(http::Request request);
    base::Task<http::Response> account(http::Request request, std::string id);
    base::Task<http::Response> orders(http::Request request, std::string id);
    base::Task<http::Response> key_change(http::Request request);
    [[nodiscard]] http::Response account_response(const ca::Account& account, int status) const;

    const Links& links_;
    JwsGate& gate_;
    ca::Registration& registration_;
    ca::Ordering& ordering_;
};

}  // namespace cairn::api
