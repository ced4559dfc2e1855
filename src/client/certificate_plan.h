#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/result.h"
#include "client/key_store.h"
#include "client/renew_before.h"
#include "crypto/key.h"
#include "protocol/identifier.h"

namespace cairn::client {

/// A name for the certificate and who proves control of it.
struct RequestedName {
    protocol::Identifier identifier;
    /// As `find_solver_kind` and its kin take it: "webroot:/var/www".
    std::string solver;

    /// Reads "NAME" or "NAME=SOLVER". NAME is a domain name, also in Unicode (IDNA2008) and as a
    /// wildcard, or an address; without SOLVER it is `default_solver`.
    [[nodiscard]] static base::Result<RequestedName> from_text(std::string_view text,
                                                               std::string_view default_solver);
    friend bool operator==(const RequestedName&, const RequestedName&) = default;
};

enum class KeyReuse { fresh_key, same_key };

/// What becomes of an order where the CA does not offer the profile that is named.
enum class ProfileDemand {
    preferred,  ///< it is ordered without a profile
    required    ///< it is refused
};

/// A CA that a certificate can be got from.
struct Authority {
    std::string directory_url;
    /// Roots to trust for the CA's TLS instead of the system's; empty: the system's.
    std::string root_file{};
    friend bool operator==(const Authority&, const Authority&) = default;
};

/// What is to learn of a new certificate: a program, or a target of another kind.
struct DeployTarget {
    /// A program that is run when the certificate is in place, with its arguments
    /// (`CommandWords`); empty: it is no program.
    std::string hook;
    /// As `find_target` takes it: "haproxy:/etc/haproxy/certs/site.pem"; empty: it is a program.
    std::string target{};

    [[nodiscard]] bool is_program() const { return target.empty(); }
    /// Whichever it is, as people know it.
    [[nodiscard]] const std::string& text() const { return is_program() ? hook : target; }
    friend bool operator==(const DeployTarget&, const DeployTarget&) = default;
};

/// What a lineage's certificate is to be and how it is got: all that a renewal needs.
struct CertificatePlan {
    /// Most CAs, kinds of keys, and deploy targets of a plan, each.
    static constexpr std::size_t max_choices = 10;
    /// What is longer is left to the next run, which goes on with the order.
    static constexpr base::Seconds max_ca_timeout = std::chrono::minutes{20};

    /// At least one, in order of preference: where one cannot be asked or refuses, the next is
    /// asked.
    std::vector<Authority> authorities;
    std::vector<RequestedName> names;
    /// At least one. A certificate for each is wanted.
    std::vector<crypto::KeyType> key_types = {crypto::KeyType::ec_p256};
    KeyReuse key_reuse = KeyReuse::fresh_key;
    /// Where the keys are kept.
    KeyStore key_store{};
    /// A profile of the CA's directory; empty: none is asked for.
    std::string profile;
    ProfileDemand profile_demand = ProfileDemand::preferred;
    std::string preferred_chain;
    /// The name of the account, of several at a CA, that orders it; empty: the one without a name.
    std::string account;
    /// None: when the CA advises, else by the share of its life that is left.
    std::optional<RenewBefore> renew_before;
    /// How long the CA may take for validation and for issuance, each, before the order is left to
    /// a later run; nothing: as usual.
    std::optional<base::Seconds> ca_timeout{};
    /// A request (PKCS #10, DER) that was made elsewhere, whose key is not here; empty: requests
    /// are made here. With it the plan has one key type, that of its key.
    base::Bytes csr;
    // Programs with their arguments (`CommandWords`), each empty if there is none.
    /// Runs before an order is made.
    std::string pre_hook;
    /// Runs after it, whatever came of it.
    std::string post_hook;
    /// Runs when it has failed.
    std::string failure_hook;
    /// In the order in which they learn of a new certificate.
    std::vector<DeployTarget> deploy_targets;

    /// The CA that is asked first.
    [[nodiscard]] const Authority& preferred_authority() const { return authorities.front(); }
    /// The CA of the plan with this directory; null if there is none.
    [[nodiscard]] const Authority* find_authority(std::string_view directory_url) const;
    [[nodiscard]] std::vector<protocol::Identifier> identifiers() const;

    /// JSON, a member a line, for eyes and editors. One CA, kind of key or deploy hook is written
    /// as "ca", "key_type" and "deploy_hook", several, and
    /// targets of other kinds, as the lists "cas", "key_types" and "deploy".
    [[nodiscard]] std::string to_json() const;
    /// Reads that, also as earlier versions wrote it: their "must_staple" is dropped, since no CA
    /// grants it any more (`asks_for_must_staple`).
    [[nodiscard]] static base::Result<CertificatePlan> from_json(base::BytesView json);
    /// Reads the file that keeps the plan of a lineage.
    [[nodiscard]] static base::Result<CertificatePlan> read(const std::filesystem::path& file);
    friend bool operator==(const CertificatePlan&, const CertificatePlan&) = default;
};

/// Reads a duration of at most `CertificatePlan::max_ca_timeout`.
[[nodiscard]] base::Result<base::Seconds> ca_timeout_from(std::string_view text);

/// True if the file keeps a plan of an earlier version that asks for the must-staple extension.
[[nodiscard]] bool asks_for_must_staple(const std::filesystem::path& plan_file);

/// The identifiers' values, sorted, without repetitions.
[[nodiscard]] std::vector<std::string> sorted_values(
    const std::vector<protocol::Identifier>& identifiers);

}  // namespace cairn::client
