#include "apps/ca/initial_configuration.h"

#include <chrono>
#include <cstdint>
#include <optional>
#include <ratio>
#include <string_view>

#include "base/duration.h"
#include "base/json_quoted.h"
#include "ca/rules/request_limits.h"

namespace cairn::apps {

namespace {

// A limit as its key in the file, commented out.
std::string limit_line(std::string_view name, const std::optional<ca::Limit>& limit) {
    std::string line = "# " + std::string(name) + " = ";
    if (!limit) return line + "false\n";
    line += "{ count = " + std::to_string(limit->rate.count) + ", period = \"" +
            base::duration_text(limit->rate.period) + "\"";
    if (limit->burst != 0) line += ", burst = " + std::to_string(limit->burst);
    return line + " }\n";
}

std::string limits_part(ca::PolicyKind kind) {
    std::string text =
        R"(
# [limits]                 # `cairn-ca limit list DIR` shows what each counts; false: no such limit
# enabled = true           # they stop a client that runs wild, no people at work; false lifts them all
# help = ""                # URL of a page about them; empty: one of this CA
# hold = "3s"              # a request waits so long where that is enough; false: none waits
)";
    const auto limits = ca::default_limits(kind);
    for (const auto name : base::enumerators<ca::LimitName>)
        if (name != ca::LimitName::requests_per_ip)
            text += limit_line(to_string(name), limits[name]);
    text += "# [limits.requests_per_ip] # counted by each node for itself\n";
    const auto requests = ca::default_request_limits(kind);
    for (const auto group : base::enumerators<ca::RequestGroup>)
        text += limit_line(to_string(group), requests[group]);
    return text;
}

// "90 days", "36 hours": a life in words.
std::string life_words(base::Seconds life) {
    using Days = std::chrono::duration<std::int64_t, std::ratio<86400>>;
    if (life % Days(1) == base::Seconds(0)) {
        const auto days = std::chrono::duration_cast<Days>(life).count();
        return std::to_string(days) + (days == 1 ? " day" : " days");
    }
    return base::duration_text(life);
}

// The three ways to a passphrase, of which one is put to work at most.
std::string passphrase_part(const crypto::PassphraseSource& source) {
    const auto line = [](bool is_used, const std::string& key, const std::string& value,
                         std::string_view comment) {
        return (is_used ? "" : "# ") + key + " = " + value + "   # " + std::string(comment) + "\n";
    };
    std::string words;
    for (const auto& word : source.command)
        words += (words.empty() ? "" : ", ") + base::json_quoted(word);
    return line(!source.file.empty(), "passphrase_file", base::json_quoted(source.file),
                "of an encrypted key: the first line of a file,") +
           line(!source.command.empty(), "passphrase_command", "[" + words + "]",
                "or of what a program prints, run without a shell,") +
           line(!source.credential.empty(), "passphrase_credential",
                base::json_quoted(source.credential), "or of a credential of systemd's");
}

// The key itself: a file, or a key in a token.
std::string key_part(const InitialChoices& choices) {
    const auto key = choices.key_uri.empty() ? "pki/intermediate-key.pem" : choices.key_uri;
    return "key = " + base::json_quoted(key) + "\n" + (choices.tcti.empty() ? "# " : "") +
           "tcti = " + base::json_quoted(choices.tcti) +
           "   # of a key that a TPM wraps: the way there, as tpm2-tss has it; empty: the usual "
           "one\n";
}

}  // namespace

std::string initial_configuration(const std::string& listen, const std::string& admin_listen,
                                  const std::string& public_url,
                                  const std::vector<std::string>& hosts, ca::PolicyKind kind,
                                  const InitialChoices& choices) {
    const bool is_private = kind == ca::PolicyKind::private_ca;
    std::string host_list;
    for (const auto& host : hosts)
        host_list += (host_list.empty() ? "" : ", ") + base::json_quoted(host);
    constexpr std::string_view head =
        R"(# The configuration of this certificate authority. Every key can be overridden with
# `cairn-ca serve DIR --set KEY=VALUE`. SIGHUP makes a running server read it again.
# What is commented out shows its default.

# default_profile = "default"   # the profile of orders that name none

)";
    constexpr std::string_view before_networks =
        R"(# threads = 0              # event loops; 0: one for each processor
# trusted_proxies = []     # e.g. "10.0.0.5": load balancers that tell clients' addresses
# connections_per_client = 1000

[directory]                # what clients are told
# terms_of_service = ""    # URL; clients must agree to it
# terms_change = "require" # another URL: accounts must agree anew before they order; or "ignore"
# external_account_required = false   # true: `cairn-ca eab create` lets in who may have an account
# caa_identities = []      # this CA in CAA records, as "ca.example"; empty: they are not asked for
# website = ""             # URL

[store]                    # or "postgresql://USER@HOST/DATABASE", on which several nodes are one CA
url = "sqlite:store/cairn.sqlite"
# schema = "cairn"         # PostgreSQL: the schema that holds the CA
# connections = 4          # PostgreSQL: connections for each event loop

[log]
# file = "-"               # "-": standard error
# level = "info"           # debug, info, warning, error
# access = true            # a line for each request
# format = "auto"          # json, text; auto: text on a terminal

[validation]
# challenges = ["http-01", "dns-01", "tls-alpn-01"]   # also "dns-account-01", "dns-persist-01"
# persist_issuers = []     # for dns-persist-01: the names of this CA in clients' records
# subdomains = false       # true: a proof for a name may be one for all names below it (RFC 9444)
# preauthorizations = 100  # newAuthz: how many an account may have pending; 0: there is no newAuthz
http_port = 80
tls_alpn_port = 443
# https_port = 443         # where a redirect of http-01 to https may lead
dns_servers = []           # empty: resolve from the roots; else forwarders, "127.0.0.1:8053"
dnssec = true              # false: for forwarders that serve unsigned private zones only
# dns_trust_anchor_file = ""   # empty: the root's keys that came with this system
# dns_root_hints_file = ""
)";
    constexpr std::string_view private_networks =
        R"(# Opens: this CA connects to hosts in these networks when a client is to prove a name there, and
# certificates may name their addresses. A stranger's redirect or alias never leads into them.
# To close it name fewer networks, or none: []
allow_networks = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"]
)";
    constexpr std::string_view public_networks =
        R"(allow_networks = []        # destinations outside public address space
)";
    constexpr std::string_view behind_networks =
        R"(# timeout = "10s"          # for one validation
# retry_for = "never"      # e.g. "30s": so long a challenge is tried again that nothing answers yet

# [validation.zones."corp.example"]   # a zone that servers of its own resolve; no default
# forward = ["10.0.0.53"]  # servers that resolve it for the CA; or else
# stub = []                # servers that have it; what they delegate is followed
# dnssec = true            # false: the zone is not signed
# trust_anchor_file = ""   # file with the zone's own DS or DNSKEY records

)";
    constexpr std::string_view private_policy = R"([policy]
# kind = "private"         # whom it serves; "public" is what `init --public` writes
# Opens: certificates also for names outside the public DNS, single labels, .local and localhost
# among them, for whoever can prove control. Names that others may have, too, in their own networks.
# To close it: false; then private_suffixes says below what they may be.
internal_names = true
# private_suffixes = ["corp", "example", "home", "home.arpa", "internal", "intranet", "lan", "private", "test"]
)";
    constexpr std::string_view public_policy = R"([policy]
# While something is missing that the Baseline Requirements demand, `serve` starts nothing and says
# what: this version knows no certificate transparency, caa_identities above must say how CAA records
# name this CA, and there must be perspectives below.
kind = "public"            # the Baseline Requirements hold, whatever else is written here
# internal_names = false
# private_suffixes = []
# baseline_requirements = true
)";
    constexpr std::string_view policy_lists =
        R"(# allow_names = []         # for these alone: "www.example.com", ".example.com" (all below it), "10.0.0.0/8"
# deny_names = []          # never for these
# top_level_domains = ""   # file of IANA's list; empty: the system's public suffix list
# weak_keys = []           # files of keys that anybody can know, as Debian's openssl-blacklist
# linter = []              # e.g. ["pkilint", "lint_cabf_serverauth_cert", "lint"]: judges each certificate
# linter_timeout = "10s"
)";
    constexpr std::string_view end = R"(
[renewal]                  # what clients are told of renewals (RFC 9773)
# retry_after = "6h"       # when they should ask again; 1m to 1d

[retention]                # for how long what has ended is kept; "never": for ever
# orders = "30d"
# authorizations = "30d"
# certificates = "never"

# [clock]                  # wanted where /readyz says so; no default
# confirmed = "2027-01-28T12:00:00Z"   # your word that this machine's clock was right then

[audit]                    # who did what, line by line; see cairn-ca audit verify
# folder = "audit"         # each node has its own
# rotate_size = 67108864   # octets at which a file is followed by another
# rotate_after = "1d"      # the same by its age
# keep = "never"           # how long a file stays after its last line: a duration; "never": for ever

[issuance]
# issuer_base_url = ""     # http URL of issuers' certificates; empty: public_url with http

[crl]                      # revocation lists, served at http://HOST/crl/... on the same port
# base_url = ""            # http URL below which certificates name them; empty: as issuer_base_url
# lifetime = "7d"          # how long a list is good for; at most 10d
# reissue = "1d"           # a list is signed anew at this age; at most 4d and half of lifetime
# delay = "2s"             # so soon after a revocation a list tells of it
# shards = 16              # lists among which a profile with crl = "sharded" divides certificates

[ocsp]                     # answers about one certificate, at http://HOST/ocsp on the same port
# enabled = false          # true: certificates name it, beside their list
# base_url = ""            # http URL below which certificates name it; empty: as issuer_base_url
# lifetime = "1d"          # how long an answer is good for; 8h to 10d

)";
    constexpr std::string_view private_perspectives =
        R"(# [[perspective]]          # one for each cairn-va elsewhere; `cairn-ca perspective add` writes it
# name = "lon1"
# url = "https://va-lon1.internal:8443"
# region = "RIPE"          # AFRINIC, APNIC, ARIN, LACNIC or RIPE

# [[open_mpic]]            # one for each service of the Open MPIC API, whose perspectives vote as well
# name = "mpic"
# url = "https://mpic.internal"            # /mpic is appended
# api_key_file = "perspectives/mpic.key"   # holds the key for it; empty: none is sent
# api_key_field = "x-api-key"              # or "authorization": as Bearer
# roots_file = ""          # PEM; empty: the system's roots
# client_certificate_file = ""             # PEM, for services that ask for one, and its key
# client_key_file = ""
# perspectives = { us-east-2 = "ARIN", eu-west-2 = "RIPE" }

# [quorum]                 # how many of them must see what this CA sees
# dissent = 1              # so many may not; default: none of 1, one of 2 to 5, two of 6 or more
# regions = 1              # those who do stand in at least so many regions

)";
    constexpr std::string_view public_perspectives =
        R"(# [[perspective]]          # one for each cairn-va elsewhere; `cairn-ca perspective add` writes it
# name = "lon1"
# url = "https://va-lon1.internal:8443"
# region = "RIPE"          # AFRINIC, APNIC, ARIN, LACNIC or RIPE

# [[open_mpic]]            # one for each service of the Open MPIC API, whose perspectives vote as well
# name = "mpic"
# url = "https://mpic.internal"            # /mpic is appended
# api_key_file = "perspectives/mpic.key"   # holds the key for it; empty: none is sent
# api_key_field = "x-api-key"              # or "authorization": as Bearer
# roots_file = ""          # PEM; empty: the system's roots
# client_certificate_file = ""             # PEM, for services that ask for one, and its key
# client_key_file = ""
# perspectives = { us-east-2 = "ARIN", eu-west-2 = "RIPE" }

)";
    constexpr std::string_view issuers =
        R"([issuers.intermediate]     # `cairn-ca issuer create` makes another one
certificate = "pki/intermediate.pem"
)";
    constexpr std::string_view behind_key =
        R"(# root = "pki/root.pem"    # whom machines trust, offered at /roots.pem
# profiles = []            # for these profiles alone; empty: for all
# key_types = []           # for keys of these kinds alone: "rsa", "ec-p256", "ec-p384", "ec-p521"
# active = true            # false: issues nothing more, and is still served
# alternate_chains = []    # e.g. "pki/cross.pem": other chains that clients may choose

)";
    constexpr std::string_view default_profile = R"(max_names = 100
# backdate = "1h"          # how far before the issuance the validity begins; at most a tenth of it
# common_name = false      # true: the first name is the subject's common name as well
# key_encipherment = true  # false: RSA keys are certified for signatures alone
# identifiers = ["dns", "ip"]   # kinds of names that it is for
# key_types = []           # kinds of keys that it is for: as for issuers; empty: all of those
# allow_names = []         # for these names alone, and never for those of deny_names: as in [policy]
# deny_names = []
# extended_key_usage = ["serverAuth"]   # also "clientAuth" in a private CA
# uris = false             # true: also URIs such as SPIFFE ids, those of `cairn-ca account scope`
# subject_key_identifier = false
crl = "full"               # certificates name the list of all that their issuer issued; "sharded":
                           # one of [crl] shards lists; "none": no list (public CA: up to 7 days only)
# order_lifetime = "7d"
# pending_lifetime = "7d"  # for how long a name can be proved after an order
# reuse_lifetime = "10d"   # for how long a proof can be used again
)";
    constexpr std::string_view shortlived_profile = R"(
[profiles.shortlived]
description = "certificates for TLS servers, 6 days"
validity = "160h"
crl = "none"               # they end sooner than a list would reach those who need it
)";
    constexpr std::string_view mtls_profile = R"(
[profiles.mtls]
description = "certificates for TLS servers and clients, 30 days"
validity = "30d"
extended_key_usage = ["serverAuth", "clientAuth"]
uris = true
)";
    std::string text(head);
    text += "[server]\nlisten = [" + base::json_quoted(listen) + "]\n";
    text += "public_url = " + base::json_quoted(public_url) +
            "   # what clients see; all URLs are built from it\n";
    text += "admin_listen = " + base::json_quoted(admin_listen) +
            "   # /healthz, /readyz, /metrics: for the operator alone\n";
    text += "hosts = [" + host_list + "]   # names and addresses in the server's own certificate\n";
    text += before_networks;
    text += is_private ? private_networks : public_networks;
    text += behind_networks;
    text += is_private ? private_policy : public_policy;
    if (is_private)
        text += choices.beyond_baseline ? "# Opens: certificates that live longer than a public "
                                          "CA's may. To close it: true\n"
                                          "baseline_requirements = false\n"
                                        : "# baseline_requirements = true   # false: lifetimes "
                                          "beyond those of public CAs\n";
    text += policy_lists;
    text += limits_part(kind);
    text += end;
    text += is_private ? private_perspectives : public_perspectives;
    text += issuers;
    text += key_part(choices) + passphrase_part(choices.passphrase);
    text += behind_key;
    text += "\n[profiles.default]\ndescription = \"certificates for TLS servers, " +
            life_words(choices.certificate_life) +
            "\"\nvalidity = " + base::json_quoted(base::duration_text(choices.certificate_life)) +
            "\n";
    text += default_profile;
    text += shortlived_profile;
    if (is_private) text += mtls_profile;
    return text;
}

}  // namespace cairn::apps
