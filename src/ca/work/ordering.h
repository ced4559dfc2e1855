#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "ca/facts/account.h"
#include "ca/facts/order.h"
#include "ca/facts/request_context.h"
#include "ca/ports/repository.h"
#include "ca/rules/challenge_rules.h"
#include "ca/rules/policy.h"
#include "ca/rules/profile.h"
#include "ca/rules/terms.h"
#include "ca/work/issuer.h"
#include "ca/work/rate_limits.h"
#include "crypto/random.h"
#include "protocol/authorization.h"
#include "protocol/order.h"

namespace cairn::ca {

/// An order together with its authorizations, as they were read at one time.
struct OrderView {
    Order order;
    /// None if the order has an intent: what becomes of it then is written in the order itself.
    std::vector<Authorization> proofs;
    base::Time now;

    [[nodiscard]] protocol::OrderStatus status() const { return order.status(proofs, now); }
};

/// Orders and authorizations: placing, reading and giving up (RFC 8555 sections 7.4 and 7.5). What
/// a client did wrong is thrown as a protocol::Problem; what belongs to another account does not
/// exist.
class Ordering {
  public:
    Ordering(Repository& store, const NamePolicy& policy, const Profiles& profiles,
             const Issuers& issuers, RateLimits& limits, const base::Clock& clock,
             crypto::Random& random, Terms terms, base::Log& log, ChallengeChoices choices = {});

    /// Places an order, within what the account's external key allows, if it is bound to one.
    /// The order is a new one, or that which the account has open for the same (order_reuse.h).
    [[nodiscard]] base::Task<OrderView> place(Account account, protocol::NewOrderRequest request,
                                              RequestContext context);
    /// An authorization in advance of any order (RFC 8555 section 7.4.1): the valid one that the
    /// account has already, or a pending one, under the profile of orders that name none. A refused
    /// identifier is status 403.
    [[nodiscard]] base::Task<Authorization> preauthorize(Account account,
                                                         protocol::NewAuthorizationRequest request,
                                                         RequestContext context);
    /// The order with this id, of any account; nothing if there is none or the text is no id. Check
    /// with `require_own` before showing it.
    [[nodiscard]] base::Task<std::optional<OrderView>> find(base::Result<OrderId> id);
    [[nodiscard]] base::Task<std::optional<Authorization>> find_authorization(
        base::Result<AuthorizationId> id);
    /// `found` if it belongs to the account; throws 404 else.
    [[nodiscard]] static OrderView require_own(std::optional<OrderView> found, AccountId account);
    [[nodiscard]] static Authorization require_own(std::optional<Authorization> found,
                                                   AccountId account);
    /// `authorization`, which is the account's, given up. Throws malformed if it is neither pending
    /// nor valid, or is being validated.
    [[nodiscard]] base::Task<Authorization> deactivate(Authorization authorization,
                                                       Cause cause = {});

    struct Page {
        std::vector<OrderId> orders;
        std::optional<OrderId> next;  ///< the cursor of the page behind this one
    };
    static constexpr std::size_t page_size = 100;
    /// Orders of the account, newest first (section 7.1.2.1).
    [[nodiscard]] base::Task<Page> list(AccountId account, std::optional<OrderId> before);

  private:
    /// Nothing if the account is not bound to one.
    base::Task<std::optional<ExternalKey>> external_key_of(Account account);
    /// The profile that was asked for, or the usual one; throws if it is not offered.
    [[nodiscard]] const Profile& require_profile(
        const std::string& name, const std::optional<ExternalKey>& external_key) const;
    /// What new authorizations depend on.
    struct Frame {
        const Account& account;
        const Profile& profile;
        const std::optional<ExternalKey>& external_key;
        const RequestContext& context;
    };
    /// Throws if the account can have no certificate for these names, whoever controls them.
    void require_allowed(const protocol::NewOrderRequest& request, const Frame& frame) const;
    [[nodiscard]] Authorization fresh_authorization(const protocol::Identifier& identifier,
                                                    Breadth breadth, const Frame& frame) const;
    /// One for each identifier of the request: pending or, if the external key vouches for it,
    /// valid. Those with a common ancestor share one.
    [[nodiscard]] std::vector<Authorization> fresh_authorizations(
        const protocol::NewOrderRequest& request, const Frame& frame) const;
    /// Names above each identifier that may be proved for their subdomains.
    [[nodiscard]] std::vector<std::vector<protocol::Identifier>> names_above(
        const std::vector<protocol::Identifier>& identifiers) const;
    /// The certificate that an order for `names` is to replace. Throws the problem for which it may
    /// not.
    base::Task<pki::RenewalIdentifier> require_replaceable(std::string wanted, AccountId account,
                                                           std::vector<protocol::Identifier> names);
    /// Writes the order in `view`, with those of its authorizations that are new, if the limits
    /// let it, and puts the others in their places; or the order that was open already.
    base::Task<OrderView> write(OrderView view, OrderStore::Reuse reuse, RequestContext context);
    void tell_of_vouching(const OrderView& view, const RequestContext& context);
    /// The order that stands in the way of `view`'s with the same likeness, if it may be given out
    /// instead.
    base::Task<std::optional<OrderView>> open_twin(OrderId id, const OrderView& view,
                                                   const OrderStore::Reuse& reuse);
    /// Whether an identifier that `twin` still has to prove has a valid authorization by now, so
    /// that a new order would be further than `twin`.
    base::Task<bool> lacks_what_is_proved(const OrderView& twin, const OrderView& view,
                                          const OrderStore::Reuse& reuse);
    /// Throws unless the order that replaces the certificate has become invalid.
    base::Task<void> require_invalid(Replacement replacement);

    Repository& store_;
    const NamePolicy& policy_;
    const Profiles& profiles_;
    const Issuers& issuers_;
    RateLimits& limits_;
    const base::Clock& clock_;
    crypto::Random& random_;
    const Terms terms_;
    base::Log& log_;
    const ChallengeChoices choices_;
};

}  // namespace cairn::ca
