#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "apps/perspective/open_mpic_endpoint.h"
#include "base/clock.h"
#include "base/ip_address.h"
#include "base/log.h"
#include "base/result.h"
#include "ca/facts/retention.h"
#include "ca/rules/challenge_rules.h"
#include "ca/rules/limits.h"
#include "ca/rules/policy.h"
#include "ca/rules/policy_kind.h"
#include "ca/rules/profile.h"
#include "ca/rules/request_limits.h"
#include "ca/rules/terms.h"
#include "ca/work/crl_signing.h"
#include "ca/work/issuer.h"
#include "crypto/passphrase.h"
#include "protocol/internet_registry.h"

namespace cairn::apps {

/// Everything that ca.toml says, checked. Each member's name is its key's name.
struct Configuration {
    struct Server {
        std::vector<std::string> listen;
        /// Scheme and authority in their one spelling (`net::Url`), without a final slash.
        std::string public_url;
        /// The same as it is written in the file.
        std::string written_public_url;
        std::string admin_listen;
        /// Further names under which clients reach this server, beside those of `public_url`.
        std::vector<std::string> hosts;
        /// Proxies whose word on a client's address is believed.
        std::vector<base::IpNetwork> trusted_proxies;
        /// Connections that one client (an IPv4 address, the /64 of an IPv6 address) may have.
        std::size_t connections_per_client = 1000;
        /// Event loops; 0: one for each processor.
        std::size_t threads = 0;
    } server;
    struct Store {
        /// Path of the SQLite file, relative to the CA's folder or absolute; empty with PostgreSQL.
        std::string sqlite_path;
        /// What libpq takes to find the database; may hold a password. Empty with SQLite.
        std::string postgres_url;
        /// PostgreSQL's schema that holds the CA.
        std::string schema = "cairn";
        /// Connections to PostgreSQL for each event loop.
        std::size_t connections = 4;
    } store;
    struct Log {
        std::string file = "-";
        base::LogLevel level = base::LogLevel::info;
        bool access = true;
        /// "auto" is none: `base::usual_log_format`.
        std::optional<base::LogFormat> format;
    } log;
    struct Audit {
        /// Folder of the audit log, relative to the CA's folder or absolute. Each node has its own.
        std::string folder = "audit";
        /// A file is followed by another at so many octets, or at this age.
        std::size_t rotate_size = std::size_t{64} << 20U;
        base::Seconds rotate_after = std::chrono::days(1);
        /// How long files are kept after their last line; none: for ever.
        std::optional<base::Seconds> keep;
    } audit;
    struct Directory {
        std::string terms_of_service, website;
        ca::Terms::Change terms_change = ca::Terms::Change::asks_for_agreement;
        bool external_account_required = false;
        /// The domain names by which CAA records name this CA (RFC 8659 section 4.2), in lower
        /// case; empty: they are not asked for.
        std::vector<std::string> caa_identities;
    } directory;
    struct Issuance {
        /// http URL under which issuers' certificates are offered, "/issuer/..." is appended; by
        /// default public_url with http.
        std::string issuer_base_url;
    } issuance;
    struct Crl {
        /// http URL below which revocation lists are named, "/crl/..." is appended; empty: as
        /// `issuer_base_url`.
        std::string base_url;
        ca::CrlTimes times;
        /// Among so many lists the certificates of an issuer are divided, where a profile says so.
        std::size_t shards = 16;
    } crl;
    struct Ocsp {
        bool enabled = false;
        /// http URL below which certificates name the responder, "/ocsp" is appended; empty: as
        /// `issuer_base_url`.
        std::string base_url;
        /// For how long an answer is good.
        base::Seconds lifetime = std::chrono::days(1);
    } ocsp;
    struct Renewal {
        /// When clients should ask again for renewal information.
        base::Seconds retry_after = std::chrono::hours(6);
    } renewal;
    struct Validation {
        /// The ways in which control may be proved; never empty.
        std::set<protocol::ChallengeType> challenges = ca::ChallengeChoices{}.types;
        /// The names by which records of dns-persist-01 name this CA.
        std::vector<std::string> persist_issuers;
        /// Whether a name may be proved for all names below it (RFC 9444).
        bool subdomains = false;
        /// How many authorizations made in advance of orders an account may have pending; 0: there
        /// is no newAuthz.
        std::size_t preauthorizations = ca::ChallengeChoices{}.pending_preauthorizations;
        std::uint16_t http_port = 80;
        std::uint16_t https_port = 443;
        std::uint16_t tls_alpn_port = 443;
        std::vector<std::string> dns_servers;
        bool dnssec = true;
        std::string dns_trust_anchor_file, dns_root_hints_file;
        /// A zone that is resolved in a way of its own.
        struct Zone {
            std::string name;
            /// Servers that resolve for us, or that have the zone; one of the two is empty.
            std::vector<std::string> forward{}, stub{};
            bool dnssec = true;
            std::string trust_anchor_file{};
        };
        std::vector<Zone> zones;
        std::vector<base::IpNetwork> allow_networks;
        base::Seconds timeout{10};
        /// How long a validation is tried again where that may help; 0: not at all.
        base::Seconds retry_for{0};
    } validation;
    /// A remote perspective that is asked for each validation.
    struct Perspective {
        std::string name;
        std::string url;
        protocol::InternetRegistry region = protocol::InternetRegistry::arin;
        friend bool operator==(const Perspective&, const Perspective&) = default;
    };
    std::vector<Perspective> perspectives;
    /// A service that speaks the Open MPIC API, and the perspectives in it whose votes count.
    struct OpenMpicService {
        std::string name;
        OpenMpicEndpoint endpoint;
        struct Seat {
            /// As the service calls it (`perspective_code`).
            std::string code;
            protocol::InternetRegistry region = protocol::InternetRegistry::arin;
            friend bool operator==(const Seat&, const Seat&) = default;
        };
        std::vector<Seat> perspectives{};
        friend bool operator==(const OpenMpicService&, const OpenMpicService&) = default;
    };
    std::vector<OpenMpicService> open_mpic;
    /// The regions of all remote perspectives, one for each.
    [[nodiscard]] std::vector<protocol::InternetRegistry> remote_regions() const;
    /// How many of them must see what this CA sees; of a private CA.
    struct Quorum {
        std::optional<std::size_t> dissent;
        std::size_t regions = 1;
    } quorum;
    struct Policy {
        ca::PolicyKind kind = ca::PolicyKind::private_ca;
        bool internal_names = false;
        bool baseline_requirements = true;
        std::set<std::string, std::less<>> private_suffixes =
            ca::NamePolicy::usual_private_suffixes();
        /// File of the domains that IANA lists, relative to the CA's folder or absolute; empty:
        /// those of the public suffix list.
        std::string top_level_domains;
        /// `allow_names` and `deny_names`.
        ca::NameRules names;
        /// Files of keys that anybody can know (crypto::WeakKeys).
        std::vector<std::string> weak_keys;
        /// The words of a command that judges what is to be signed; empty: none does.
        std::vector<std::string> linter;
        base::Seconds linter_timeout{10};
    } policy;
    struct Limits {
        bool enabled = true;
        /// What the store counts, and the requests that each node counts; all off if not enabled.
        ca::Limits stored;
        ca::RequestLimits requests;
        /// URL of a page that explains the limits; empty: the CA's own.
        std::string help;
        /// The longest wait for which a request is held instead of refused.
        base::Seconds hold{3};
    } limits;
    struct Clock {
        /// The operator's word that this machine's clock was right then (ca::ClockWatch::confirm).
        std::optional<base::Time> confirmed;
    } clock;
    ca::RetentionLimits retention;
    std::map<std::string, ca::Profile> profiles;
    std::string default_profile;
    /// Who signs what; files are relative to the CA's folder or absolute.
    struct Issuer {
        /// The issuer's certificate in PEM, followed by those above it, without the root.
        std::string certificate;
        /// A file, or the PKCS #11 URI of a key in a token.
        std::string key;
        ca::Issuer::Use use;
        /// Files with other chains of the issuer, each as `certificate`.
        std::vector<std::string> alternate_chains{};
        /// Where the passphrase of an encrypted key comes from.
        crypto::PassphraseSource passphrase{};
        /// The way to the TPM that has wrapped the key; empty: the usual one.
        std::string tcti{};
        /// File of the root that machines trust.
        std::string root = "pki/root.pem";
    };
    std::map<std::string, Issuer> issuers;
    /// What all nodes of a CA should have in common, as text: all but where this one listens, logs
    /// and keeps its store, and what is known of its clock.
    std::string common;
};

/// Reads a configuration file with overrides, each "KEY=VALUE" with a dotted key and a TOML value.
/// On failure every finding is reported: unknown keys, wrong types, values out of range.
[[nodiscard]] base::Result<Configuration, std::vector<base::Error>> read_configuration(
    const std::string& toml, const std::vector<std::string>& overrides, base::Time now);

/// The configuration in `folder`/ca.toml. Throws std::runtime_error with all that is wrong with it.
[[nodiscard]] Configuration load_configuration(const std::filesystem::path& folder,
                                               const std::vector<std::string>& overrides,
                                               base::Time now);

/// The keys that differ in a way that takes effect at the next start of a server alone; a reload
/// leaves them as they are.
[[nodiscard]] std::vector<std::string> keys_for_next_start(const Configuration& present,
                                                           const Configuration& fresh);

/// Every key that a configuration may have, dotted; NAME stands where the operator chooses one.
[[nodiscard]] std::vector<std::string> configuration_keys();

}  // namespace cairn::apps
