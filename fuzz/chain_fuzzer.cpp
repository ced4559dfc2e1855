// Certificates in DER, and chains of them in PEM. What is accepted must be the same after it is
// written and read again, and must do OpenSSL no harm.

#include <algorithm>
#include <string>
#include <string_view>

#include "fuzz/target.h"
#include "pki/chain.h"

namespace {

using namespace cairn;

void check(const pki::Certificate& certificate) {
    require(!certificate.has_handle() || certificate.handle() != nullptr);
    require(certificate.der().size() <= pki::Certificate::max_size);
    const auto again = pki::Certificate::from_pem(certificate.pem());
    require(again && *again == certificate && again->names() == certificate.names());
    const auto serial = pki::SerialNumber::from_hex(certificate.serial().to_hex());
    require(serial && *serial == certificate.serial());
    for (const std::string& name : certificate.names().dns_names) {
        require(!name.empty() &&
                std::ranges::all_of(name, [](char c) { return c > ' ' && c <= '~'; }));
    }
    (void)certificate.subject_common_name();
    (void)certificate.issuer_common_name();
    (void)certificate.is_ca();
    // What stands once in the extensions was read from the octets that are given out.
    const bool has_names = certificate.names() != pki::SubjectNames();
    require(certificate.extensions("2.5.29.17").size() == (has_names ? 1U : 0U));
    require(certificate.extensions("2.5.29.14").size() == (certificate.subject_key_id() ? 1U : 0U));
    (void)certificate.extensions("1.3.6.1.5.5.7.1.31");
    (void)certificate.is_signed_by(certificate);
}

}  // namespace

CAIRN_FUZZ_TARGET(chain) {
    const base::BytesView input(data, size);
    if (const auto certificate = pki::Certificate::from_der(input)) {
        require(std::ranges::equal(certificate->der(), input));
        check(*certificate);
    }
    if (const auto chain = pki::chain_from_pem(base::text_of(input))) {
        require(!chain->empty() && chain->size() <= 100);
        for (const pki::Certificate& certificate : *chain) check(certificate);
        const auto again = pki::chain_from_pem(pki::to_pem(*chain));
        require(again && *again == *chain);
        require(!pki::verify_chain(*chain, {}, chain->front().not_before()));
    }
    return 0;
}
