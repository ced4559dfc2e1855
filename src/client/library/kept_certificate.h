#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/clock.h"
#include "client/certificate_plan.h"
#include "client/lineage.h"
#include "client/state_directory.h"
#include "crypto/key.h"
#include "pki/chain.h"

namespace cairn::client {

/// A certificate that stands and can be served, with its chain and its key. A value; it does not
/// change when there is a newer one.
struct KeptCertificate {
    /// What it is called in the state folder.
    std::string lineage;
    crypto::KeyType key_type = crypto::KeyType::ec_p256;
    /// The certificate first, each certified by the next.
    pki::Chain chain;
    /// The chain in PEM, as `SSL_CTX_use_certificate_chain_file` and its kin read it.
    std::string chain_pem;
    /// The private key (`LineageKey::text`): PKCS #8 in PEM for one that is kept in a file. Wiped
    /// when it is freed.
    base::SecretBytes key_pem;
    /// Where the same is on the disk: links that lead to the newest, switched all at once.
    CertificateFiles files;

    /// `key_pem` as text, for as long as this object lives.
    [[nodiscard]] std::string_view key_text() const;
    [[nodiscard]] const pki::Certificate& certificate() const { return chain.front(); }
    /// The last second of its validity.
    [[nodiscard]] base::Time not_after() const { return certificate().not_after(); }
};

/// What stands of all certificates that `plan` wants of the lineage, whether or not it is still
/// valid; none for one that is not there or not whole.
[[nodiscard]] std::vector<KeptCertificate> kept_certificates(const StateDirectory& state,
                                                             const LineageName& lineage,
                                                             const CertificatePlan& plan);

}  // namespace cairn::client
