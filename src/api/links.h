#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ca/facts/id.h"
#include "pki/serial_number.h"
#include "protocol/challenge_type.h"

namespace cairn::api {

// The path pattern of every resource, for the router.
namespace path {
inline constexpr std::string_view directory = "/directory";
inline constexpr std::string_view new_nonce = "/acme/new-nonce";
inline constexpr std::string_view new_account = "/acme/new-account";
inline constexpr std::string_view new_order = "/acme/new-order";
inline constexpr std::string_view new_authorization = "/acme/new-authorization";
inline constexpr std::string_view revoke_certificate = "/acme/revoke-cert";
inline constexpr std::string_view key_change = "/acme/key-change";
inline constexpr std::string_view account = "/acme/account/{}";
inline constexpr std::string_view account_orders = "/acme/account/{}/orders";
inline constexpr std::string_view order = "/acme/order/{}";
inline constexpr std::string_view finalize = "/acme/order/{}/finalize";
inline constexpr std::string_view authorization = "/acme/authorization/{}";
inline constexpr std::string_view challenge = "/acme/challenge/{}/{}";
inline constexpr std::string_view certificate = "/acme/certificate/{}";
inline constexpr std::string_view other_chain = "/acme/certificate/{}/{}";
inline constexpr std::string_view renewal_info = "/renewal-info";
inline constexpr std::string_view renewal_info_of = "/renewal-info/{.}";
inline constexpr std::string_view issuer = "/issuer/{}";
inline constexpr std::string_view complete_crl = "/crl/{.}";
inline constexpr std::string_view crl_shard = "/crl/{}/{.}";
inline constexpr std::string_view ocsp = "/ocsp";
inline constexpr std::string_view ocsp_question = "/ocsp/{*}";
inline constexpr std::string_view roots = "/roots.pem";
inline constexpr std::string_view root = "/roots/{*}";
inline constexpr std::string_view limits = "/acme/limits";
}  // namespace path

/// Makes the absolute URLs of resources and reads those that clients send back. URLs are built from
/// the configured public URL alone, never from a request.
class Links {
  public:
    /// `public_url`: scheme and authority without a final slash, "https://ca.example:14000".
    /// `former_public_url`: another spelling of it in which account URLs may have been given out.
    explicit Links(std::string public_url, std::string former_public_url = {});

    [[nodiscard]] const std::string& public_url() const { return public_url_; }
    /// A path without variable segments.
    [[nodiscard]] std::string to(std::string_view path) const;
    [[nodiscard]] std::string account(ca::AccountId id) const;
    [[nodiscard]] std::string account_orders(ca::AccountId id) const;
    [[nodiscard]] std::string account_orders(ca::AccountId id, ca::OrderId before) const;
    [[nodiscard]] std::string order(ca::OrderId id) const;
    [[nodiscard]] std::string finalize(ca::OrderId id) const;
    [[nodiscard]] std::string authorization(ca::AuthorizationId id) const;
    [[nodiscard]] std::string challenge(ca::AuthorizationId id, protocol::ChallengeType type) const;
    [[nodiscard]] std::string certificate(const pki::SerialNumber& serial) const;
    /// The certificate with another chain of its issuer, counted from 1.
    [[nodiscard]] std::string other_chain(const pki::SerialNumber& serial,
                                          std::size_t number) const;

    /// Whether `url` is the one of this path.
    [[nodiscard]] bool is_url_of(std::string_view url, std::string_view path) const;
    /// The account that a `kid` names; nothing if it is not exactly one of our account URLs.
    [[nodiscard]] std::optional<ca::AccountId> account_from(std::string_view url) const;
    /// Whether `url` begins with the path of our accounts.
    [[nodiscard]] bool is_under_accounts(std::string_view url) const;

  private:
    /// What follows in `url` behind the path of our accounts.
    [[nodiscard]] std::optional<std::string_view> behind_accounts(std::string_view url) const;

    std::string public_url_, former_public_url_;
};

}  // namespace cairn::api
