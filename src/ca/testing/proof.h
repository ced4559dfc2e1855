#pragma once
// Private to the tests of ca: an order that is proved.

#include <map>
#include <string>

#include "ca/rules/challenge_rules.h"
#include "ca/rules/issuance_proof.h"
#include "crypto/random.h"

namespace cairn::ca::testing {

/// An order of `profile` for one name with everything that proves it.
class ProvedOrder {
  public:
    ProvedOrder(std::string name, Profile profile, pki::Validity validity)
        : profiles_(Profiles::of({{profile.name, profile}}, profile.name).value()),
          account_(AccountId::fresh(validity.not_before, random_)) {
        const auto now = validity.not_before;
        const auto identifier = protocol::Identifier::dns(name).value();
        const auto csr = pki::make_csr(
            key_, {.dns_names = {std::move(name)}, .ip_addresses = {}, .other_names = 0});
        proofs_.push_back({.id = AuthorizationId::fresh(now, random_),
                           .account = account_,
                           .identifier = identifier,
                           .created = now,
                           .expires = now + std::chrono::days(1),
                           .token = protocol::Token::random(random_),
                           .offered = challenges_for(identifier),
                           .attempt = ValidationAttempt{.method = challenges_for(identifier)[0],
                                                        .started = now,
                                                        .finished = now},
                           .deactivated = std::nullopt});
        order_.emplace(Order{.id = OrderId::fresh(now, random_),
                             .account = account_,
                             .created = now,
                             .expires = now + std::chrono::days(1),
                             .identifiers = {identifier},
                             .authorizations = {proofs_.front().id},
                             .profile = profile.name,
                             .not_before = std::nullopt,
                             .not_after = std::nullopt,
                             .intent = IssuanceIntent{.begun = now,
                                                      .csr = csr,
                                                      .serial = pki::SerialNumber::random(random_),
                                                      .validity = validity},
                             .completed = std::nullopt,
                             .problem = std::nullopt});
    }

    [[nodiscard]] const Order& order() const { return *order_; }
    [[nodiscard]] const std::vector<Authorization>& authorizations() const { return proofs_; }
    /// As long as this object lives.
    [[nodiscard]] IssuanceProof proof() const {
        return IssuanceProof::of(*order_, proofs_,
                                 pki::Csr::from_kept_der(order_->intent->csr).value(), profiles_)
            .value();
    }

  private:
    crypto::SystemRandom random_;
    crypto::PrivateKey key_ = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    Profiles profiles_;
    AccountId account_;
    std::vector<Authorization> proofs_;
    std::optional<Order> order_;
};

}  // namespace cairn::ca::testing
