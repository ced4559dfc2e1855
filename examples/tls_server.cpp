// A TLS server that keeps its own certificate fresh: echoes what it reads, and takes each new
// certificate into use while connections that stand go on with the one they began with.
//
//     tls_server PORT STATE_FOLDER NAME SOLVER CA CA_ROOT_FILE
//     tls_server 443 /var/lib/example example.com own-tls letsencrypt ''
//
// The solver own-tls is this server itself: the CA finds its answer (tls-alpn-01) at port 443.
// SIGHUP has the keeper look now.
#include <atomic>
#include <iostream>

#include <boost/asio.hpp>
#include <boost/asio/ssl.hpp>
#include <cairn/client/library/certificate_keeper.h>
#include <cairn/client/library/own_tls_server.h>

namespace acme = cairn::client;
using namespace boost::asio;
using ip::tcp;
using Newest = std::atomic<std::shared_ptr<ssl::context>>;

awaitable<void> serve(tcp::socket socket, std::shared_ptr<ssl::context> context) {
    ssl::stream<tcp::socket> stream(std::move(socket), *context);
    co_await stream.async_handshake(stream.server, use_awaitable);
    for (std::array<char, 1000> text;;) {
        const auto size = co_await stream.async_read_some(buffer(text), use_awaitable);
        co_await async_write(stream, buffer(text, size), use_awaitable);
    }
}

awaitable<void> listen(tcp::acceptor acceptor, const Newest& newest) {
    for (;;) {
        auto socket = co_await acceptor.async_accept(use_awaitable);
        co_spawn(acceptor.get_executor(), serve(std::move(socket), newest), detached);
    }
}

awaitable<void> look_at_hangups(acme::CertificateKeeper& keeper) {
    signal_set hangups(co_await this_coro::executor, SIGHUP);
    for (;; keeper.look_now()) co_await hangups.async_wait(use_awaitable);
}

int main(int, char** words) try {
    const auto own = std::make_shared<acme::OwnTlsServer>();
    Newest newest;
    const auto use = [&](const acme::KeptCertificate* certificate) {
        auto context = std::make_shared<ssl::context>(ssl::context::tls_server);
        own->answer_in(context->native_handle());
        if (certificate) context->use_certificate_chain(buffer(certificate->chain_pem));
        if (certificate) context->use_private_key(buffer(certificate->key_text()), context->pem);
        newest = context;
    };
    use(nullptr);
    acme::CertificateKeeper keeper(
        {.state_folder = words[2],
         .certificates = {{.names = {words[3]},
                           .solver = words[4],
                           .authorities = {{words[5], words[6]}},
                           .account = {.terms = acme::Terms::agreed}}},
         .solvers = {own},
         .on_certificate = [&](const auto& certificate) { use(&certificate); },
         .on_trouble = [](const auto& trouble) { std::cerr << trouble.failure.what() << '\n'; }});
    keeper.start();
    io_context loop;
    const tcp::endpoint place(tcp::v4(), ip::port_type(std::stoi(words[1])));
    co_spawn(loop, listen({loop, place}, newest), detached);
    co_spawn(loop, look_at_hangups(keeper), detached);
    loop.run();
} catch (const std::exception& error) {
    std::cerr << error.what() << '\n';
    return 1;
}
