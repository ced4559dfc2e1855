#include "apps/ca/intermediate.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include "apps/command_line/files.h"
#include "crypto/base64.h"
#include "pki/authority_certificates.h"

namespace cairn::apps {

namespace fs = std::filesystem;

namespace {

constexpr std::chrono::days usual_life{1825};
constexpr base::Seconds clock_tolerance = std::chrono::hours(1);

}  // namespace

pki::Validity validity_from(base::Time now, base::Seconds life) {
    const auto not_before = now - clock_tolerance;
    return {not_before, not_before + life - base::Seconds(1)};
}

base::Bytes octets_of_block(std::string_view pem) {
    const auto begin = pem.find('\n');
    const auto end = pem.rfind("-----END");
    auto octets = crypto::from_base64(pem.substr(begin, end - begin));
    return octets ? *std::move(octets) : base::Bytes();
}

base::Time end_of(const pki::Chain& chain) {
    auto end = base::Time::max();
    for (const auto& certificate : chain) end = std::min(end, certificate.not_after());
    return end;
}

Intermediate Intermediate::make(const IntermediatePlan& plan, const pki::Chain& above,
                                const crypto::Signer& signer, base::Time now,
                                crypto::Random& random) {
    auto key = IssuerKey::make(plan.store, plan.key_type, plan.common_name);
    auto validity = validity_from(now, plan.life.value_or(usual_life));
    if (!plan.life) validity.not_after = std::min(validity.not_after, end_of(above));
    std::vector purposes{pki::KeyPurpose::server_auth};
    if (plan.kind == ca::PolicyKind::private_ca) purposes.push_back(pki::KeyPurpose::client_auth);
    try {
        pki::Chain chain{
            pki::make_intermediate_certificate({.serial = pki::SerialNumber::random(random),
                                                .validity = validity,
                                                .common_name = plan.common_name,
                                                .organization = plan.organization,
                                                .path_length = 0,
                                                .purposes = std::move(purposes)},
                                               key.public_key(), above.front(), signer)};
        chain.insert(chain.end(), above.begin(), above.end() - 1);
        return {std::move(key), std::move(chain)};
    } catch (...) {
        key.take_back();
        throw;
    }
}

NewFiles::~NewFiles() {
    // None was there before, and half an issuer would stand in the way of the next attempt.
    std::error_code ignored;
    for (const auto& path : written_) fs::remove(path, ignored);
}

void NewFiles::write(const fs::path& path, std::string_view content, unsigned mode) {
    // It may stand there although the folder could not be synced.
    written_.push_back(path);
    write_file(path, content, mode);
}

void NewFiles::write_key(const fs::path& path, const IssuerKey& key, base::BytesView passphrase) {
    if (const auto pem = key.file_text(passphrase))
        write(path, base::text_of(base::BytesView(*pem)), 0600);
}

void NewFiles::write_issuer(const fs::path& folder, const std::string& name,
                            const Intermediate& issuer) {
    write_key(folder / (name + "-key.pem"), issuer.key, issuer.passphrase);
    write(folder / (name + ".pem"), pki::to_pem(issuer.chain), 0644);
}

}  // namespace cairn::apps
