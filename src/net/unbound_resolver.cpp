// DNSSEC validation and resolution from the roots, by libunbound.

#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <unbound.h>

#include "crypto/openssl.h"
#include "net/dns_failure.h"
#include "net/resolver.h"
#include "net/socket_address.h"

namespace cairn::net {
namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr const char* packaged_trust_anchor = "/usr/share/dns/root.key";
constexpr const char* packaged_root_hints = "/usr/share/dns/root.hints";
constexpr std::uint16_t default_port = 53;
constexpr int class_internet = 1;
/// What libunbound remembers of failures is kept no longer than this; RFC 9520 section 3.2 asks for
/// a second at least.
constexpr std::chrono::seconds kept_failure{1};

using ContextHandle = crypto::Handle<ub_ctx, &ub_ctx_delete>;
using ResultHandle = crypto::Handle<ub_result, &ub_resolve_free>;

void require(int error, const std::string& what) {
    if (error != 0) throw std::runtime_error("libunbound: " + what + ": " + ub_strerror(error));
}

ContextHandle make_context(const ResolverOptions& options) {
    ContextHandle context(ub_ctx_create());
    if (!context) throw std::runtime_error("libunbound: no context can be made");
    const auto set = [&](const char* name, const char* value) {
        require(ub_ctx_set_option(context.get(), name, value), std::string(name) + " " + value);
    };
    set("module-config:", options.dnssec ? "validator iterator" : "iterator");
    // Each validation sees the present: nothing is kept that an answer holds.
    set("cache-max-ttl:", "0");
    set("cache-max-negative-ttl:", "0");
    set("val-bogus-ttl:", "0");
    set("aggressive-nsec:", "no");
    for (const char* cache : {"msg", "rrset", "key", "infra"}) {
        set((std::string(cache) + "-cache-slabs:").c_str(), "1");
    }
    for (const char* cache : {"msg", "rrset", "key", "neg"}) {
        set((std::string(cache) + "-cache-size:").c_str(), "1m");
    }
    // A server that was down is asked again.
    set("infra-keep-probing:", "yes");
    set("do-not-query-localhost:", "no");
    // Room for many validations at once.
    set("outgoing-range:", "512");
    set("num-queries-per-thread:", "1024");
    set("outgoing-num-tcp:", "64");

    for (const std::string& text : options.servers) {
        const auto server = SocketAddress::from_text(text, default_port);
        if (!server) throw std::runtime_error("DNS server " + server.error().message);
        const std::string address =
            server->address.to_string() + "@" + std::to_string(server->port);
        require(ub_ctx_set_fwd(context.get(), address.c_str()), "forwarder " + text);
    }
    if (options.servers.empty()) {
        if (!options.root_hints_file.empty()) {
            set("root-hints:", options.root_hints_file.c_str());
        } else if (std::filesystem::exists(packaged_root_hints)) {
            set("root-hints:", packaged_root_hints);
        }
    } else {
        // Zones that libunbound would answer for: the forwarders know better.
        set("unblock-lan-zones:", "yes");
        set("insecure-lan-zones:", "yes");
    }
    if (options.dnssec) {
        const std::string file =
            options.trust_anchor_file.empty() ? packaged_trust_anchor : options.trust_anchor_file;
        if (!std::filesystem::exists(file)) {
            throw std::runtime_error("the DNSSEC trust anchor " + file + " does not exist");
        }
        require(ub_ctx_add_ta_file(context.get(), file.c_str()), "trust anchor " + file);
    }
    require(ub_ctx_async(context.get(), 1), "thread");
    // Removing a zone is also what makes libunbound read its files, and complain.
    for (const char* zone : {"test.", "invalid.", "home.arpa."}) {
        require(ub_ctx_zone_remove(context.get(), zone),
                "trust anchor, root hints or local zone " + std::string(zone));
    }
    return context;
}

/// A query that waits for its answer; used on the executor of its task alone.
struct Waiter {
    Waiter(const base::Executor& executor, base::Milliseconds patience)
        : timer(executor, patience) {}
    asio::steady_timer timer;  ///< its end, or that of the patience
    bool answered = false;
    int error = 0;
    ResultHandle result;
};
using WaiterPointer = std::shared_ptr<Waiter>;

/// libunbound, on one strand. Kept by the handlers that wait for it and by nothing else once the
/// resolver is gone.
class Unbound : public std::enable_shared_from_this<Unbound> {
  public:
    Unbound(const base::Executor& executor, ResolverOptions options)
        : strand_(asio::make_strand(executor)),
          options_(std::move(options)),
          session_(std::make_shared<Session>(*this)) {}

    [[nodiscard]] base::Milliseconds patience() const { return options_.timeout; }
    [[nodiscard]] const asio::strand<base::Executor>& strand() const { return strand_; }

    // The rest is used on the strand alone.
    void ask(const WaiterPointer& waiter, const std::string& name, RecordType type);
    void drop(const WaiterPointer& waiter);
    void close();

  private:
    struct Question;
    /// One context of libunbound with its thread, and what has been asked of it.
    struct Session : std::enable_shared_from_this<Session> {
        explicit Session(Unbound& unbound)
            : context(make_context(unbound.options_)),
              events(unbound.strand_),
              start(steady_clock::now()) {
            events.assign(ub_fd(context.get()));
        }
        // The descriptor is libunbound's own.
        ~Session() { events.release(); }
        void watch();

        ContextHandle context;
        asio::posix::stream_descriptor events;
        steady_clock::time_point start;
        bool remembers_failure = false;
        bool watching = false;
    };
    struct Question {
        std::weak_ptr<Unbound> unbound;
        std::shared_ptr<Session> session;
        WaiterPointer waiter;
        int id = 0;
    };
    static void on_answer(void* question, int error, ub_result* result);
    static void deliver(const WaiterPointer& waiter, int error, ResultHandle result);
    void replace_session_if_stale();

    asio::strand<base::Executor> strand_;
    ResolverOptions options_;
    std::shared_ptr<Session> session_;
    std::unordered_map<Waiter*, std::unique_ptr<Question>> questions_;
};

/// Lets libunbound work on each event, as long as there is a session.
void Unbound::Session::watch() {
    if (watching) return;
    watching = true;
    events.async_wait(asio::posix::stream_descriptor::wait_read,
                      [weak = weak_from_this()](const boost::system::error_code& error) {
                          const auto session = weak.lock();
                          if (error || !session) return;
                          session->watching = false;
                          session->watch();
                          ub_process(session->context.get());
                      });
}

void Unbound::on_answer(void* data, int error, ub_result* raw_result) {
    ResultHandle result(raw_result);
    auto* const question = static_cast<Question*>(data);
    const auto waiter = question->waiter;
    const bool found = error == 0 && result && result->havedata != 0;
    if (!found) question->session->remembers_failure = true;
    if (const auto unbound = question->unbound.lock()) unbound->questions_.erase(waiter.get());
    deliver(waiter, error, std::move(result));
}

void Unbound::deliver(const WaiterPointer& waiter, int error, ResultHandle result) {
    const auto executor = waiter->timer.get_executor();
    asio::post(executor, [waiter, error, result = std::move(result)]() mutable {
        waiter->answered = true;
        waiter->error = error;
        waiter->result = std::move(result);
        waiter->timer.cancel();
    });
}

/// libunbound remembers failures and denials without a SOA record for some seconds, and no option
/// forbids it. A session that has seen one is replaced after `kept_failure`.
void Unbound::replace_session_if_stale() {
    const bool stale = session_ && session_->remembers_failure &&
                       steady_clock::now() - session_->start >= kept_failure;
    if (!session_ || stale) session_ = std::make_shared<Session>(*this);
}

void Unbound::ask(const WaiterPointer& waiter, const std::string& name, RecordType type) {
    replace_session_if_stale();
    session_->watch();
    auto question = std::make_unique<Question>(weak_from_this(), session_, waiter);
    const int error =
        ub_resolve_async(session_->context.get(), name.c_str(), static_cast<int>(type),
                         class_internet, question.get(), on_answer, &question->id);
    if (error != 0) return deliver(waiter, error, nullptr);
    questions_.emplace(waiter.get(), std::move(question));
}

void Unbound::drop(const WaiterPointer& waiter) {
    const auto found = questions_.find(waiter.get());
    if (found == questions_.end()) return;
    Question& question = *found->second;
    question.session->remembers_failure = true;
    ub_cancel(question.session->context.get(), question.id);
    questions_.erase(found);
}

void Unbound::close() {
    while (!questions_.empty()) {
        const auto waiter = questions_.begin()->second->waiter;
        drop(waiter);
        deliver(waiter, UB_PIPE, nullptr);
    }
    session_.reset();
}

base::Result<DnsAnswer> answer_of(const Waiter& waiter, const std::string& name, RecordType type) {
    if (waiter.error != 0) return dns_failure(name, type, ub_strerror(waiter.error));
    const ub_result& result = *waiter.result;
    if (result.bogus != 0) {
        return dns_failure(
            name, type,
            "DNSSEC validation failed: " +
                base::printable(result.why_bogus != nullptr ? result.why_bogus : "", 500));
    }
    if (result.answer_packet == nullptr || result.answer_len <= 0) {
        return dns_failure(name, type, "no server gave a usable answer (SERVFAIL)");
    }
    const base::BytesView message(static_cast<const std::uint8_t*>(result.answer_packet),
                                  static_cast<std::size_t>(result.answer_len));
    auto answer = parse_dns_response(message, name, type);
    if (answer) answer = only_facts(std::move(*answer));
    if (!answer) return dns_failure(name, type, answer.error().message);
    return answer;
}

class UnboundResolver final : public Resolver {
  public:
    UnboundResolver(const base::Executor& executor, const ResolverOptions& options)
        : unbound_(std::make_shared<Unbound>(executor, options)) {}
    ~UnboundResolver() override {
        asio::post(unbound_->strand(), [unbound = unbound_] { unbound->close(); });
    }
    UnboundResolver(const UnboundResolver&) = delete;
    UnboundResolver& operator=(const UnboundResolver&) = delete;

    base::Task<base::Result<DnsAnswer>> query(std::string name, RecordType type) override {
        return ask(unbound_, std::move(name), type);
    }

  private:
    static base::Task<base::Result<DnsAnswer>> ask(std::shared_ptr<Unbound> unbound,
                                                   std::string name, RecordType type) {
        // The same names as everywhere: libunbound itself also reads escapes and the root.
        if (const auto proper = make_dns_query(0, name, type); !proper) {
            co_return dns_failure(name, type, proper.error().message);
        }
        const auto waiter =
            std::make_shared<Waiter>(co_await asio::this_coro::executor, unbound->patience());
        asio::post(unbound->strand(),
                   [unbound, waiter, name, type] { unbound->ask(waiter, name, type); });
        co_await waiter->timer.async_wait(asio::as_tuple(asio::use_awaitable));
        if (waiter->answered) co_return answer_of(*waiter, name, type);
        asio::post(unbound->strand(), [unbound, waiter] { unbound->drop(waiter); });
        co_return dns_failure(
            name, type, "no answer within " + std::to_string(unbound->patience().count()) + " ms");
    }

    std::shared_ptr<Unbound> unbound_;
};

}  // namespace

std::unique_ptr<Resolver> make_unbound_resolver(const base::Executor& executor,
                                                const ResolverOptions& options) {
    return std::make_unique<UnboundResolver>(executor, options);
}

}  // namespace cairn::net
