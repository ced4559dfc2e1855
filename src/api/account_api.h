#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "ca/ordering.h"
#include "ca/registration.h"
#include "net/router.h"

namespace cairn::api {

/// newAccount, the account itself, its orders list and keyChange (RFC 8555 section 7.3).
class AccountApi {
  public:
    AccountApi(const Links& links, JwsGate& gate, ca::Registration& registration,
               ca::Ordering& ordering);
    void add_to(net::Router& router);

  private:
    base::Task<net::HttpResponse> new_account(net::HttpRequest request);
    base::Task<net::HttpResponse> account(net::HttpRequest request, std::string id);
    base::Task<net::HttpResponse> orders(net::HttpRequest request, std::string id);
    base::Task<net::HttpResponse> key_change(net::HttpRequest request);
    [[nodiscard]] net::HttpResponse account_response(const ca::Account& account, int status) const;

    const Links& links_;
    JwsGate& gate_;
    ca::Registration& registration_;
    ca::Ordering& ordering_;
};

}  // namespace cairn::api
