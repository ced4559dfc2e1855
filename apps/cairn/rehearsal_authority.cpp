#include "apps/cairn/rehearsal_authority.h"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>

#include "apps/ca/init.h"
#include "base/json_quoted.h"
#include "client/failure.h"

namespace cairn {
namespace {

/// Between being found free and being listened at, a port can be lost to somebody else.
constexpr int attempts = 5;

std::uint16_t free_port() {
    boost::asio::io_context context;
    const boost::asio::ip::tcp::acceptor acceptor(
        context, {boost::asio::ip::address_v4::loopback(), std::uint16_t{0}});
    return acceptor.local_endpoint().port();
}

std::string list(const std::vector<std::string>& words) {
    std::string text;
    for (const auto& word : words) text += (text.empty() ? "" : ", ") + base::json_quoted(word);
    return "[" + text + "]";
}

std::vector<std::string> settings_for(const std::filesystem::path& folder,
                                      const RehearsalView& view) {
    return {
        "server.admin_listen=\"\"",
        fmt::format("log.file={}", base::json_quoted((folder / "log").string())),
        "log.access=false",
        "limits.enabled=false",
        "policy.internal_names=true",
        R"(validation.challenges=["http-01", "dns-01", "tls-alpn-01", "dns-account-01"])",
        R"(validation.allow_networks=["0.0.0.0/0", "::/0"])",
        fmt::format("validation.dns_servers={}", list(view.resolvers)),
        // A forwarder may serve unsigned private zones below signed ones.
        fmt::format("validation.dnssec={}", view.resolvers.empty()),
        fmt::format("validation.http_port={}", view.http_port),
        fmt::format("validation.https_port={}", view.https_port),
        fmt::format("validation.tls_alpn_port={}", view.tls_alpn_port),
    };
}

}  // namespace

RehearsalAuthority::RehearsalAuthority(const std::filesystem::path& folder,
                                       const RehearsalView& view, const base::Clock& clock,
                                       crypto::Random& random) {
    std::string fault;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        const auto place = folder / std::to_string(attempt);
        try {
            std::filesystem::create_directories(folder);
            const auto made = apps::init({.folder = place,
                                          .name = "Cairn rehearsal",
                                          .hosts = {"127.0.0.1"},
                                          .listen = fmt::format("127.0.0.1:{}", free_port())},
                                         clock, random);
            server_ = std::make_unique<apps::Server>(place, settings_for(place, view), adapters_);
            directory_url_ = made.directory_url;
            root_file_ = made.root_file;
            return;
        } catch (const std::exception& error) {
            fault = error.what();
        }
    }
    throw client::Failure("start a CA inside this program", fault,
                          "see that there is room in the folder for temporary files, and a free "
                          "port at 127.0.0.1.");
}

}  // namespace cairn
