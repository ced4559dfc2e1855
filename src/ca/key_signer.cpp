#include "ca/key_signer.h"

#include <stdexcept>

#include "pki/certificate_builder.h"

namespace cairn::ca {

KeySigner::KeySigner(pki::Chain chain, crypto::PrivateKey key, std::string issuer_url)
    : chain_(std::move(chain)), key_(std::move(key)), issuer_url_(std::move(issuer_url)) {
    if (chain_.empty()) throw std::invalid_argument("the issuer's chain is empty");
    if (chain_.front().public_key() != key_.public_key())
        throw std::invalid_argument("the issuer's key does not belong to its certificate");
}

base::Task<pki::Certificate> KeySigner::sign(IssuanceProof proof) {
    pki::ServerCertificateFields fields{.serial = proof.serial(),
                                        .validity = proof.validity(),
                                        .public_key = proof.public_key(),
                                        .names = proof.names(),
                                        .common_name = proof.common_name(),
                                        .issuer_url = issuer_url_};
    co_return pki::make_server_certificate(fields, chain_.front(), key_);
}

}  // namespace cairn::ca
