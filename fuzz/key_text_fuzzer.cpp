// Files of private keys: keys, encrypted keys, those of tokens and of TPMs. Nothing is signed.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>

#include "client/key_text.h"

namespace {

using namespace cairn;

void require(bool holds) {
    if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = base::text_of({data, size});
    (void)client::is_key_text(text);
    require(!client::leaves_something(client::leaving_nothing(text)) ||
            text.contains("Made-Here: yes"));
    const auto store = client::store_of(text);
    if (store) require(client::KeyStore::from_text(store->text()).has_value());
    const auto signer = client::signer_from(text);
    if (!signer) require(!signer.error().message.empty());
    return 0;
}
