#include "apps/ca/issuer_making.h"

#include <algorithm>
#include <stdexcept>
#include <system_error>
#include <utility>

#include "apps/ca/init.h"
#include "apps/ca/intermediate.h"
#include "apps/command_line/files.h"
#include "base/duration.h"
#include "base/json_quoted.h"
#include "crypto/digest.h"
#include "pki/authority_certificates.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

bool is_there(const fs::path& path) {
    std::error_code ignored;
    return fs::exists(path, ignored);
}

fs::path key_path(const IssuerPlace& place) {
    return place.folder / "pki" / (place.name + "-key.pem");
}
fs::path certificate_path(const IssuerPlace& place) {
    return place.folder / "pki" / (place.name + ".pem");
}

void require_file_name(const std::string& name, Findings& findings) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (name.empty() || name.size() > 40 || !std::ranges::all_of(name, is_allowed))
        findings.add("NAME wants 1 to 40 lower-case letters, digits and hyphens");
    else if (name == "root" || name == "server" || name.ends_with("-key") ||
             name.ends_with("-root"))
        findings.add("NAME " + name + ": files of that name are another thing's");
}

// Adds to `findings` if something of this issuer is there.
void require_new(const IssuerPlace& place, Findings& findings) {
    require_file_name(place.name, findings);
    if (!findings.empty()) return;
    const auto request = place.folder / "pki" / (place.name + ".csr");
    if (is_there(certificate_path(place)))
        findings.add(certificate_path(place).string() + " is there already");
    else if (is_there(request))
        findings.add(request.string() +
                     " is there already: `cairn-ca issuer install` takes what answers it");
    else if (is_there(key_path(place)))
        findings.add(key_path(place).string() +
                     " is there already, without a certificate, as if making one was interrupted: "
                     "remove it if so");
}

// A root that is there need not be named again.
fs::path known_root(const IssuerPlace& place) {
    const auto known = place.configuration.issuers.find(place.name);
    return place.folder /
           (known == place.configuration.issuers.end() ? "pki/root.pem" : known->second.root);
}

WantedUse use_of(const IssuerPlace& place, WantedUse::Role role) {
    return {.role = role, .kind = place.configuration.policy.kind, .now = place.now};
}

// Two issuers with one certificate cannot be told apart.
void require_another(const IssuerPlace& place, const pki::Certificate& certificate,
                     Findings& findings) {
    for (const auto& [name, issuer] : place.configuration.issuers) {
        const auto path = place.folder / issuer.certificate;
        if (name == place.name || !is_there(path)) continue;
        const auto chain = pki::chain_from_pem(read_file(path));
        if (chain && chain->front() == certificate)
            findings.add("the certificate is that of the issuer " + name + " already");
    }
}

// The URI of the issuer's key, if ca.toml says that it is in a token.
std::string known_uri(const IssuerPlace& place) {
    const auto known = place.configuration.issuers.find(place.name);
    if (known == place.configuration.issuers.end() || !crypto::Pkcs11Uri::is_one(known->second.key))
        return {};
    return known->second.key;
}

// The file in which the root is, or goes to; whether it is there is for the caller.
struct RootFile {
    std::string name;  ///< as the configuration has it
    bool is_new = false;
};
RootFile root_file_for(const IssuerPlace& place, const pki::Certificate& root) {
    const auto known = place.configuration.issuers.find(place.name);
    const std::string usual =
        known == place.configuration.issuers.end() ? "pki/root.pem" : known->second.root;
    if (!is_there(place.folder / usual)) return {usual, true};
    const auto present = pki::Certificate::from_pem(read_file(place.folder / usual));
    if (present && *present == root) return {usual, false};
    const auto own = "pki/" + place.name + "-root.pem";
    const auto path = place.folder / own;
    if (!is_there(path)) return {own, true};
    const auto former = pki::Certificate::from_pem(read_file(path));
    if (!former || *former != root)
        throw std::runtime_error(path.string() +
                                 " is there already, with something else; nothing was changed");
    return {own, false};
}

std::string absolute(const std::string& file) {
    return fs::absolute(file).lexically_normal().string();
}

// What the configuration says is seen from the CA's folder.
crypto::PassphraseSource seen_from(const fs::path& folder, crypto::PassphraseSource source) {
    if (!source.file.empty()) source.file = absolute((folder / source.file).string());
    return source;
}

// As it belongs into ca.toml; empty if it says what is said there.
std::string table_of(const IssuerPlace& place, const crypto::PassphraseSource& passphrase,
                     const std::string& root_file, const std::string& key_uri,
                     const std::string& tcti = {}) {
    auto source = passphrase;
    if (!source.file.empty()) source.file = absolute(source.file);
    const auto certificate = "pki/" + place.name + ".pem";
    const auto key = key_uri.empty() ? "pki/" + place.name + "-key.pem" : key_uri;
    const auto known = place.configuration.issuers.find(place.name);
    if (known != place.configuration.issuers.end() && known->second.root == root_file &&
        known->second.certificate == certificate && known->second.key == key &&
        seen_from(place.folder, known->second.passphrase) == source)
        return {};
    std::string text = "[issuers." + place.name + "]\ncertificate = \"" + certificate +
                       "\"\nkey = " + base::json_quoted(key) + "\n";
    if (!tcti.empty()) text += "tcti = " + base::json_quoted(tcti) + "\n";
    if (root_file != "pki/root.pem") text += "root = " + base::json_quoted(root_file) + "\n";
    if (!source.file.empty()) text += "passphrase_file = " + base::json_quoted(source.file) + "\n";
    if (!source.credential.empty())
        text += "passphrase_credential = " + base::json_quoted(source.credential) + "\n";
    std::string words;
    for (const auto& word : source.command)
        words += (words.empty() ? "" : ", ") + base::json_quoted(word);
    if (!words.empty()) text += "passphrase_command = [" + words + "]\n";
    return text;
}

// The name without what `init` puts behind it.
std::string organization_of(const pki::Certificate& root) {
    constexpr std::string_view suffix = " Root";
    std::string name = root.subject_common_name();
    if (name.ends_with(suffix)) name.resize(name.size() - suffix.size());
    return name;
}

// The root's key as `init` left it: in a file, or in a token that a file names.
fs::path root_key_file(const IssuerPlace& place) {
    const auto uri_file = place.folder / "pki" / "root-key.uri";
    if (!is_there(uri_file)) return place.folder / "pki" / "root-key.pem";
    auto uri = read_file(uri_file);
    uri.erase(uri.find_last_not_of(" \r\n") + 1);
    return uri;
}

std::string digest_of(base::BytesView octets) {
    return base::to_hex(crypto::sha256(octets));
}

// The key as the lines of issuance and of signatures name it.
std::string words_of(const IssuerKey& key) {
    return "key " + digest_of(key.public_key().spki()) + (key.uri().empty() ? "" : " in a token");
}

std::string words_of(const pki::Certificate& certificate) {
    return "certificate " + digest_of(certificate.der()) + " of \"" +
           base::printable(certificate.subject_common_name(), 64) + "\"";
}

}  // namespace

MadeIssuer create_issuer(const IssuerPlace& place, const BroughtFiles& root,
                         crypto::KeyType key_type, std::optional<base::Seconds> life,
                         const std::optional<std::string>& common_name, const IssuerKeyStore& store,
                         crypto::Random& random) {
    Findings findings;
    require_new(place, findings);
    BroughtFiles files = root;
    if (files.certificates.empty()) files.certificates = place.folder / "pki" / "root.pem";
    if (root.certificates.empty() && files.key.empty()) files.key = root_key_file(place);
    auto above = load_brought(files, use_of(place, WantedUse::Role::above_our_issuers), findings);
    if (common_name) check_name("--intermediate-name", *common_name, findings);
    if (life && above && validity_from(place.now, *life).not_after > end_of(above->chain))
        findings.add("--intermediate-lifetime " + base::duration_text(*life) +
                     ": would outlive the root, which ends at " +
                     base::to_rfc3339(end_of(above->chain)));
    findings.throw_if_any();

    // Told apart from others by its name: two issuers of one name cannot be told apart by peers.
    const auto organization = organization_of(above->chain.front());
    auto usual_name = organization + " " + place.name;
    if (usual_name.size() > 64) usual_name = place.name;
    auto made = Intermediate::make({.common_name = common_name.value_or(usual_name),
                                    .organization = organization,
                                    .key_type = key_type,
                                    .kind = place.configuration.policy.kind,
                                    .life = life,
                                    .store = store},
                                   above->chain, above->key.signer(), place.now, random);
    auto whole = made.chain;
    whole.push_back(above->root());
    if (made.certificate().subject_name() == above->chain.front().subject_name())
        findings.add("--intermediate-name: must not be the name of the root");
    if (const auto sound = pki::check_authorities(whole); !sound)
        findings.add("an intermediate below it would be accepted by nobody: " +
                     sound.error().message);
    if (!findings.empty()) made.key.take_back();
    findings.throw_if_any();

    const auto root_file = root_file_for(place, above->root());
    try {
        place.before_writing(
            {.detail = "made " + words_of(made.key) + " and " + words_of(made.certificate()),
             .certificates = {made.certificate().der()}});
        NewFiles written;
        written.write_issuer(place.folder / "pki", place.name, made);
        if (root_file.is_new)
            written.write(place.folder / root_file.name, above->root().pem(), 0644);
        written.keep();
    } catch (...) {
        made.key.take_back();
        throw;
    }
    return {.certificate = made.certificate(),
            .notes = std::move(above->notes),
            .table = table_of(place, {}, root_file.name, made.key.uri(), store.tcti)};
}

MadeIssuer import_issuer(const IssuerPlace& place, BroughtFiles files) {
    Findings findings;
    require_new(place, findings);
    files.known_root = known_root(place);
    auto brought = load_brought(files, use_of(place, WantedUse::Role::issuer), findings);
    if (brought) require_another(place, brought->chain.front(), findings);
    findings.throw_if_any();
    const Intermediate issuer{brought->key, brought->chain_without_root(), brought->passphrase};
    const auto root_file = root_file_for(place, brought->root());
    place.before_writing(
        {.detail = "took " + words_of(issuer.key) + " and " + words_of(issuer.certificate())});
    NewFiles written;
    written.write_issuer(place.folder / "pki", place.name, issuer);
    if (root_file.is_new) written.write(place.folder / root_file.name, brought->root().pem(), 0644);
    written.keep();
    return {.certificate = issuer.certificate(),
            .notes = std::move(brought->notes),
            .table = table_of(
                place, issuer.passphrase.empty() ? crypto::PassphraseSource{} : files.passphrase,
                root_file.name, issuer.key.uri())};
}

MadeIssuer request_issuer(const IssuerPlace& place, crypto::KeyType key_type,
                          const std::string& common_name, const std::string& organization,
                          const IssuerKeyStore& store) {
    Findings findings;
    require_new(place, findings);
    check_name("--intermediate-name", common_name, findings);
    if (!organization.empty()) check_name("--organization", organization, findings);
    findings.throw_if_any();
    const auto key = IssuerKey::make(store, key_type, common_name);
    const auto request_file = place.folder / "pki" / (place.name + ".csr");
    try {
        const auto request = pki::make_authority_csr(key.signer(), common_name, organization, 0);
        place.before_writing(
            {.detail = "made " + words_of(key), .requests = {octets_of_block(request)}});
        NewFiles written;
        written.write_key(key_path(place), key);
        written.write(request_file, request, 0644);
        written.keep();
    } catch (...) {
        key.take_back();
        throw;
    }
    MadeIssuer made{.request_file = request_file};
    // A key in no file is found by what ca.toml says of it.
    if (!key.uri().empty()) made.table = table_of(place, {}, "pki/root.pem", key.uri());
    return made;
}

MadeIssuer install_issuer(const IssuerPlace& place, BroughtFiles files) {
    Findings findings;
    require_file_name(place.name, findings);
    if (is_there(certificate_path(place)))
        findings.add(certificate_path(place).string() +
                     " is there already; `cairn-ca issuer csr` makes a key for another issuer");
    const auto uri = known_uri(place);
    if (uri.empty() && !is_there(key_path(place)))
        findings.add(key_path(place).string() +
                     " is not there: `cairn-ca issuer csr` makes it, and the request that is to be "
                     "answered");
    findings.throw_if_any();
    files.key = uri.empty() ? key_path(place) : fs::path(uri);
    const auto known = place.configuration.issuers.find(place.name);
    if (!files.passphrase.is_there() && known != place.configuration.issuers.end())
        files.passphrase = seen_from(place.folder, known->second.passphrase);
    files.known_root = known_root(place);
    const auto brought = load_brought(files, use_of(place, WantedUse::Role::issuer), findings);
    if (brought) require_another(place, brought->chain.front(), findings);
    findings.throw_if_any();
    const auto root_file = root_file_for(place, brought->root());
    place.before_writing({.detail = "took " + words_of(brought->chain.front())});
    NewFiles written;
    if (root_file.is_new) written.write(place.folder / root_file.name, brought->root().pem(), 0644);
    written.write(certificate_path(place), pki::to_pem(brought->chain_without_root()), 0644);
    written.keep();
    return {.certificate = brought->chain.front(),
            .notes = brought->notes,
            .table = table_of(place, files.passphrase, root_file.name, uri)};
}

}  // namespace cairn::apps
