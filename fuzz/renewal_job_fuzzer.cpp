#include <cstdlib>

#include "base/bytes.h"
#include "client/import/renewal_job.h"
#include "fuzz/target.h"

using namespace cairn;

CAIRN_FUZZ_TARGET(renewal_job) {
    const auto text = base::text_of(base::BytesView{data, size});
    for (const auto program : {client::ForeignProgram::certbot, client::ForeignProgram::lego,
                               client::ForeignProgram::acme_sh}) {
        std::size_t octets = 0;
        for (const auto& word : client::words_of_foreign_call(text, program)) octets += word.size();
        if (octets > size) std::abort();
    }
    return 0;
}
