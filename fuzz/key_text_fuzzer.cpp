// Files of private keys: keys, encrypted keys, those of tokens and of TPMs. Nothing is signed.

#include <string>

#include "client/key_text.h"
#include "fuzz/target.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(key_text) {
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
