#include <cstdlib>

#include "base/bytes.h"
#include "client/import/lego_records.h"
#include "fuzz/target.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(lego_records) {
    const auto text = base::text_of(base::BytesView{data, size});
    const auto account = client::LegoAccount::from_json(text);
    if (account && account->contact.size() > client::LegoAccount::max_contacts) std::abort();
    const auto certificate = client::LegoCertificate::from_json(text);
    // An escape is never shorter than what it stands for.
    if (certificate && certificate->domain.size() + certificate->url.size() > size) std::abort();
    return 0;
}
