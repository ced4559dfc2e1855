#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/certificate_plan.h"
#include "client/challenge_journal.h"
#include "client/control_proof.h"
#include "client/order_record.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/solver.h"
#include "client/timer.h"
#include "crypto/signer.h"
#include "pki/chain.h"
#include "protocol/order.h"

namespace cairn::client {

/// What a certificate is asked for with.
struct OrderOptions {
    /// Each name once.
    std::vector<NameToProve> names;
    /// The certificate's key.
    crypto::Signer key;
    /// The request that was made with it, where it is elsewhere; empty: it is made here.
    base::Bytes csr{};
    std::string profile;
    ProfileDemand profile_demand = ProfileDemand::preferred;
    std::string preferred_chain;
    /// RFC 9773's identifier of the certificate that this one replaces, or empty.
    std::string replaces;
    /// How long the CA may take for validation and for issuance, each.
    std::chrono::milliseconds patience = std::chrono::seconds{90};
    /// Called whenever the order has got further, before the step that relies on it.
    std::function<void(const OrderPosition&)> keep = [](const OrderPosition&) {};
    /// What to do about an order that is kept, for people; empty if it is not.
    std::string next_run{};
};

/// One order from its creation to its certificate, as RFC 8555 section 7.4 tells it. The session
/// must speak for an account. Used once.
class OrderFlow {
  public:
    OrderFlow(Session& session, const ChallengeJournal& journal, Timer& timer, Progress& progress,
              const OrderOptions& options);
    /// Takes up the order of an earlier run; false if it has come to nothing or the CA does not
    /// know it any more. Throws Failure if the CA does not say.
    [[nodiscard]] bool take_up(const OrderPosition& position);
    /// Places a new order. Throws Failure.
    void place();
    /// From an order to its chain, leaf first, checked to be ours. Throws Failure; whatever
    /// happens, what was presented to the CA has been taken down afterwards.
    [[nodiscard]] pki::Chain complete();
    /// True if the CA has given the order a URL.
    [[nodiscard]] bool is_placed() const { return !position_.order_url.empty(); }
    /// True if nothing can come of the order any more.
    [[nodiscard]] bool has_failed() const { return has_failed_; }

  private:
    [[nodiscard]] protocol::NewOrderRequest order_request(const Aim& aim);
    void do_without_profile(protocol::NewOrderRequest& request);
    /// Posts the order, and without what it can do without if the CA refuses that.
    [[nodiscard]] Reply request_order(protocol::NewOrderRequest request, const Aim& aim);
    void await_ready();
    void finalize();
    void await_certificate();
    [[nodiscard]] pki::Chain download();
    [[nodiscard]] pki::Chain accept(const Reply& reply, const Aim& aim) const;
    [[nodiscard]] Reply fetch_certificate(const Aim& aim);
    [[nodiscard]] pki::Chain preferred(pki::Chain chain, const Reply& reply, const Aim& aim);

    [[nodiscard]] std::vector<protocol::Identifier> identifiers() const;
    [[nodiscard]] protocol::OrderObject order_from(const Reply& reply, const Aim& aim) const;
    void take_order(const Reply& reply, const Aim& aim);
    /// Asks for the order again and again while it is in one of these states.
    void await_order_beyond(std::initializer_list<protocol::OrderStatus> states, const Aim& aim);
    Session& session_;
    const ChallengeJournal& journal_;
    Timer& timer_;
    Progress& progress_;
    const OrderOptions& options_;
    OrderPosition position_;
    bool has_failed_ = false;
    protocol::OrderObject order_;
    std::optional<base::Seconds> retry_after_;
};

}  // namespace cairn::client
