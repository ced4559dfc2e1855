#include "ca/rules/crl_reason.h"

namespace cairn::ca {

pki::CrlReason crl_reason_of(protocol::RevocationReason reason) {
    using enum protocol::RevocationReason;
    switch (reason) {
        case unspecified:
            return pki::CrlReason::unspecified;
        case key_compromise:
            return pki::CrlReason::key_compromise;
        case affiliation_changed:
            return pki::CrlReason::affiliation_changed;
        case superseded:
            return pki::CrlReason::superseded;
        case cessation_of_operation:
            return pki::CrlReason::cessation_of_operation;
        case privilege_withdrawn:
            return pki::CrlReason::privilege_withdrawn;
    }
    return pki::CrlReason::unspecified;
}

}  // namespace cairn::ca
