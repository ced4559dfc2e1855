#include "va/disclosure.h"

namespace cairn::va {

Disclosure disclosure_of(AddressSpace space, int redirects) {
    if (space == AddressSpace::open)
        return redirects == 0 ? Disclosure::quotes : Disclosure::status;
    // The challenge's own URL at the name's own address; behind a redirect it may be any path.
    return redirects == 0 ? Disclosure::status : Disclosure::none;
}

}  // namespace cairn::va
