#pragma once
// Private to the tests of pki: what an issuer answers of a certificate's status.

#include "pki/ocsp_builder.h"
#include "pki/testing/revocation_list.h"

namespace cairn::pki::testing {

struct StatusBench : RevocationBench {
    /// A response that nothing is wrong with.
    [[nodiscard]] OcspFields answer() const {
        return {.serial = leaf.serial(),
                .hash = OcspHash::sha1,
                .status = {OcspStatus::Kind::revoked, start, CrlReason::key_compromise},
                .produced_at = start + std::chrono::hours(2),
                .this_update = start + std::chrono::hours(1),
                .next_update = start + std::chrono::hours(1) + std::chrono::days(4)};
    }
    [[nodiscard]] base::Bytes sign_answer(const OcspFields& wanted) const {
        return ocsp_response_of(sign_object(key, draft_ocsp_response(wanted, issuer)));
    }
};

}  // namespace cairn::pki::testing
