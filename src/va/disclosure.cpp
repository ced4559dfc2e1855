#include "va/disclosure.h"

namespace cairn::va {

Disclosure disclosure_of(AddressSpace space, int redirects) {
    if (space == AddressSpace::open)
        return redirects == 0 ? Disclosure::quotes : Disclosure::status;
    // Without a redirect the URL is the challenge's own; after one it may be any path.
    return redirects == 0 ? Disclosure::status : Disclosure::none;
}

}  // namespace cairn::va
