#include "apps/ca/key_files.h"

#include <optional>
#include <set>
#include <stdexcept>

#include <sys/stat.h>

#include "apps/command_line/files.h"
#include "crypto/key.h"
#include "crypto/pkcs11/key.h"
#include "crypto/tpm2/key.h"
#include "pki/chain.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t longest_key_file = 65536;
constexpr std::size_t most_files = 1000;

// Nothing if there is none: what cannot be read is found by whoever needs it.
std::optional<crypto::PrivateKey> key_in(const fs::path& file) {
    try {
        auto key = crypto::PrivateKey::from_pem(read_file(file, longest_key_file));
        if (!key) return std::nullopt;
        return std::move(*key);
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

std::optional<crypto::PublicKey> key_of_root(const fs::path& folder) {
    try {
        const auto chain = pki::chain_from_pem(read_file(folder / "pki" / "root.pem"));
        if (!chain) return std::nullopt;
        return chain->front().public_key();
    } catch (const std::runtime_error&) {
        return std::nullopt;
    }
}

std::set<fs::path> files_to_look_at(const fs::path& folder, const Configuration& configuration) {
    std::set<fs::path> files;
    for (const auto& [name, issuer] : configuration.issuers)
        if (!crypto::Pkcs11Uri::is_one(issuer.key)) files.insert(folder / issuer.key);
    std::error_code error;
    for (auto entry = fs::directory_iterator(folder / "pki", error);
         !error && entry != fs::directory_iterator() && files.size() < most_files;
         entry.increment(error))
        files.insert(entry->path());
    return files;
}

}  // namespace

std::vector<KeyFinding> findings_of_keys(const fs::path& folder,
                                         const Configuration& configuration) {
    const auto root = key_of_root(folder);
    std::vector<KeyFinding> findings;
    for (const auto& file : files_to_look_at(folder, configuration)) {
        struct stat facts{};
        if (::stat(file.c_str(), &facts) != 0 || !S_ISREG(facts.st_mode)) continue;
        const auto key = key_in(file);
        if (!key) continue;
        if (root && key->public_key() == *root)
            findings.push_back({KeyFinding::Kind::root_key, file});
        const mode_t others = facts.st_uid == 0 ? S_IRWXO | S_IWGRP : S_IRWXO | S_IRWXG;
        if ((facts.st_mode & others) != 0)
            findings.push_back({KeyFinding::Kind::open_to_others, file});
    }
    return findings;
}

std::optional<std::string> finding_of_held_key(const fs::path& folder, const std::string& name,
                                               const Configuration::Issuer& issuer) try {
    const auto sign_once = [](const crypto::Signer& signer) {
        (void)signer.sign(base::bytes_of("cairn-ca check"));
    };
    if (crypto::Pkcs11Uri::is_one(issuer.key)) {
        const auto uri = crypto::Pkcs11Uri::from_text(issuer.key);
        const auto chain = pki::chain_from_pem(read_file(folder / issuer.certificate));
        // Both are told of by others.
        if (!uri || !chain) return std::nullopt;
        sign_once(crypto::Pkcs11Key::signer(*uri, chain->front().public_key()));
        return std::nullopt;
    }
    const auto pem = read_file(folder / issuer.key, longest_key_file);
    if (!pem.contains(crypto::Tpm2Key::pem_label)) return std::nullopt;
    const auto key = crypto::Tpm2Key::from_pem(pem);
    if (!key) return "the key of the issuer \"" + name + "\": " + key.error().message;
    sign_once(key->signer(issuer.tcti));
    return std::nullopt;
} catch (const std::runtime_error& error) {
    return "the key of the issuer \"" + name +
           "\" cannot sign now, and its orders wait: " + error.what();
}

}  // namespace cairn::apps
