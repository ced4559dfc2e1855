#include "bench/start_up.h"

#include <chrono>
#include <stdexcept>
#include <thread>

#include <boost/asio/buffer.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <poll.h>

#include "bench/authority.h"
#include "bench/child.h"
#include "bench/https_identity.h"
#include "bench/scenario.h"
#include "http/client.h"

namespace cairn::bench {

namespace asio = boost::asio;
using asio::ip::tcp;
using std::chrono::steady_clock;
using namespace std::chrono_literals;

namespace {

constexpr int serve_starts = 7;
constexpr int client_starts = 21;
constexpr auto patience = 20s;
constexpr auto glance = 500us;

double seconds_since(steady_clock::time_point begun) {
    const std::chrono::duration<double> taken = steady_clock::now() - begun;
    return taken.count();
}

bool accepts(unsigned port) {
    asio::io_context context;
    tcp::socket socket(context);
    boost::system::error_code error;
    socket.connect(
        tcp::endpoint(asio::ip::address_v4::loopback(), static_cast<std::uint16_t>(port)), error);
    return !error;
}

double start_once(const std::vector<std::string>& command, const std::filesystem::path& home,
                  unsigned port) {
    http::Client client({.user_agent = "cairn-bench",
                         .root_file = (home / "pki/root.pem").string(),
                         .timeout = base::Milliseconds(5000)});
    const auto begun = steady_clock::now();
    Child server({.words = command,
                  .output_file = (home / "serve.log").string(),
                  .at_our_end = AtOurEnd::it_goes_on});  // or setpriv is measured too
    while (!accepts(port)) {
        if (server.has_ended() || steady_clock::now() - begun > patience)
            throw std::runtime_error("cairn-ca serve did not come up");
        std::this_thread::sleep_for(glance);
    }
    const auto reply = client.get("https://localhost:" + std::to_string(port) + "/directory");
    if (!reply) throw std::runtime_error(reply.error().message);
    return seconds_since(begun);
}

double run_client_once(const std::string& cairn, const std::filesystem::path& folder,
                       tcp::acceptor& acceptor) {
    const auto address =
        "https://127.0.0.1:" + std::to_string(acceptor.local_endpoint().port()) + "/directory";
    const auto begun = steady_clock::now();
    const Child client({.words = {cairn, "issue", "-d", "start-up.bench.test", "--ca", address,
                                  "--ca-root", (folder / "root.pem").string(), "--solver",
                                  "standalone:127.0.0.1:" + std::to_string(free_port()), "--state",
                                  (folder / "state").string()},
                        .output_file = (folder / "cairn.log").string(),
                        .at_our_end = AtOurEnd::it_goes_on});
    pollfd wait{.fd = acceptor.native_handle(), .events = POLLIN, .revents = 0};
    if (::poll(&wait, 1, std::chrono::milliseconds(patience).count()) != 1)
        throw std::runtime_error("cairn sent nothing; see its arguments in start_up.cpp");
    tcp::socket socket = acceptor.accept();
    char octet = 0;
    asio::read(socket, asio::buffer(&octet, 1));
    return seconds_since(begun) * 1e3;
}

}  // namespace

double measure_serve_start(const std::string& cairn_ca, const std::filesystem::path& work_folder,
                           const std::filesystem::path& store_file) {
    const TemporaryFolder folder(work_folder);
    const auto home = folder.path() / "ca";
    const unsigned port = free_port();
    run_to_end({.words = {cairn_ca, "init", home.string(), "--listen",
                          "127.0.0.1:" + std::to_string(port)}});
    auto command = serve_command(cairn_ca, home, {});
    if (!store_file.empty()) command.insert(command.end(), {"--set", store_setting(store_file)});
    // The first start makes the server's own certificate.
    static_cast<void>(start_once(command, home, port));
    std::vector<double> taken;
    for (int i = 0; i < serve_starts; ++i) taken.push_back(start_once(command, home, port));
    return median(taken);
}

double measure_client_start(const std::string& cairn, const std::filesystem::path& work_folder) {
    const TemporaryFolder folder(work_folder);
    write_https_identity(folder.path());
    asio::io_context context;
    tcp::acceptor acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0));
    std::vector<double> taken;
    for (int i = 0; i < client_starts; ++i)
        taken.push_back(run_client_once(cairn, folder.path(), acceptor));
    return median(taken);
}

}  // namespace cairn::bench
