#include "http/async_client.h"

#include <chrono>
#include <deque>
#include <exception>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <utility>
#include <vector>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>

#include "http/redirection.h"
#include "http/transfer.h"

namespace cairn::http {
namespace asio = boost::asio;
using boost::system::error_code;
using std::chrono::steady_clock;
using Kind = ExchangeError::Kind;

namespace {

/// libcurl ends what runs into its deadline by itself, and knows why. What still waits for its turn
/// is ended so much later.
constexpr base::Milliseconds grace{100};

/// One request and its reply. `transfer` is used on the client's executor, the rest on the
/// caller's.
struct Call {
    Call(const base::Executor& caller, const ClientOptions& options, steady_clock::time_point until)
        : transfer(options), deadline(until), ended(caller) {}

    Transfer transfer;
    const steady_clock::time_point deadline;
    asio::steady_timer ended;  ///< is cancelled when `result` is there
    std::optional<ExchangeResult> result;
};

/// A socket of libcurl's on the event loop. The socket stays libcurl's.
struct Watch {
    Watch(const base::Executor& executor, curl_socket_t socket) : descriptor(executor, socket) {}
    ~Watch() {
        if (descriptor.is_open()) descriptor.release();
    }
    Watch(const Watch&) = delete;
    Watch& operator=(const Watch&) = delete;

    asio::posix::stream_descriptor descriptor;
    int wanted = CURL_POLL_NONE;
    bool waits_to_read = false;
    bool waits_to_write = false;
};

void require(CURLMcode code) {
    if (code != CURLM_OK)
        throw std::runtime_error(std::string("libcurl: ") + curl_multi_strerror(code));
}

/// The result comes to the caller's executor.
void deliver(const std::shared_ptr<Call>& call, ExchangeResult result) {
    asio::post(call->ended.get_executor(), [call, result = std::move(result)]() mutable {
        call->result = std::move(result);
        call->ended.cancel();
    });
}

void fail(const std::shared_ptr<Call>& call, Kind kind, std::string_view reason) {
    deliver(call, std::unexpected(call->transfer.failure(kind, reason)));
}

}  // namespace

/// Used on its executor alone, but for its making, and its end where the event loop is gone.
struct AsyncClient::State : std::enable_shared_from_this<State> {
    State(base::Executor the_executor, ClientOptions the_options, Pool the_pool);
    ~State();

    void start(const std::shared_ptr<Call>& call);
    void abandon(const std::shared_ptr<Call>& call);
    void close();

    const base::Executor executor;
    const ClientOptions options;

  private:
    static int on_socket(CURL*, curl_socket_t socket, int wanted, void* state, void*) noexcept;
    static int on_timer(CURLM*, long milliseconds, void* state) noexcept;
    void send(const std::shared_ptr<Call>& call);
    void send_waiting(const std::string& name);
    void watch(curl_socket_t socket, int wanted);
    void wait_on(curl_socket_t socket, const std::shared_ptr<Watch>& watch);
    void act(curl_socket_t socket, int events);
    void take_ended();

    const Pool pool_;
    MultiHandle multi_;
    asio::steady_timer timer_;
    std::unordered_map<curl_socket_t, std::shared_ptr<Watch>> watches_;
    struct Origin {
        std::size_t under_way = 0;
        std::deque<std::shared_ptr<Call>> waiting;
    };
    std::unordered_map<std::string, Origin> origins_;
    std::unordered_map<CURL*, std::shared_ptr<Call>> calls_;  ///< those that libcurl has
    std::size_t waiting_ = 0;
    bool closed_ = false;
};

AsyncClient::State::State(base::Executor the_executor, ClientOptions the_options, Pool the_pool)
    : executor(std::move(the_executor)),
      options(std::move(the_options)),
      pool_(the_pool),
      timer_(executor) {
    const Transfer starts_libcurl(options);
    multi_.reset(curl_multi_init());
    if (!multi_) throw std::runtime_error("libcurl: no handle can be made");
    CURLM* const raw = multi_.get();
    require(curl_multi_setopt(raw, CURLMOPT_SOCKETFUNCTION, &State::on_socket));
    require(curl_multi_setopt(raw, CURLMOPT_SOCKETDATA, static_cast<void*>(this)));
    require(curl_multi_setopt(raw, CURLMOPT_TIMERFUNCTION, &State::on_timer));
    require(curl_multi_setopt(raw, CURLMOPT_TIMERDATA, static_cast<void*>(this)));
    require(
        curl_multi_setopt(raw, CURLMOPT_MAXCONNECTS, static_cast<long>(pool_.idle_connections)));
}

AsyncClient::State::~State() {
    close();
    // What libcurl closes from here on is no longer watched.
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
    watches_.clear();
}

void AsyncClient::State::close() {
    closed_ = true;
    timer_.cancel();
    std::vector<std::shared_ptr<Call>> all;
    for (const auto& [name, origin] : std::exchange(origins_, {}))
        all.insert(all.end(), origin.waiting.begin(), origin.waiting.end());
    waiting_ = 0;
    for (const auto& [handle, call] : std::exchange(calls_, {})) {
        curl_multi_remove_handle(multi_.get(), handle);
        all.push_back(call);
    }
    for (const auto& call : all) fail(call, Kind::closed, "the client was closed");
}

void AsyncClient::State::start(const std::shared_ptr<Call>& call) {
    if (closed_) return fail(call, Kind::closed, "the client was closed");
    if (calls_.size() + waiting_ >= pool_.requests)
        return fail(call, Kind::busy, "too many requests are under way");
    const auto name = call->transfer.origin();
    // libcurl's own queue (CURLMOPT_MAX_HOST_CONNECTIONS) crashes in version 7.88.
    origins_[name].waiting.push_back(call);
    ++waiting_;
    send_waiting(name);
}

void AsyncClient::State::send_waiting(const std::string& name) {
    const auto found = origins_.find(name);
    if (found == origins_.end()) return;
    auto& origin = found->second;
    while (!origin.waiting.empty() && origin.under_way < pool_.requests_per_origin) {
        const auto call = std::move(origin.waiting.front());
        origin.waiting.pop_front();
        --waiting_;
        send(call);
    }
    if (origin.under_way == 0) origins_.erase(found);
}

void AsyncClient::State::send(const std::shared_ptr<Call>& call) {
    CURL* const handle = call->transfer.handle();
    call->transfer.set_deadline(call->deadline);
    if (curl_multi_add_handle(multi_.get(), handle) != CURLM_OK)
        return fail(call, Kind::shortage, "libcurl takes no more requests");
    calls_.emplace(handle, call);
    ++origins_[call->transfer.origin()].under_way;
}

void AsyncClient::State::abandon(const std::shared_ptr<Call>& call) {
    const auto name = call->transfer.origin();
    const auto found = origins_.find(name);
    if (found == origins_.end()) return;
    auto& origin = found->second;
    if (calls_.erase(call->transfer.handle()) != 0) {
        curl_multi_remove_handle(multi_.get(), call->transfer.handle());
        --origin.under_way;
    } else {
        waiting_ -= std::erase(origin.waiting, call);
    }
    send_waiting(name);
}

int AsyncClient::State::on_socket(CURL*, curl_socket_t socket, int wanted, void* state,
                                  void*) noexcept {
    try {
        static_cast<State*>(state)->watch(socket, wanted);
        return 0;
    } catch (const std::exception&) {
        return -1;  // for want of memory; the transfer fails
    }
}

void AsyncClient::State::watch(curl_socket_t socket, int wanted) {
    if (wanted == CURL_POLL_REMOVE) {
        // At once: somebody may still hold the watch when another socket has its number.
        const auto found = watches_.find(socket);
        if (found == watches_.end()) return;
        found->second->descriptor.release();
        watches_.erase(found);
        return;
    }
    auto& watch = watches_[socket];
    if (!watch) watch = std::make_shared<Watch>(executor, socket);
    watch->wanted = wanted;
    wait_on(socket, watch);
}

void AsyncClient::State::wait_on(curl_socket_t socket, const std::shared_ptr<Watch>& watch) {
    using Wait = asio::posix::stream_descriptor::wait_type;
    const auto wait = [&](bool Watch::* waits, Wait type, int poll, int select) {
        if (watch.get()->*waits || (watch->wanted & poll) == 0) return;
        watch.get()->*waits = true;
        watch->descriptor.async_wait(
            type, [weak_state = weak_from_this(), weak = std::weak_ptr(watch), waits, poll, select,
                   socket](const error_code& error) {
                const auto state = weak_state.lock();
                const auto same = weak.lock();
                if (!state || !same) return;
                same.get()->*waits = false;
                if (error) return;
                if ((same->wanted & poll) != 0) state->act(socket, select);
                const auto found = state->watches_.find(socket);
                if (found != state->watches_.end() && found->second == same)
                    state->wait_on(socket, same);
            });
    };
    wait(&Watch::waits_to_read, Wait::wait_read, CURL_POLL_IN, CURL_CSELECT_IN);
    wait(&Watch::waits_to_write, Wait::wait_write, CURL_POLL_OUT, CURL_CSELECT_OUT);
}

int AsyncClient::State::on_timer(CURLM*, long milliseconds, void* state) noexcept {
    auto& self = *static_cast<State*>(state);
    try {
        self.timer_.cancel();
        if (milliseconds < 0 || self.closed_) return 0;
        self.timer_.expires_after(base::Milliseconds(milliseconds));
        self.timer_.async_wait([weak = self.weak_from_this()](const error_code& error) {
            const auto locked = weak.lock();
            if (locked && !error) locked->act(CURL_SOCKET_TIMEOUT, 0);
        });
        return 0;
    } catch (const std::exception&) {
        return -1;
    }
}

void AsyncClient::State::act(curl_socket_t socket, int events) {
    int under_way = 0;
    curl_multi_socket_action(multi_.get(), socket, events, &under_way);
    take_ended();
}

void AsyncClient::State::take_ended() {
    int left = 0;
    while (const CURLMsg* const message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE) continue;
        // The message is gone once its handle is.
        const CURLcode code = message->data.result;
        const auto found = calls_.find(message->easy_handle);
        if (found == calls_.end()) continue;
        const auto call = found->second;
        abandon(call);
        deliver(call, call->transfer.finish(code));
    }
}

AsyncClient::AsyncClient(base::Executor executor, ClientOptions options, Pool pool)
    : state_(std::make_shared<State>(std::move(executor), std::move(options), pool)) {}

AsyncClient::AsyncClient(base::Executor executor, ClientOptions options)
    : AsyncClient(std::move(executor), std::move(options), Pool()) {}

AsyncClient::~AsyncClient() {
    const auto executor = state_->executor;
    asio::post(executor, [state = std::move(state_)] { state->close(); });
}

base::Task<ExchangeResult> AsyncClient::exchange(ClientRequest request) {
    const auto state = state_;
    const auto caller = co_await asio::this_coro::executor;
    const auto deadline = steady_clock::now() + state->options.timeout;
    Redirection redirection(std::move(request), state->options.max_redirects);
    for (;;) {
        const auto call = std::make_shared<Call>(caller, state->options, deadline);
        if (auto error = call->transfer.prepare(redirection.request()))
            co_return std::unexpected(std::move(*error));
        call->ended.expires_at(deadline + grace);
        asio::post(state->executor, [state, call] { state->start(call); });
        const auto [error] = co_await call->ended.async_wait(asio::as_tuple(asio::use_awaitable));
        if (!call->result) {
            asio::post(state->executor, [state, call] { state->abandon(call); });
            if (error) throw boost::system::system_error(error);
            call->result = std::unexpected(
                call->transfer.failure(Kind::timed_out, "no connection was free in time"));
        }
        auto result = redirection.take(std::move(*call->result));
        if (result) co_return std::move(*result);
    }
}

}  // namespace cairn::http
