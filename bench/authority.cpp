#include "bench/authority.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include "net/http_client.h"

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto start_patience = 30s;
constexpr auto glance = 20ms;

}  // namespace

std::string to_string(ServerKind kind) {
    switch (kind) {
        case ServerKind::cairn_embedded:
            return "cairn-embedded";
        case ServerKind::cairn_postgresql:
            return "cairn-postgresql";
        case ServerKind::pebble:
            return "pebble";
    }
    return {};
}

std::unique_ptr<Authority> start_authority(const AuthorityOptions& options) {
    return options.kind == ServerKind::pebble ? start_pebble(options) : start_cairn(options);
}

void wait_until_served(const std::string& url, const std::filesystem::path& root_file,
                       const std::filesystem::path& log_file) {
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    for (;;) {
        net::HttpClient client({.user_agent = "cairn-bench",
                                .root_file = root_file.string(),
                                .timeout = base::Milliseconds(1000)});
        const auto reply = client.get(url);
        if (reply && reply->status == 200) return;
        if (std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error(
                url + " is not served: " +
                (reply ? "status " + std::to_string(reply->status) : reply.error().message) +
                "; its log was " + log_file.string());
        std::this_thread::sleep_for(glance);
    }
}

}  // namespace cairn::bench
