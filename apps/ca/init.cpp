#include "apps/ca/init.h"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "apps/ca/configuration.h"
#include "apps/ca/init_record.h"
#include "apps/ca/initial_configuration.h"
#include "apps/ca/intermediate.h"
#include "apps/ca/node_audit.h"
#include "apps/ca/offline_audit.h"
#include "apps/command_line/files.h"
#include "base/base64url.h"
#include "base/duration.h"
#include "base/ip_address.h"
#include "ca/rules/profile.h"
#include "crypto/digest.h"
#include "net/socket_address.h"
#include "pki/authority_certificates.h"
#include "pki/name_constraints.h"
#include "protocol/identifier.h"
#include "store/folder_owner.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

using Start = InitOptions::Start;

constexpr base::Seconds usual_root_life = std::chrono::days(3650);
constexpr base::Seconds usual_certificate_life = std::chrono::days(90);
constexpr base::Seconds longest_life = std::chrono::days(36500);
// Of the root of a public CA (BR 7.1.2.1.1).
constexpr base::Seconds least_public_root_life = std::chrono::days(2922);
constexpr base::Seconds most_public_root_life = std::chrono::days(9132);
constexpr unsigned https_port = 443;

// The port of "127.0.0.1:14000" or "[::1]:14000"; 0 if there is none.
unsigned port_of(const std::string& listen, Findings& findings) {
    const auto address = net::SocketAddress::from_text(listen);
    if (address && address->port != 0) return address->port;
    findings.add("--listen " + base::printable(listen) + ": wants ADDRESS:PORT");
    return 0;
}

// A host as it stands in a URL; empty for what is neither a name nor an address.
std::string checked_url_host(const std::string& host, Findings& findings) {
    if (const auto address = base::IpAddress::from_lenient_text(host))
        return address->to_url_host();
    if (const auto name = protocol::DnsName::from_text(host)) return name->text();
    findings.add("--host " + base::printable(host) + ": is neither a domain name nor an address");
    return {};
}

bool is_utf8(std::string_view text) {
    for (std::size_t i = 0; i < text.size();) {
        const auto first = static_cast<unsigned char>(text[i]);
        const std::size_t more = first < 0x80   ? 0
                                 : first < 0xC2 ? 9
                                 : first < 0xE0 ? 1
                                 : first < 0xF0 ? 2
                                 : first < 0xF5 ? 3
                                                : 9;
        if (more == 9 || i + more >= text.size()) return false;
        for (std::size_t j = 1; j <= more; ++j)
            if ((static_cast<unsigned char>(text[i + j]) & 0xC0U) != 0x80U) return false;
        const auto second = more > 0 ? static_cast<unsigned char>(text[i + 1]) : 0U;
        // Overlong forms, surrogates, and what is beyond Unicode.
        if ((first == 0xE0 && second < 0xA0) || (first == 0xED && second >= 0xA0) ||
            (first == 0xF0 && second < 0x90) || (first == 0xF4 && second >= 0x90))
            return false;
        i += more + 1;
    }
    return true;
}

/// The names and lives of what is made, all said.
struct Plan {
    std::string root_name, intermediate_name, organization;
    base::Seconds root_life = usual_root_life;
    base::Seconds certificate_life = usual_certificate_life;
};

void check_life(const std::string& flag, const std::optional<base::Seconds>& life,
                Findings& findings) {
    if (life && *life > longest_life) findings.add(flag + ": must not exceed 36500d");
}

Plan plan_of(const InitOptions& options, Findings& findings) {
    if (options.name.empty() || options.name.size() > 40)
        findings.add("--name: wants 1 to 40 characters");
    Plan plan{
        .root_name = options.root_name.value_or(options.name + " Root"),
        .intermediate_name = options.intermediate_name.value_or(options.name + " Intermediate 1"),
        .organization = options.organization.value_or(options.name),
        .root_life = options.root_life.value_or(usual_root_life),
        .certificate_life = options.certificate_life.value_or(usual_certificate_life)};
    check_name("--root-name", plan.root_name, findings);
    check_name("--intermediate-name", plan.intermediate_name, findings);
    check_name("--organization", plan.organization, findings);
    if (options.start == Start::everything_new && plan.root_name == plan.intermediate_name)
        findings.add("--intermediate-name: must not be the name of the root");
    check_life("--root-lifetime", options.root_life, findings);
    check_life("--intermediate-lifetime", options.intermediate_life, findings);
    check_life("--certificate-lifetime", options.certificate_life, findings);
    if (options.kind == ca::PolicyKind::public_ca && options.start == Start::everything_new &&
        (plan.root_life < least_public_root_life || plan.root_life > most_public_root_life))
        findings.add("--root-lifetime: must be from 2922d to 9132d in a public CA (BR 7.1.2.1.1)");

    // What has no effect is told instead of forgotten.
    const auto unused = [&](const char* flag, bool is_given, const char* why) {
        if (is_given) findings.add(std::string(flag) + ": " + why);
    };
    const bool makes_root = options.start == Start::everything_new;
    const bool is_brought = options.start == Start::intermediate_brought;
    const bool is_request = options.start == Start::request_only;
    unused("--root-name", options.root_name && !makes_root, "no root is made");
    unused("--root-lifetime", options.root_life && !makes_root, "no root is made");
    unused("--intermediate-name", options.intermediate_name && is_brought,
           "no intermediate is made");
    unused("--organization", options.organization && is_brought, "no certificate is made");
    unused("--intermediate-lifetime", options.intermediate_life && (is_brought || is_request),
           "whoever signs the intermediate decides how long it lives");
    unused("the options of a passphrase",
           options.brought.passphrase.is_there() && (makes_root || is_request) &&
               options.store.kind != IssuerKeyStore::Kind::file,
           "the key is in no file that it could encrypt");
    unused("--key-store", is_brought && options.store.kind != IssuerKeyStore::Kind::file,
           "the key is there already: name it by --intermediate-key, a file or a PKCS #11 URI");
    return plan;
}

/// What is to be written into `pki/`.
struct Material {
    std::optional<IssuerKey> root_key{};
    std::optional<pki::Certificate> root{};
    std::optional<Intermediate> intermediate{};
    /// Instead of an intermediate: the key, and the request for its certificate.
    std::optional<IssuerKey> requested_key{};
    std::string request{};
    /// Not empty: keys that are made are written encrypted with it.
    base::SecretBytes passphrase{};
    std::vector<std::string> notes{};

    /// The issuer's key, whether it is certified already.
    [[nodiscard]] const IssuerKey* issuing_key() const {
        if (intermediate) return &intermediate->key;
        return requested_key ? &*requested_key : nullptr;
    }
    /// What was made in a token is removed again.
    void take_back() const noexcept {
        if (root_key) root_key->take_back();
        if (const auto* key = issuing_key()) key->take_back();
    }
};

/// A key of the root: beside the issuer's if that has a name in a token.
IssuerKeyStore root_store(const InitOptions& options) {
    auto store = options.store;
    store.uri.id.clear();
    if (!store.uri.object.empty()) store.uri.object += " root";
    return store;
}

IntermediatePlan intermediate_plan(const InitOptions& options, const Plan& plan) {
    return {.common_name = plan.intermediate_name,
            .organization = plan.organization,
            .key_type = options.key_type,
            .kind = options.kind,
            .life = options.intermediate_life,
            .store = options.store};
}

// Adds the intermediate below `above`, whose first has the key `signer`.
void certify_intermediate(const InitOptions& options, const Plan& plan, const pki::Chain& above,
                          const crypto::Signer& signer, base::Time now, crypto::Random& random,
                          Material& material, Findings& findings) {
    const auto end = end_of(above);
    if (options.intermediate_life &&
        validity_from(now, *options.intermediate_life).not_after > end) {
        findings.add("--intermediate-lifetime " + base::duration_text(*options.intermediate_life) +
                     ": would outlive the root, which ends at " + base::to_rfc3339(end));
        return;
    }
    auto made = Intermediate::make(intermediate_plan(options, plan), above, signer, now, random);
    auto whole = made.chain;
    whole.push_back(above.back());
    if (made.certificate().subject_name() == above.front().subject_name())
        findings.add("--intermediate-name: must not be the name of the root");
    if (const auto sound = pki::check_authorities(whole); !sound)
        findings.add("an intermediate below it would be accepted by nobody: " +
                     sound.error().message);
    else if (const auto verified = pki::verify_authorities(whole, std::vector{whole.back()}, now);
             !verified)
        findings.add("an intermediate below it would be accepted by nobody: " +
                     verified.error().message);
    material.intermediate = std::move(made);
}

// Whether the server's own certificate could be accepted.
void note_constrained_hosts(const InitOptions& options, const pki::Chain& chain,
                            std::vector<std::string>& notes) {
    for (const auto& host : options.hosts) {
        const bool is_permitted = std::ranges::all_of(chain, [&](const auto& authority) {
            const auto constraints = pki::NameConstraints::of(authority);
            if (!constraints) return true;
            if (const auto address = base::IpAddress::from_lenient_text(host))
                return constraints->permits(*address);
            const auto name = protocol::DnsName::from_text(host);
            return !name || constraints->permits(name->text());
        });
        if (!is_permitted)
            notes.push_back("its chain does not permit " + base::printable(host) +
                            ", so that clients refuse the server's own certificate under that "
                            "name: give a --host that it permits");
    }
}

WantedUse brought_use(const InitOptions& options, base::Time now) {
    const bool issues = options.start == Start::intermediate_brought;
    return {.role = issues ? WantedUse::Role::issuer : WantedUse::Role::above_our_issuers,
            .kind = options.kind,
            .now = now};
}

void fill_material(Material& material, const InitOptions& options, const Plan& plan, base::Time now,
                   crypto::Random& random, Findings& findings) {
    if (options.start == Start::request_only) {
        material.requested_key =
            IssuerKey::make(options.store, options.key_type, plan.intermediate_name);
        material.request = pki::make_authority_csr(material.requested_key->signer(),
                                                   plan.intermediate_name, plan.organization, 0);
        return;
    }
    if (options.start == Start::everything_new) {
        material.root_key = IssuerKey::make(root_store(options), options.key_type, plan.root_name);
        material.root = pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                                    .validity = validity_from(now, plan.root_life),
                                                    .common_name = plan.root_name,
                                                    .organization = plan.organization,
                                                    .path_length = std::nullopt},
                                                   material.root_key->signer());
        certify_intermediate(options, plan, {*material.root}, material.root_key->signer(), now,
                             random, material, findings);
        return;
    }
    auto brought = load_brought(options.brought, brought_use(options, now), findings);
    if (!brought) return;
    material.notes = brought->notes;
    note_constrained_hosts(options, brought->chain, material.notes);
    material.root = brought->root();
    if (options.start == Start::intermediate_brought)
        material.intermediate = Intermediate{brought->key, brought->chain_without_root(),
                                             std::move(brought->passphrase)};
    else
        certify_intermediate(options, plan, brought->chain, brought->key.signer(), now, random,
                             material, findings);
}

// Keys of a token that does not let us in are a finding like others.
Material make_material(const InitOptions& options, const Plan& plan, base::Time now,
                       crypto::Random& random, Findings& findings) {
    Material material;
    const bool makes_key = options.start != Start::intermediate_brought;
    try {
        // A brought key keeps its own passphrase; here is that of keys that are made.
        if (options.start != Start::intermediate_brought && options.start != Start::root_brought &&
            options.brought.passphrase.is_there())
            material.passphrase =
                crypto::read_passphrase(options.brought.passphrase, fs::current_path());
        fill_material(material, options, plan, now, random, findings);
    } catch (const std::runtime_error& error) {
        material.take_back();
        findings.add(std::string(makes_key && options.store.kind != IssuerKeyStore::Kind::file
                                     ? "--key-store: "
                                     : "") +
                     error.what());
    }
    if (material.intermediate && !material.passphrase.empty())
        material.intermediate->passphrase = material.passphrase;
    return material;
}

// How the configuration has it.
InitialChoices initial_choices(const InitOptions& options, const Plan& plan,
                               const Material& material, base::Time now, Findings& findings) {
    InitialChoices choices{.certificate_life = plan.certificate_life,
                           .beyond_baseline = options.kind == ca::PolicyKind::private_ca &&
                                              plan.certificate_life > ca::longest_validity(now)};
    if (material.intermediate) {
        auto whole = material.intermediate->chain;
        if (material.root) whole.push_back(*material.root);
        if (now + plan.certificate_life > end_of(whole))
            findings.add("--certificate-lifetime " + base::duration_text(plan.certificate_life) +
                         ": would outlive the issuer, whose chain ends at " +
                         base::to_rfc3339(end_of(whole)));
    }
    if (const auto* key = material.issuing_key()) choices.key_uri = key->uri();
    if (options.store.kind == IssuerKeyStore::Kind::tpm2) choices.tcti = options.store.tcti;
    const bool is_encrypted = !material.passphrase.empty() ||
                              (material.intermediate && !material.intermediate->passphrase.empty());
    if (is_encrypted) {
        choices.passphrase = options.brought.passphrase;
        auto& file = choices.passphrase.file;
        if (!file.empty()) file = fs::absolute(file).lexically_normal().string();
    }
    return choices;
}

void write_material(const fs::path& folder, const Material& material) {
    NewFiles files;
    if (material.root_key) {
        files.write_key(folder / "root-key.pem", *material.root_key, material.passphrase);
        if (const auto uri = material.root_key->uri(); !uri.empty())
            files.write(folder / "root-key.uri", uri + "\n", 0600);
    }
    if (material.intermediate) files.write_issuer(folder, "intermediate", *material.intermediate);
    if (material.requested_key) {
        files.write_key(folder / "intermediate-key.pem", *material.requested_key,
                        material.passphrase);
        files.write(folder / "intermediate.csr", material.request, 0644);
    }
    if (material.root) files.write(folder / "root.pem", material.root->pem(), 0644);
    files.keep();
}

// `like`: whose it is to be, if root makes it for somebody else; none: root's own.
void make_folder(const fs::path& path, const fs::path& like = {}) {
    fs::create_directory(path);
    fs::permissions(path, fs::perms::owner_all);
    if (!like.empty()) store::give_to_owner_of(like, path);
}

// The folders that have to be synced so that `folder`, and those above it that are not there yet,
// are durable once they are made.
std::vector<fs::path> keepers_of(const fs::path& folder) {
    std::vector<fs::path> keepers{folder.parent_path()};
    while (!fs::exists(keepers.back())) keepers.push_back(keepers.back().parent_path());
    return keepers;
}

// Moves the finished folder to its place, durably, or takes it back.
void move_into_place(const fs::path& draft, const fs::path& folder,
                     const std::vector<fs::path>& keepers) {
    const bool was_there = fs::exists(folder);
    fs::rename(draft, folder);
    try {
        for (const auto& keeper : keepers) sync_folder(keeper);
    } catch (const std::exception&) {
        fs::rename(folder, draft);
        if (was_there) make_folder(folder, draft);
        throw;
    }
}

InitRecord record_of(const InitOptions& options, const Material& material) {
    InitRecord record{.options = options, .root = material.root, .request = material.request};
    if (material.root_key) record.root_key = &*material.root_key;
    if (material.intermediate) record.chain = material.intermediate->chain;
    if (options.start != Start::intermediate_brought) record.issuer_key = material.issuing_key();
    return record;
}

// Everything is made beside its place and moved there in one step.
void make_authority(const fs::path& folder, const Material& material,
                    const std::string& configuration, std::vector<ca::AuditEntry> told,
                    const base::Clock& clock, crypto::Random& random) {
    const auto keepers = keepers_of(folder);
    fs::create_directories(folder.parent_path());
    auto draft = folder;
    draft += "." + base::to_hex(random.octets(4)) + ".new";
    try {
        std::error_code status;
        make_folder(draft, fs::exists(folder, status) ? folder : fs::path());
        make_folder(draft / "pki", draft);
        make_folder(draft / "store", draft);
        write_material(draft / "pki", material);
        write_file(draft / "ca.toml", configuration, 0600);
        record_offline(audit_folder({}, draft), std::move(told), clock);
        move_into_place(draft, folder, keepers);
    } catch (...) {
        std::error_code ignored;
        fs::remove_all(draft, ignored);
        throw;
    }
}

}  // namespace

void check_name(const std::string& flag, const std::string& text, Findings& findings) {
    constexpr std::size_t longest = 64;  // ub-common-name, RFC 5280 appendix A.1
    const bool has_control = std::ranges::any_of(
        text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7F'; });
    if (text.empty() || text.size() > longest || has_control || !is_utf8(text))
        findings.add(flag + " \"" + base::printable(text, 80) +
                     "\": wants 1 to 64 octets of UTF-8 without control characters");
}

std::string fingerprint(base::BytesView octets) {
    std::string result;
    for (const char c : base::to_hex(octets)) {
        if (result.size() % 3 == 2) result += ':';
        result += static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    }
    return result;
}

InitResult init(const InitOptions& options, const base::Clock& clock, crypto::Random& random) {
    Findings findings;
    for (const auto& mistake : options.mistakes) findings.add(mistake);
    const auto now = clock.now();
    const unsigned port = port_of(options.listen, findings);
    std::vector<std::string> hosts;
    for (const auto& host : options.hosts) hosts.push_back(checked_url_host(host, findings));
    if (hosts.empty()) findings.add("--host: wants a name or an address");
    std::error_code status;
    if (fs::exists(options.folder, status) &&
        !(fs::is_directory(options.folder) && fs::is_empty(options.folder)))
        findings.add(options.folder.string() + " exists and is not an empty folder");
    const auto plan = plan_of(options, findings);
    Material material;
    // Nothing is made of names that no certificate can have; what was brought is judged all the
    // same.
    if (findings.empty())
        material = make_material(options, plan, now, random, findings);
    else if (!options.brought.certificates.empty())
        (void)load_brought(options.brought, brought_use(options, now), findings);
    const auto choices = initial_choices(options, plan, material, now, findings);
    if (!findings.empty()) material.take_back();
    findings.throw_if_any();

    const std::string public_url =
        "https://" + hosts.front() + (port == https_port ? "" : ":" + std::to_string(port));
    const std::string admin_listen =
        "127.0.0.1:" + std::to_string(port < 65535 ? port + 1 : port - 1);
    const auto configuration = initial_configuration(options.listen, admin_listen, public_url,
                                                     options.hosts, options.kind, choices);
    if (const auto read = read_configuration(configuration, {}, now); !read)
        for (const auto& finding : read.error()) findings.add(finding.message);
    if (!findings.empty()) material.take_back();
    findings.throw_if_any();

    auto folder = fs::absolute(options.folder).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path();
    try {
        make_authority(folder, material, configuration, entries_of(record_of(options, material)),
                       clock, random);
    } catch (...) {
        material.take_back();
        throw;
    }
    InitResult result{.directory_url = public_url + "/directory",
                      .root_fingerprint = {},
                      .root_file = folder / "pki" / "root.pem",
                      .notes = std::move(material.notes)};
    if (material.root) result.root_fingerprint = fingerprint(crypto::sha256(material.root->der()));
    if (material.requested_key) result.request_file = folder / "pki" / "intermediate.csr";
    if (choices.beyond_baseline)
        result.notes.push_back(
            "certificates live longer than a public CA's may; ca.toml says so by "
            "policy.baseline_requirements = false");
    return result;
}

}  // namespace cairn::apps
