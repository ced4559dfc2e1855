#include "apps/ca/perspective_authority.h"

#include <stdexcept>
#include <utility>

#include "apps/ca/intermediate.h"
#include "apps/command_line/files.h"
#include "base/ip_address.h"
#include "ca/facts/signature_entry.h"
#include "crypto/digest.h"
#include "pki/certificate_builder.h"
#include "protocol/identifier.h"
#include "store/folder_owner.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr base::Seconds authority_life = std::chrono::days(3650);

fs::path certificate_file(const fs::path& folder) {
    return folder / "perspectives" / "authority.pem";
}
fs::path key_file(const fs::path& folder) {
    return folder / "perspectives" / "authority-key.pem";
}

// The key is written first: a certificate without its key would be of no use.
crypto::PrivateKey key_of(const fs::path& folder, ca::Audit& audit) {
    const auto file = key_file(folder);
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
        if (fs::exists(certificate_file(folder), ignored))
            throw std::runtime_error(certificate_file(folder).string() +
                                     " is there, but the key for it is not: " + file.string());
        fs::create_directories(file.parent_path());
        fs::permissions(file.parent_path(), fs::perms::owner_all);
        store::give_to_owner_of(folder, file.parent_path());
        const auto fresh = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
        ca::AuditEntry entry(ca::AuditEvent::key_create);
        entry.add("use", std::string_view("perspectives"))
            .add("key", crypto::sha256(fresh.public_key().spki()));
        audit.note(std::move(entry));
        const auto pem = fresh.to_pem();
        write_file(file, base::text_of({pem.data(), pem.size()}), 0600);
    }
    auto key = crypto::PrivateKey::from_pem(read_file(file));
    if (!key) throw std::runtime_error(file.string() + ": " + key.error().message);
    return *std::move(key);
}

pki::Certificate certificate_of(const fs::path& folder, const crypto::PrivateKey& key,
                                base::Time now, crypto::Random& random, ca::Audit& audit) {
    const auto file = certificate_file(folder);
    std::error_code ignored;
    if (!fs::exists(file, ignored)) {
        const auto made =
            pki::make_root_certificate({.serial = pki::SerialNumber::random(random),
                                        .validity = validity_from(now, authority_life),
                                        .common_name = "Network perspectives of a CA",
                                        .organization = "",
                                        .path_length = 0},
                                       key);
        audit.note(ca::signature_entry(made));
        write_file(file, made.pem(), 0644);
    }
    auto certificate = pki::Certificate::from_pem(read_file(file));
    if (!certificate) throw std::runtime_error(file.string() + ": " + certificate.error().message);
    if (certificate->public_key() != key.public_key())
        throw std::runtime_error(file.string() + " is not for the key in " +
                                 key_file(folder).string());
    return *std::move(certificate);
}

}  // namespace

PerspectiveAuthority::PerspectiveAuthority(const fs::path& folder, const base::Clock& clock,
                                           crypto::Random& random, ca::Audit& audit)
    : PerspectiveAuthority(folder, clock, random, audit, key_of(folder, audit)) {}

PerspectiveAuthority::PerspectiveAuthority(const fs::path& folder, const base::Clock& clock,
                                           crypto::Random& random, ca::Audit& audit,
                                           crypto::PrivateKey key)
    : clock_(clock),
      random_(random),
      audit_(audit),
      file_(certificate_file(folder)),
      key_(std::move(key)),
      certificate_(certificate_of(folder, key_, clock.now(), random, audit)) {}

pki::Certificate PerspectiveAuthority::told(pki::Certificate certificate) const {
    audit_.note(ca::signature_entry(certificate, crypto::sha256(certificate_.public_key().spki())));
    return certificate;
}

http::ClientIdentity PerspectiveAuthority::identify_ca(const std::string& ca_url) const {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const pki::CertificateProfile profile{
        .purposes = {pki::KeyPurpose::client_auth}, .uris = true, .public_trust = false};
    const auto certificate = told(pki::make_server_certificate(
        {.serial = pki::SerialNumber::random(random_),
         .validity = validity_from(clock_.now(), client_life),
         .public_key = key.public_key(),
         .names = {.dns_names = {}, .ip_addresses = {}, .uris = {ca_url}},
         .common_name = std::nullopt,
         .issuer_url = ""},
        certificate_, key_, profile));
    return {.chain_pem = certificate.pem(), .key = std::move(key)};
}

pki::Certificate PerspectiveAuthority::certify(const crypto::PublicKey& key,
                                               const std::string& host) const {
    pki::SubjectNames names;
    if (const auto address = base::IpAddress::from_text(host))
        names.ip_addresses.push_back(*address);
    else if (const auto name = protocol::DnsName::from_text(host))
        names.dns_names.push_back(name->text());
    else
        throw std::runtime_error("the host of its URL can stand in no certificate: " +
                                 base::printable(host));
    const pki::CertificateProfile profile{.public_trust = false};
    return told(
        pki::make_server_certificate({.serial = pki::SerialNumber::random(random_),
                                      .validity = validity_from(clock_.now(), perspective_life),
                                      .public_key = key,
                                      .names = std::move(names),
                                      .common_name = std::nullopt,
                                      .issuer_url = ""},
                                     certificate_, key_, profile));
}

}  // namespace cairn::apps
