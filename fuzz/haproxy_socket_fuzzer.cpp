#include <cstdlib>

#include "base/bytes.h"
#include "client/deploy/haproxy_socket.h"
#include "fuzz/target.h"

using namespace cairn;

// Any answer is a serial number, none, or an error that can be shown.
CAIRN_FUZZ_TARGET(haproxy_socket) {
    const auto answer = base::text_of({data, size});
    const auto serial = client::haproxy_serial_from(answer);
    if (serial && *serial && (*serial)->size() > 65) std::abort();
    const auto success = client::haproxy_success_from("set", answer);
    if (!success && success.error().message.size() > 1000) std::abort();
    return 0;
}
