#include "ca/work/key_signer.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "pki/x509_signature.h"

namespace cairn::ca {

SigningKey::Pace MemoryKey::pace() const {
    return public_key().algorithm() == crypto::KeyAlgorithm::rsa ? Pace::blocking : Pace::brief;
}

base::Bytes MemoryKey::sign(base::BytesView octets) const {
    return pki::sign_x509(key_, octets);
}

KeySigner::KeySigner(std::unique_ptr<SigningKey> key, base::Executor slow_signing)
    : key_(std::move(key)), slow_signing_(std::move(slow_signing)) {}

KeySigner::KeySigner(crypto::PrivateKey key, base::Executor slow_signing)
    : KeySigner(std::make_unique<MemoryKey>(std::move(key)), std::move(slow_signing)) {}

base::Task<base::Bytes> KeySigner::sign(Draft draft) {
    if (key_->pace() == SigningKey::Pace::brief) return make_signature(std::move(draft));
    // A strand, because a cancellation arrives from elsewhere.
    return boost::asio::co_spawn(boost::asio::make_strand(slow_signing_),
                                 make_signature(std::move(draft)), boost::asio::use_awaitable);
}

base::Task<base::Bytes> KeySigner::make_signature(Draft draft) const {
    if (!std::ranges::equal(draft.algorithm(), pki::signature_algorithm_for(key_->public_key())))
        throw std::logic_error("the draft is for a key of another algorithm");
    const auto& octets = draft.to_be_signed();
    co_return pki::signed_object(octets, draft.algorithm(), key_->sign(octets));
}

}  // namespace cairn::ca
