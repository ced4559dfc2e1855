#include "apps/va/identity.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "apps/command_line/files.h"
#include "base/base64url.h"
#include "crypto/digest.h"
#include "pki/certificate_builder.h"
#include "pki/csr.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr base::Seconds until_enrolled = std::chrono::days(3650);

fs::path identity_file(const fs::path& folder) {
    return folder / "identity.pem";
}
fs::path enrolment_file(const fs::path& folder) {
    return folder / "enrolment";
}

std::string text_of_key(const crypto::PrivateKey& key) {
    const auto pem = key.to_pem();
    return std::string(base::text_of({pem.data(), pem.size()}));
}

// The PEM blocks of a text, each with its lines.
std::vector<std::string> blocks_of(const std::string& text) {
    constexpr std::string_view begin = "-----BEGIN ";
    std::vector<std::string> blocks;
    for (auto at = text.find(begin); at != std::string::npos;) {
        const auto next = text.find(begin, at + begin.size());
        blocks.push_back(text.substr(at, next == std::string::npos ? next : next - at));
        at = next;
    }
    return blocks;
}

// Shown until the CA has given a certificate: whoever holds the code knows its key.
std::string bootstrap_certificate(const crypto::PrivateKey& key, base::Time now,
                                  crypto::Random& random) {
    return pki::make_root_certificate(
               {.serial = pki::SerialNumber::random(random),
                .validity = {now - std::chrono::hours(1), now + until_enrolled},
                .common_name = "cairn-va before its enrolment",
                .organization = "",
                .path_length = std::nullopt},
               key)
        .pem();
}

va::EnrolmentCode write_new(const fs::path& folder, crypto::Random& random) {
    const auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    const auto code = va::EnrolmentCode::make(crypto::sha256(key.public_key().spki()), random);
    // The secret itself is kept by nobody but the operator.
    write_file(enrolment_file(folder), base::to_hex(crypto::sha256(code.secret)) + "\n", 0600);
    write_file(identity_file(folder), text_of_key(key), 0600);
    return code;
}

crypto::PrivateKey key_in(const fs::path& file) {
    const auto blocks = blocks_of(read_file(file));
    if (blocks.empty()) throw std::runtime_error(file.string() + " holds no PEM");
    auto key = crypto::PrivateKey::from_pem(blocks.front());
    if (!key) throw std::runtime_error(file.string() + ": " + key.error().message);
    return *std::move(key);
}

}  // namespace

va::EnrolmentCode PerspectiveIdentity::make(const fs::path& folder, crypto::Random& random) {
    std::error_code ignored;
    if (fs::exists(identity_file(folder), ignored))
        throw std::runtime_error(identity_file(folder).string() + " is there already");
    return write_new(folder, random);
}

va::EnrolmentCode PerspectiveIdentity::make_again(const fs::path& folder, crypto::Random& random) {
    return write_new(folder, random);
}

PerspectiveIdentity::PerspectiveIdentity(fs::path folder, std::string ca_url,
                                         const base::Clock& clock, crypto::Random& random,
                                         std::shared_ptr<net::TlsIdentity> tls)
    : folder_(std::move(folder)),
      ca_url_(std::move(ca_url)),
      clock_(clock),
      random_(random),
      tls_(std::move(tls)),
      key_(key_in(identity_file(folder_))) {
    const auto file = identity_file(folder_);
    const auto blocks = blocks_of(read_file(file));
    if (blocks.size() == 3) {
        auto certificate = pki::Certificate::from_pem(blocks[1]);
        auto authority = pki::Certificate::from_pem(blocks[2]);
        if (!certificate || !authority)
            throw std::runtime_error(file.string() +
                                     " holds something else than a key, the "
                                     "certificate for it and its authority's");
        certified_ = Certified{*std::move(certificate), *std::move(authority)};
    } else {
        const auto digest = base::from_hex(read_file(enrolment_file(folder_)).substr(0, 64));
        if (!digest || digest->size() != 32)
            throw std::runtime_error(enrolment_file(folder_).string() +
                                     " is no digest; `cairn-va code DIR` makes another code");
        secret_digest_ = *digest;
    }
    show();
}

bool PerspectiveIdentity::is_enrolled() const {
    const std::scoped_lock lock(mutex_);
    return certified_.has_value();
}

bool PerspectiveIdentity::is_secret(std::string_view text) const {
    const auto secret = base::from_base64url(text);
    const std::scoped_lock lock(mutex_);
    return secret && secret_digest_ &&
           crypto::equal_in_constant_time(crypto::sha256(*secret), *secret_digest_);
}

base::Bytes PerspectiveIdentity::request() {
    auto key = crypto::PrivateKey::generate(crypto::KeyType::ec_p256);
    auto csr = pki::make_csr(key, {.dns_names = {"perspective.invalid"}, .ip_addresses = {}});
    const std::scoped_lock lock(mutex_);
    requested_ = std::move(key);
    return csr;
}

void PerspectiveIdentity::take(const va::IdentityGrant& grant) {
    auto certificate = pki::Certificate::from_pem(grant.certificate);
    auto authority = pki::Certificate::from_pem(grant.authority);
    if (!certificate || !authority)
        throw std::runtime_error("the certificate or its authority's cannot be read");
    const std::scoped_lock lock(mutex_);
    if (!requested_) throw std::runtime_error("no certificate was asked for");
    if (certificate->public_key() != requested_->public_key())
        throw std::runtime_error("the certificate is for another key than the one asked for last");
    if (!authority->is_ca() || !authority->is_self_signed() ||
        !certificate->is_signed_by(*authority))
        throw std::runtime_error("the certificate is not by that authority");
    // Who the CA is was settled at the enrolment.
    if (certified_ && certified_->authority != *authority)
        throw std::runtime_error("the authority is another one than that of the enrolment");
    if (clock_.now() > certificate->not_after())
        throw std::runtime_error("the certificate has ended by this machine's clock");
    // One file, so that a crash leaves the former identity or this one.
    write_file(identity_file(folder_),
               text_of_key(*requested_) + certificate->pem() + authority->pem(), 0600);
    std::error_code ignored;
    fs::remove(enrolment_file(folder_), ignored);
    secret_digest_.reset();
    key_ = *std::exchange(requested_, std::nullopt);
    certified_ = Certified{*std::move(certificate), *std::move(authority)};
    show();
}

base::Time PerspectiveIdentity::certificate_ends() const {
    const std::scoped_lock lock(mutex_);
    return certified_ ? certified_->certificate.not_after() : clock_.now();
}

void PerspectiveIdentity::show() const {
    if (certified_)
        tls_->replace(certified_->certificate.pem(), key_, demand());
    else
        tls_->replace(bootstrap_certificate(key_, clock_.now(), random_), key_);
}

net::ClientDemand PerspectiveIdentity::demand() const {
    return {.authority_pem = certified_->authority.pem(),
            .accepts = [url = ca_url_](base::BytesView der) {
                const auto client = pki::Certificate::from_der(der);
                return client && client->names().count() == 1 &&
                       client->names().uris == std::vector{url};
            }};
}

}  // namespace cairn::apps
