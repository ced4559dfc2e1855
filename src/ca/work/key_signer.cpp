#include "ca/work/key_signer.h"

#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "pki/certificate_builder.h"

namespace cairn::ca {

KeySigner::KeySigner(crypto::PrivateKey key, base::Executor slow_signing)
    : key_(std::move(key)), slow_signing_(std::move(slow_signing)) {}

base::Task<base::Bytes> KeySigner::sign(CertificateDraft draft) {
    if (key_.public_key().algorithm() != crypto::KeyAlgorithm::rsa)
        return make_signature(std::move(draft));
    // A strand, because a cancellation arrives from elsewhere.
    return boost::asio::co_spawn(boost::asio::make_strand(slow_signing_),
                                 make_signature(std::move(draft)), boost::asio::use_awaitable);
}

base::Task<base::Bytes> KeySigner::make_signature(CertificateDraft draft) const {
    co_return pki::sign_certificate(draft.to_be_signed(), key_);
}

}  // namespace cairn::ca
