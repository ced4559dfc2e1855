#include <cstdint>
#include <cstdlib>

#include "base/bytes.h"
#include "client/import/lego_records.h"

using namespace cairn;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const auto text = base::text_of(base::BytesView{data, size});
    const auto account = client::LegoAccount::from_json(text);
    if (account && account->contact.size() > client::LegoAccount::max_contacts) std::abort();
    const auto certificate = client::LegoCertificate::from_json(text);
    // An escape is never shorter than what it stands for.
    if (certificate && certificate->domain.size() + certificate->url.size() > size) std::abort();
    return 0;
}
