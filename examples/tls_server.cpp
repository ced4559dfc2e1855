// A TLS server that keeps its own certificate fresh: echoes lines, and takes each new certificate
// into use while connections that stand go on with the one they began with. SIGHUP: look now.
//
//     tls_server PORT STATE_FOLDER NAME SOLVER CA [CA_ROOT_FILE]
//     tls_server 8443 /var/lib/example example.com standalone letsencrypt
#include <atomic>
#include <iostream>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <cairn/client/library/certificate_keeper.h>

namespace asio = boost::asio;
namespace acme = cairn::client;
using asio::ip::tcp;
using Context = asio::ssl::context;

std::shared_ptr<Context> context_with(const acme::KeptCertificate& certificate) {
    auto context = std::make_shared<Context>(Context::tls_server);
    context->use_certificate_chain(asio::buffer(certificate.chain_pem));
    context->use_private_key(asio::buffer(certificate.key_text()), Context::pem);
    return context;
}

asio::awaitable<void> serve(tcp::socket socket, std::shared_ptr<Context> context) {
    asio::ssl::stream<tcp::socket> stream(std::move(socket), *context);
    co_await stream.async_handshake(asio::ssl::stream_base::server, asio::use_awaitable);
    for (std::string line;;) {
        const auto size = co_await asio::async_read_until(stream, asio::dynamic_buffer(line, 1000),
                                                          '\n', asio::use_awaitable);
        co_await asio::async_write(stream, asio::buffer(line, size), asio::use_awaitable);
        line.erase(0, size);
    }
}

asio::awaitable<void> listen(tcp::endpoint place,
                             const std::atomic<std::shared_ptr<Context>>& newest) {
    tcp::acceptor acceptor(co_await asio::this_coro::executor, place);
    for (;;) {
        auto socket = co_await acceptor.async_accept(asio::use_awaitable);
        asio::co_spawn(acceptor.get_executor(), serve(std::move(socket), newest.load()),
                       asio::detached);
    }
}

asio::awaitable<void> look_at_hangups(acme::CertificateKeeper& keeper) {
    asio::signal_set hangups(co_await asio::this_coro::executor, SIGHUP);
    for (;; keeper.look_now()) co_await hangups.async_wait(asio::use_awaitable);
}

int main(int count, char** words) try {
    if (count < 6) throw std::invalid_argument("see the top of tls_server.cpp");
    std::atomic<std::shared_ptr<Context>> newest;
    acme::CertificateKeeper keeper(
        {.state_folder = words[2],
         .certificates = {{.names = {words[3]},
                           .solver = words[4],
                           .authorities = {{words[5], count > 6 ? words[6] : ""}},
                           .account = {.terms = acme::Terms::agreed}}},
         .on_certificate = [&](const auto& certificate) { newest = context_with(certificate); },
         .on_trouble = [](const auto& trouble) { std::cerr << trouble.failure.what() << '\n'; }});
    keeper.obtain();
    keeper.start();
    asio::io_context loop;
    const auto port = static_cast<asio::ip::port_type>(std::stoi(words[1]));
    asio::co_spawn(loop, listen({tcp::v4(), port}, newest), asio::detached);
    asio::co_spawn(loop, look_at_hangups(keeper), asio::detached);
    loop.run();
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
