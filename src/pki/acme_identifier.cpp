#include "pki/acme_identifier.h"

#include <utility>

#include "asn1/der.h"

namespace cairn::pki {

base::Bytes acme_identifier_value(base::BytesView digest) {
    asn1::Writer writer(digest.size() + 2);
    writer.element(asn1::tag::octet_string, digest);
    return std::move(writer).take();
}

}  // namespace cairn::pki
