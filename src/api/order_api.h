#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "base/task.h"
#include "ca/issuance.h"
#include "ca/ordering.h"
#include "net/router.h"

namespace cairn::api {

/// newOrder, orders and finalize (RFC 8555 section 7.4). An answer about an order that is being
/// processed is held until it changes or a second has passed, which spares clients their polls.
class OrderApi {
  public:
    OrderApi(const Links& links, JwsGate& gate, ca::Ordering& ordering, ca::Issuance& issuance,
             base::Announcements& announcements);
    void add_to(net::Router& router);

  private:
    base::Task<net::HttpResponse> new_order(net::HttpRequest request);
    base::Task<net::HttpResponse> order(net::HttpRequest request, std::string id);
    base::Task<net::HttpResponse> finalize(net::HttpRequest request, std::string id);
    base::Task<ca::OrderView> settled(ca::OrderView view);
    [[nodiscard]] net::HttpResponse order_response(const ca::OrderView& view, int status) const;

    const Links& links_;
    JwsGate& gate_;
    ca::Ordering& ordering_;
    ca::Issuance& issuance_;
    base::Announcements& announcements_;
};

}  // namespace cairn::api
