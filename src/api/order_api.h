#pragma once

#include "api/jws_gate.h"
#include "api/links.h"
#include "base/task.h"
#include "ca/work/issuance.h"
#include "ca/work/ordering.h"
#include "ca/work/standing_proofs.h"
#include "http/router.h"

namespace cairn::api {

/// newOrder, orders and finalize (RFC 8555 section 7.4). An answer about an order that is being
/// processed is held until it changes or a second has passed, which saves clients their polls; so
/// is that to newOrder where a proof may stand already.
class OrderApi {
  public:
    OrderApi(const Links& links, JwsGate& gate, ca::Ordering& ordering, ca::Issuance& issuance,
             ca::StandingProofs& standing);
    void add_to(http::Router& router);

  private:
    base::Task<http::Response> new_order(http::Request request);
    base::Task<http::Response> order(http::Request request, std::string id);
    base::Task<http::Response> finalize(http::Request request, std::string id);
    [[nodiscard]] http::Response order_response(const ca::OrderView& view, int status) const;

    const Links& links_;
    JwsGate& gate_;
    ca::Ordering& ordering_;
    ca::Issuance& issuance_;
    ca::StandingProofs& standing_;
};

}  // namespace cairn::api
