#pragma once
// Private to the tests of api and to fuzz/: what clients of a CA know of it, and how it may change.

#include <array>
#include <deque>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/testing/api_bench.h"
#include "pki/certificate.h"
#include "protocol/authorization.h"
#include "protocol/order.h"
#include "protocol/revocation.h"

namespace cairn::api::testing {

/// Something did not hold.
struct Broken {
    std::string sentence;
};
inline void require(bool holds, const std::string& sentence) {
    if (!holds) throw Broken{sentence};
}

/// Who has an account, or will have one; they have keys of one small store of keys.
struct Actor {
    std::size_t key = 0;
    std::string url{};  ///< empty: it has no account yet
    bool is_dead = false;
};
struct KnownOrder {
    std::size_t owner;
    std::string url;
    protocol::OrderObject last;
};
struct KnownAuthorization {
    std::size_t owner;
    std::string url;
    protocol::AuthorizationStatus last = protocol::AuthorizationStatus::pending;
};
struct KnownCertificate {
    std::size_t owner, key;
    std::string url;
    base::Bytes der;
    std::vector<std::string> names;
    bool is_revoked = false;
};

inline std::vector<std::string> names_of(const protocol::OrderObject& order) {
    std::vector<std::string> names;
    for (const auto& identifier : order.identifiers) names.push_back(identifier.value());
    return names;
}

inline std::string revocation_of(const KnownCertificate& certificate, int reason) {
    return protocol::RevocationRequest{.certificate = certificate.der,
                                       .reason = static_cast<protocol::RevocationReason>(reason)}
        .to_json();
}

/// Actors and what belongs to them. References to what is in it stay good.
class SequenceModel {
  public:
    static constexpr std::size_t key_count = 6;

    /// Made once: they are what takes the time.
    [[nodiscard]] static const crypto::PrivateKey& key(std::size_t index) {
        static const auto keys = [] {
            std::vector<crypto::PrivateKey> made;
            for (std::size_t i = 0; i < key_count; ++i)
                made.push_back(crypto::PrivateKey::generate(crypto::KeyType::ec_p256));
            return made;
        }();
        return keys.at(index);
    }

    [[nodiscard]] std::size_t index_of(const Actor& actor) const {
        return static_cast<std::size_t>(&actor - actors.data());
    }
    [[nodiscard]] const Actor* holder_of(std::size_t key) const {
        for (const auto* all : {&actors, &others})
            for (const auto& actor : *all)
                if (!actor.url.empty() && actor.key == key) return &actor;
        return nullptr;
    }
    /// That a key which an account got may be one.
    void require_free(std::size_t key) const {
        require(holder_of(key) == nullptr, "two accounts got one key");
        require(!blocked.contains(key), "an account got a compromised key");
        for (const auto& certificate : certificates)
            require(certificate.key != key, "an account got the key of a certificate");
    }
    /// That a key which was certified may be.
    void require_certifiable(std::size_t key) const {
        require(holder_of(key) == nullptr, "the key of an account was certified");
        require(!blocked.contains(key), "a compromised key was certified");
    }
    [[nodiscard]] bool is_certifiable(std::size_t key) const {
        return holder_of(key) == nullptr && !blocked.contains(key);
    }
    [[nodiscard]] std::size_t orders_of(std::size_t owner) const {
        return static_cast<std::size_t>(std::ranges::count(orders, owner, &KnownOrder::owner));
    }
    [[nodiscard]] bool knows_certificate(const std::string& url) const {
        return std::ranges::any_of(certificates, [&](const auto& each) { return each.url == url; });
    }

    /// The same order may be asked for again while it is open.
    void learn_order(std::size_t owner, const std::string& url,
                     const protocol::OrderObject& order) {
        for (const auto& known : orders)
            if (known.url == url)
                return require(known.owner == owner, "an account was given another's order");
        orders.push_back({owner, url, order});
    }
    void learn_authorization(std::size_t owner, const std::string& url) {
        for (const auto& known : authorizations)
            if (known.url == url)
                return require(known.owner == owner, "an order stands on another's authorization");
        authorizations.push_back({owner, url});
    }
    void learn_certificate(std::size_t owner, const std::string& url, const std::string& chain) {
        const auto leaf = pki::Certificate::from_pem(chain.substr(0, chain.find("-----BEGIN", 1)));
        require(leaf.has_value(), "a certificate cannot be read");
        for (std::size_t i = 0; i < key_count; ++i)
            if (key(i).public_key() == leaf->public_key())
                certificates.push_back({owner, i, url, leaf->der(), leaf->names().dns_names});
    }
    /// `key` has signed that it is compromised.
    void learn_compromise(std::size_t key) {
        blocked.insert(key);
        for (auto& certificate : certificates)
            certificate.is_revoked = certificate.is_revoked || certificate.key == key;
    }

    /// What an order shows now. `in_order`: later than what it showed before.
    static void see(KnownOrder& order, const protocol::OrderObject& now, bool in_order) {
        using enum protocol::OrderStatus;
        const auto last = std::exchange(order.last, now);
        require(now.identifiers == last.identifiers && now.authorizations == last.authorizations &&
                    now.finalize == last.finalize,
                "an order has changed");
        require(last.certificate.empty() || last.certificate == now.certificate,
                "an order has another certificate");
        require(now.certificate.empty() == (now.status != valid),
                "an order has a certificate without being valid");
        require(!now.error || now.status == invalid, "an order has an error without being invalid");
        require(!in_order || now.status == last.status || rank(now.status) > rank(last.status),
                "an order went from " + std::string(to_string(last.status)) + " to " +
                    std::string(to_string(now.status)));
    }
    static void see(KnownAuthorization& authorization, protocol::AuthorizationStatus now) {
        using enum protocol::AuthorizationStatus;
        const auto last = std::exchange(authorization.last, now);
        require(now == last || last == pending ||
                    (last == valid && (now == expired || now == deactivated)),
                "an authorization went from " + std::string(to_string(last)) + " to " +
                    std::string(to_string(now)));
    }

    std::vector<Actor> actors{3};
    /// Accounts that an actor got while it asked for two at once.
    std::vector<Actor> others;
    std::deque<KnownOrder> orders;
    std::deque<KnownAuthorization> authorizations;
    std::deque<KnownCertificate> certificates;
    std::set<std::size_t> blocked;

  private:
    /// RFC 8555 section 7.1.6; several moves may lie between two looks, and none leads back.
    static int rank(protocol::OrderStatus status) {
        using enum protocol::OrderStatus;
        switch (status) {
            case pending:
                return 0;
            case ready:
                return 1;
            case processing:
                return 2;
            case valid:
            case invalid:
                break;
        }
        return 3;
    }
};

}  // namespace cairn::api::testing
