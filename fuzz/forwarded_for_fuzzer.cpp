#include <algorithm>
#include <cstdlib>
#include <vector>

#include "fuzz/target.h"
#include "http/forwarded_for.h"

using namespace cairn;

// Each line is a field. What a stranger puts to the left changes nothing.
CAIRN_FUZZ_TARGET(forwarded_for) {
    const std::vector<base::IpNetwork> trusted{*base::IpNetwork::from_text("10.0.0.0/8"),
                                               *base::IpNetwork::from_text("fd00::/8")};
    const auto proxy = *base::IpAddress::from_text("10.0.0.1");
    const auto stranger = *base::IpAddress::from_text("192.0.2.1");
    auto text = base::text_of({data, size});
    http::Request request;
    while (!text.empty()) {
        const auto line = text.substr(0, text.find('\n'));
        request.fields.emplace_back("x-forwarded-for", line);
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    if (http::forwarded_client(request, stranger, trusted) != stranger) std::abort();
    const auto client = http::forwarded_client(request, proxy, trusted);
    request.fields.insert(request.fields.begin(), {"X-Forwarded-For", "198.51.100.7"});
    const auto again = http::forwarded_client(request, proxy, trusted);
    if (!http::is_trusted(client, trusted) && again != client) std::abort();
    return 0;
}
