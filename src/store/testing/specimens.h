#pragma once
// Private to the tests of store: objects to be kept.

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "ca/ports/repository.h"

namespace cairn::store::testing {

using namespace std::chrono_literals;

/// The present of these tests.
inline constexpr base::Time now{base::Seconds{1'800'000'000}};

/// "192.0.2.1" and what has a colon are addresses, everything else names.
[[nodiscard]] inline protocol::Identifier identifier(const std::string& text) {
    const bool is_address = text.contains(':') || text.starts_with("192.0.2.");
    return (is_address ? protocol::Identifier::ip(text) : protocol::Identifier::dns(text)).value();
}

[[nodiscard]] inline crypto::Sha256Digest digest(std::string_view text) {
    return crypto::sha256(base::bytes_of(text));
}

/// Makes objects of the CA that differ in all that must differ; ids made later are greater.
class Specimens {
  public:
    [[nodiscard]] ca::AccountId account_id() { return ca::AccountId::fresh(tick(), random_); }
    [[nodiscard]] ca::OrderId order_id() { return ca::OrderId::fresh(tick(), random_); }
    [[nodiscard]] ca::AuthorizationId authorization_id() {
        return ca::AuthorizationId::fresh(tick(), random_);
    }
    [[nodiscard]] pki::SerialNumber serial() { return pki::SerialNumber::random(random_); }
    [[nodiscard]] protocol::Jwk key() {
        const auto pair = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        return protocol::Jwk::of(pair.public_key());
    }

    /// A valid account with two contacts.
    [[nodiscard]] ca::Account account() {
        return {
            .id = account_id(),
            .key = key(),
            .contacts = {"mailto:a@example.com", "mailto:b@example.com"},
            .created = now,
            .terms_agreed = now - 1s,
            .deactivated = std::nullopt,
        };
    }

    /// A pending authorization that lapses in an hour.
    [[nodiscard]] ca::Authorization authorization(const ca::AccountId& account,
                                                  const std::string& name) {
        using enum protocol::ChallengeType;
        return {
            .id = authorization_id(),
            .account = account,
            .identifier = identifier(name),
            .created = now,
            .expires = now + 1h,
            .token = protocol::Token::random(random_),
            .offered = {dns_01, http_01, tls_alpn_01},
            .attempt = std::nullopt,
            .deactivated = std::nullopt,
            .profile = "default",
        };
    }

    /// An order for what `proofs` prove that lapses in an hour.
    [[nodiscard]] ca::Order order(const ca::AccountId& account,
                                  const std::vector<ca::Authorization>& proofs) {
        ca::Order order{
            .id = order_id(),
            .account = account,
            .created = now,
            .expires = now + 1h,
            .identifiers = {},
            .authorizations = {},
            .profile = "default",
            .not_before = std::nullopt,
            .not_after = std::nullopt,
            .intent = std::nullopt,
            .completed = std::nullopt,
            .problem = std::nullopt,
        };
        for (const auto& proof : proofs) {
            order.identifiers.push_back(proof.identifier);
            order.authorizations.push_back(proof.id);
        }
        return order;
    }

    [[nodiscard]] ca::IssuanceIntent intent() {
        return {
            .begun = now,
            .csr = random_.octets(300),
            .serial = serial(),
            .validity = {.not_before = now - 1h, .not_after = now + 90 * 24h},
            .request = "4b1d-7",
        };
    }

    /// As issued for `order` with `intent`.
    [[nodiscard]] ca::IssuedCertificate certificate(const ca::Order& order,
                                                    const ca::IssuanceIntent& intent) {
        return {
            .serial = intent.serial,
            .der = random_.octets(700),
            .issuer = digest("issuer"),
            .key = digest(intent.serial.to_hex()),
            .not_after = intent.validity.not_after,
            .account = order.account,
            .order = order.id,
            .issued = now + 1s,
            .revocation = std::nullopt,
            .profile = order.profile,
        };
    }

    /// As issued for the server itself.
    [[nodiscard]] ca::IssuedCertificate own_certificate() {
        auto certificate = this->certificate(order(account_id(), {}), intent());
        certificate.account.reset();
        certificate.order.reset();
        certificate.profile.clear();
        return certificate;
    }

  private:
    [[nodiscard]] std::chrono::sys_time<std::chrono::milliseconds> tick() { return clock_ += 1ms; }

    crypto::SystemRandom random_;
    std::chrono::sys_time<std::chrono::milliseconds> clock_ = now;
};

}  // namespace cairn::store::testing
