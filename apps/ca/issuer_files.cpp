#include "apps/ca/issuer_files.h"

#include <algorithm>
#include <stdexcept>
#include <system_error>

#include "apps/ca/crl_configuration.h"
#include "apps/ca/issuer_key.h"
#include "apps/command_line/files.h"
#include "ca/work/key_signer.h"
#include "crypto/digest.h"
#include "crypto/encrypted_key.h"
#include "crypto/pkcs11/key.h"
#include "crypto/tpm2/key.h"
#include "pki/chain.h"
#include "pki/crl_lint.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

// What an error in `pki/` means to the operator.
template <class T>
T require(base::Result<T> result, const fs::path& path) {
    if (!result) throw std::runtime_error(path.string() + ": " + result.error().message);
    return std::move(*result);
}

std::string issuer_url(const Configuration& configuration, const pki::Certificate& issuer) {
    return plain_base(configuration.issuance.issuer_base_url, configuration.server.public_url) +
           "/issuer/" + base::to_hex(crypto::sha256(issuer.der()));
}

// The key, opened by its passphrase if it is encrypted. `certified`: that of the certificate, by
// which a key in a token is known before the token is asked.
std::unique_ptr<ca::SigningKey> load_key(const std::string& name,
                                         const Configuration::Issuer& wanted,
                                         const fs::path& folder,
                                         const crypto::PublicKey& certified) {
    if (crypto::Pkcs11Uri::is_one(wanted.key)) {
        const auto uri = crypto::Pkcs11Uri::from_text(wanted.key);
        if (!uri) throw std::runtime_error("issuers." + name + ".key: " + uri.error().message);
        return std::make_unique<HeldKey>(crypto::Pkcs11Key::signer(*uri, certified));
    }
    const auto path = folder / wanted.key;
    const auto pem = read_file(path);
    if (pem.contains(crypto::Tpm2Key::pem_label))
        return std::make_unique<HeldKey>(
            require(crypto::Tpm2Key::from_pem(pem), path).signer(wanted.tcti));
    const auto in_memory = [](crypto::PrivateKey key) {
        return std::make_unique<ca::MemoryKey>(std::move(key));
    };
    const auto setting = "issuers." + name + ".passphrase_file, _command or _credential";
    if (!crypto::has_encrypted_key(pem)) {
        if (wanted.passphrase.is_there())
            throw std::runtime_error(path.string() + ": is not encrypted, and " + setting +
                                     " says that it is: encrypt it, or take the setting out");
        return in_memory(require(crypto::PrivateKey::from_pem(pem), path));
    }
    if (!wanted.passphrase.is_there())
        throw std::runtime_error(
            path.string() + ": is encrypted; say where its passphrase comes from by " + setting);
    try {
        const auto passphrase = crypto::read_passphrase(wanted.passphrase, folder);
        return in_memory(require(crypto::encrypted_key_from_pem(pem, passphrase), path));
    } catch (const std::runtime_error& error) {
        throw std::runtime_error("issuer " + name + ": " + error.what());
    }
}

// Throws, saying what to do next, if a root kept elsewhere has not signed the request yet.
void require_certificate(const std::string& name, const fs::path& chain_path) {
    const auto request = fs::path(chain_path).replace_extension(".csr");
    std::error_code ignored;
    if (fs::exists(chain_path, ignored) || !fs::exists(request, ignored)) return;
    throw std::runtime_error(
        "issuer " + name + " has no certificate yet (" + chain_path.string() + "): have " +
        request.string() +
        " certified by your root, and put the chain in its place by: cairn-ca issuer install " +
        chain_path.parent_path().parent_path().string() + " " + chain_path.stem().string() +
        " CHAIN.pem");
}

ca::Issuer load_issuer(const std::string& name, const Configuration& configuration,
                       const fs::path& folder, const base::Executor& slow_signing,
                       const Adapters& adapters) {
    const auto& wanted = configuration.issuers.at(name);
    const auto chain_path = folder / wanted.certificate;
    const auto key_path = folder / wanted.key;
    require_certificate(name, chain_path);
    auto chain = require(pki::chain_from_pem(read_file(chain_path)), chain_path);
    std::vector<pki::Chain> other_chains;
    for (const auto& file : wanted.alternate_chains)
        other_chains.push_back(
            require(pki::chain_from_pem(read_file(folder / file)), folder / file));
    auto key = load_key(name, wanted, folder, chain.front().public_key());
    auto url = issuer_url(configuration, chain.front());
    try {
        return {
            name,           std::move(chain), adapters.make_signer(std::move(key), slow_signing),
            std::move(url), wanted.use,       std::move(other_chains)};
    } catch (const std::invalid_argument& error) {
        auto files = chain_path.string() + ", " + key_path.string();
        for (const auto& file : wanted.alternate_chains) files += ", " + (folder / file).string();
        throw std::runtime_error(std::string(error.what()) + " (" + files + ")");
    }
}

// Throws if nothing that the issuer makes of the profile could be accepted.
void require_use(const ca::Issuer& issuer, const ca::Profile& profile) {
    if (!issuer.is_for(profile.name)) return;
    for (const auto purpose : profile.certificate.purposes)
        if (!issuer.permits(purpose))
            throw std::runtime_error(
                "issuer " + issuer.name() + ": the extendedKeyUsage of its chain forbids " +
                std::string(to_string(purpose)) + ", which certificates of profile " +
                profile.name +
                " have; change the profile's extended_key_usage, or name the profiles of the "
                "issuer and give this one another");
    if (profile.certificate.common_name && !issuer.permits_common_name())
        throw std::runtime_error(
            "issuer " + issuer.name() +
            ": the name constraints of its chain forbid subjects with a common name, as profile " +
            profile.name +
            " makes them; set its common_name to false, or name the profiles of the issuer");
    if (profile.certificate.public_trust &&
        profile.certificate.crl != pki::CertificateProfile::Crl::none &&
        !pki::may_sign_crls(issuer.certificate()))
        throw std::runtime_error("issuer " + issuer.name() +
                                 ": the keyUsage of its certificate has no cRLSign, so that it "
                                 "cannot sign the list that certificates of profile " +
                                 profile.name + " name");
}

}  // namespace

ca::Issuers load_issuers(const Configuration& configuration, const fs::path& folder,
                         const base::Executor& slow_signing, const Adapters& adapters) {
    std::vector<ca::Issuer> issuers;
    for (const auto& [name, wanted] : configuration.issuers)
        issuers.push_back(load_issuer(name, configuration, folder, slow_signing, adapters));
    for (const auto& issuer : issuers)
        for (const auto& [name, profile] : configuration.profiles) require_use(issuer, profile);
    try {
        return ca::Issuers(std::move(issuers));
    } catch (const std::invalid_argument& error) {
        throw std::runtime_error(error.what());
    }
}

std::vector<pki::Certificate> load_roots(const Configuration& configuration,
                                         const fs::path& folder) {
    std::vector<pki::Certificate> roots;
    for (const auto& [name, issuer] : configuration.issuers) {
        const auto path = folder / issuer.root;
        std::error_code ignored;
        if (!issuer.use.active || !fs::exists(path, ignored)) continue;
        auto root = require(pki::Certificate::from_pem(read_file(path)), path);
        if (!root.is_ca() || !root.is_self_signed())
            throw std::runtime_error(path.string() + ": is no root (issuers." + name + ".root)");
        if (std::ranges::find(roots, root) == roots.end()) roots.push_back(std::move(root));
    }
    return roots;
}

std::map<ca::IssuerId, std::string> names_of(const ca::Issuers& issuers) {
    std::map<ca::IssuerId, std::string> names;
    for (const auto& issuer : issuers.all()) names.emplace(issuer.id(), issuer.name());
    return names;
}

}  // namespace cairn::apps
