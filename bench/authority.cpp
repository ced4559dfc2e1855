#include "bench/authority.h"

#include <chrono>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <thread>

#include "bench/child.h"
#include "http/client.h"

namespace cairn::bench {

namespace {

using namespace std::chrono_literals;

constexpr auto start_patience = 30s;
constexpr auto glance = 20ms;

std::string end_of(const std::filesystem::path& file) {
    constexpr std::size_t most = 500;
    std::ifstream stream(file);
    const std::string text(std::istreambuf_iterator<char>(stream), {});
    return text.size() > most ? text.substr(text.size() - most) : text;
}

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
                       Child& server, const std::filesystem::path& log_file) {
    const auto deadline = std::chrono::steady_clock::now() + start_patience;
    for (;;) {
        http::Client client({.user_agent = "cairn-bench",
                             .root_file = root_file.string(),
                             .timeout = base::Milliseconds(1000)});
        const auto reply = client.get(url);
        if (reply && reply->status == 200) return;
        if (server.has_ended() || std::chrono::steady_clock::now() > deadline)
            throw std::runtime_error(url + " is not served; the server said: " + end_of(log_file));
        std::this_thread::sleep_for(glance);
    }
}

}  // namespace cairn::bench
