#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "client/certificate_plan.h"
#include "client/challenge_journal.h"
#include "client/progress.h"
#include "client/session.h"
#include "client/solver.h"
#include "client/timer.h"
#include "crypto/key.h"
#include "pki/chain.h"
#include "protocol/authorization.h"
#include "protocol/order.h"

namespace cairn::client {

/// A name of the order, and whoever proves control of it.
struct NameToProve {
    protocol::Identifier identifier;
    Solver* solver = nullptr;
};

/// What a certificate is asked for with.
struct OrderWishes {
    /// Each name once.
    std::vector<NameToProve> names;
    crypto::PrivateKey key;
    MustStaple must_staple = MustStaple::no;
    std::string profile;
    std::string preferred_chain;
    /// RFC 9773's identifier of the certificate that this one replaces, or empty.
    std::string replaces;
    /// How long the CA may take for validation and for issuance, each.
    std::chrono::milliseconds patience = std::chrono::minutes{10};
};

/// One order from its creation to its certificate, as RFC 8555 section 7.4 tells it. The session
/// must speak for an account. Used once.
class OrderFlow {
  public:
    OrderFlow(Session& session, const ChallengeJournal& journal, Timer& timer, Progress& progress,
              const OrderWishes& wishes);
    /// The chain, leaf first, checked to be ours. Throws Failure; whatever happens, what was
    /// presented to the CA has been taken down afterwards.
    [[nodiscard]] pki::Chain run();

  private:
    struct Presented {
        std::string authorization_url;
        std::string challenge_url;
        Challenge challenge;
        Solver* solver = nullptr;
    };
    class Presentations;

    void place_order();
    void prove_control();
    void await_ready();
    void finalize();
    void await_certificate();
    [[nodiscard]] pki::Chain download();

    [[nodiscard]] std::vector<protocol::Identifier> identifiers() const;
    [[nodiscard]] const NameToProve& asked_for(
        const protocol::AuthorizationObject& authorization) const;
    [[nodiscard]] Presented choose(const protocol::AuthorizationObject& authorization,
                                   const std::string& authorization_url) const;
    /// How long the CA then asks to wait, if it does.
    std::optional<base::Seconds> respond(const Presented& presented);
    void await_authorizations(const std::vector<Presented>& presented,
                              const std::vector<std::optional<base::Seconds>>& waits);
    [[nodiscard]] protocol::AuthorizationObject authorization_from(const Reply& reply,
                                                                   std::string_view aim) const;
    void take_order(const Reply& reply, std::string_view aim);
    /// Asks for the order again and again while it is in one of these states.
    void await_order_beyond(std::initializer_list<protocol::OrderStatus> states,
                            const std::string& aim);
    /// Waits before the next question about `aim`: as long as the CA asks, or a moment that grows.
    class Pace;

    Session& session_;
    const ChallengeJournal& journal_;
    Timer& timer_;
    Progress& progress_;
    const OrderWishes& wishes_;
    std::string order_url_;
    protocol::OrderObject order_;
    std::optional<base::Seconds> retry_after_;
};

}  // namespace cairn::client
