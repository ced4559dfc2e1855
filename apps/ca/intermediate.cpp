#include "apps/ca/intermediate.h"

#include <algorithm>
#include <stdexcept>

#include "apps/ca/files.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::days intermediate_life{1825};
constexpr base::Seconds clock_tolerance = std::chrono::hours(1);

template <class T>
T require(base::Result<T> result, const fs::path& path) {
    if (!result) throw std::runtime_error(path.string() + ": " + result.error().message);
    return std::move(*result);
}

void require_file_name(const std::string& name) {
    const auto is_allowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    };
    if (name.empty() || name.size() > 40 || !std::ranges::all_of(name, is_allowed))
        throw std::runtime_error("NAME wants 1 to 40 lower-case letters, digits and hyphens");
}

}  // namespace

pki::Validity validity_from(base::Time now, std::chrono::days life) {
    const auto not_before = now - clock_tolerance;
    return {not_before, not_before + life - base::Seconds(1)};
}

void write_key(const fs::path& path, const crypto::PrivateKey& key) {
    const auto pem = key.to_pem();
    write_file(path, base::text_of({pem.data(), pem.size()}), 0600);
}

Intermediate Intermediate::make(const std::string& common_name, const std::string& organization,
                                crypto::KeyType type, const pki::Certificate& root,
                                const crypto::PrivateKey& root_key, ca::PolicyKind kind,
                                base::Time now, crypto::Random& random) {
    auto key = crypto::PrivateKey::generate(type);
    auto validity = validity_from(now, intermediate_life);
    validity.not_after = std::min(validity.not_after, root.not_after());
    std::vector purposes{pki::KeyPurpose::server_auth};
    if (kind == ca::PolicyKind::private_ca) purposes.push_back(pki::KeyPurpose::client_auth);
    auto certificate =
        pki::make_intermediate_certificate({.serial = pki::SerialNumber::random(random),
                                            .validity = validity,
                                            .common_name = common_name,
                                            .organization = organization,
                                            .path_length = 0,
                                            .purposes = std::move(purposes)},
                                           key.public_key(), root, root_key);
    return {std::move(key), std::move(certificate)};
}

void Intermediate::write(const fs::path& folder, const std::string& name) const {
    write_key(folder / (name + "-key.pem"), key);
    write_file(folder / (name + ".pem"), certificate.pem(), 0644);
}

Intermediate create_issuer(const fs::path& folder, const std::string& name, crypto::KeyType type,
                           ca::PolicyKind kind, const base::Clock& clock, crypto::Random& random) {
    require_file_name(name);
    const auto pki_folder = folder / "pki";
    const auto certificate_path = pki_folder / (name + ".pem");
    if (fs::exists(certificate_path))
        throw std::runtime_error(certificate_path.string() +
                                 " is there already; nothing was changed");
    // The key is written first.
    const auto key_path = pki_folder / (name + "-key.pem");
    if (fs::exists(key_path))
        throw std::runtime_error(key_path.string() +
                                 " is there already, without a certificate, as if making one was "
                                 "interrupted: remove it if so; nothing was changed");
    const auto root_path = pki_folder / "root.pem";
    const auto root_key_path = pki_folder / "root-key.pem";
    const auto root = require(pki::Certificate::from_pem(read_file(root_path)), root_path);
    const auto root_key =
        require(crypto::PrivateKey::from_pem(read_file(root_key_path)), root_key_path);
    if (root_key.public_key() != root.public_key())
        throw std::runtime_error(root_key_path.string() + " is not the key of " +
                                 root_path.string());
    // Told apart from others by its name: two issuers of one name cannot be told apart by peers.
    constexpr std::string_view root_suffix = " Root";
    std::string organization = root.subject_common_name();
    if (organization.ends_with(root_suffix))
        organization.resize(organization.size() - root_suffix.size());
    auto intermediate = Intermediate::make(organization + " " + name, organization, type, root,
                                           root_key, kind, clock.now(), random);
    try {
        intermediate.write(pki_folder, name);
    } catch (const std::exception&) {
        // Neither was there before, and half an issuer would stand in the way of the next attempt.
        std::error_code ignored;
        fs::remove(key_path, ignored);
        fs::remove(certificate_path, ignored);
        throw;
    }
    return intermediate;
}

}  // namespace cairn::apps
