// DNSSEC validation and resolution from the roots, by libunbound.

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <system_error>
#include <unordered_map>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>
#include <unbound.h>
#include <unistd.h>

#include "base/shortage.h"
#include "crypto/openssl.h"
#include "dns/failure.h"
#include "dns/message_writer.h"
#include "dns/resolver.h"
#include "dns/unbound_context.h"
#include "net/ascii.h"

namespace cairn::dns {
namespace asio = boost::asio;
using std::chrono::steady_clock;

namespace {

constexpr int rcode_server_failure = 2;
/// libunbound counts by seconds: what may not be kept at all is used until the second ends.
constexpr base::Milliseconds kept_answer{1100};
/// How often a name is asked for that is denied without a SOA record.
constexpr int denial_tries = 4;

/// Whether another server is asked where one denies a record without the zone's SOA record. Of AAAA
/// it is not: many servers that know their zone deny them so (RFC 4074), such a host is reached by
/// IPv4, and each try costs all its validations more than a second.
constexpr bool is_asked_again(RecordType type) {
    return type != RecordType::aaaa;
}
/// How long failures that libunbound caches may be used; RFC 9520 section 3.2 asks for a second at
/// least.
constexpr std::chrono::seconds kept_failure{1};

using ResultHandle = crypto::Handle<ub_result, &ub_resolve_free>;

/// Where a task waits for its answer. It holds nothing of the task's event loop, which may be gone
/// when a late answer of libunbound arrives. Thread-safe.
class Mailbox {
  public:
    struct Mail {
        int error = 0;
        ResultHandle result;
    };

    /// Waits for the answer until `end` at most; nothing if there was none.
    static base::Task<std::optional<Mail>> wait(std::shared_ptr<Mailbox> mailbox,
                                                steady_clock::time_point end) {
        asio::steady_timer timer(co_await asio::this_coro::executor, end);
        const Opening opening(*mailbox, timer);
        co_await timer.async_wait(asio::as_tuple(asio::use_awaitable));
        const std::scoped_lock lock(mailbox->mutex_);
        co_return std::move(mailbox->mail_);
    }

    static void deliver(const std::shared_ptr<Mailbox>& mailbox, Mail mail) {
        const std::scoped_lock lock(mailbox->mutex_);
        mailbox->mail_ = std::move(mail);
        if (mailbox->timer_ == nullptr) return;
        asio::post(mailbox->timer_->get_executor(), [mailbox] {
            const std::scoped_lock inner_lock(mailbox->mutex_);
            if (mailbox->timer_ != nullptr) mailbox->timer_->cancel();
        });
    }

  private:
    /// The wait of a task. It ends at once if the answer was delivered before.
    class Opening {
      public:
        Opening(Mailbox& mailbox, asio::steady_timer& timer) : mailbox_(mailbox) {
            const std::scoped_lock lock(mailbox_.mutex_);
            mailbox_.timer_ = &timer;
            if (mailbox_.mail_) timer.expires_after(base::Milliseconds(0));
        }
        ~Opening() {
            const std::scoped_lock lock(mailbox_.mutex_);
            mailbox_.timer_ = nullptr;
        }
        Opening(const Opening&) = delete;
        Opening& operator=(const Opening&) = delete;

      private:
        Mailbox& mailbox_;
    };

    std::mutex mutex_;
    asio::steady_timer* timer_ = nullptr;  ///< while a task waits
    std::optional<Mail> mail_;
};
using MailboxPointer = std::shared_ptr<Mailbox>;

/// Whether a name is that of the zone or below it.
bool is_within(std::string_view name, std::string_view zone) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() < zone.size()) return false;
    const auto end = name.substr(name.size() - zone.size());
    return net::same_ignoring_case(end, zone) &&
           (name.size() == zone.size() || name[name.size() - zone.size() - 1] == '.');
}

/// libunbound, on one strand. When the resolver is gone, only handlers that wait for it keep it
/// alive.
class Unbound : public std::enable_shared_from_this<Unbound> {
  public:
    Unbound(const base::Executor& executor, ResolverOptions options)
        : strand_(asio::make_strand(executor)),
          options_(std::move(options)),
          session_(std::make_shared<Session>(*this)) {}

    [[nodiscard]] base::Milliseconds patience() const { return options_.timeout; }
    [[nodiscard]] const asio::strand<base::Executor>& strand() const { return strand_; }
    /// Whether servers of zones are asked about `name`, not a forwarder, which may leave SOA
    /// records out of its denials.
    [[nodiscard]] bool asks_authorities(std::string_view name) const {
        const ResolverZone* nearest = nullptr;
        for (const auto& zone : options_.zones)
            if (is_within(name, zone.name) &&
                (nearest == nullptr || nearest->name.size() < zone.name.size()))
                nearest = &zone;
        return nearest == nullptr ? options_.servers.empty()
                                  : nearest->kind == ResolverZone::Kind::stub;
    }

    // The rest is used on the strand alone.
    void ask(const MailboxPointer& mailbox, const std::string& name, RecordType type);
    void drop(const MailboxPointer& mailbox);
    void close();

  private:
    struct Question;
    /// One context of libunbound with its thread, and the queries under way.
    struct Session : std::enable_shared_from_this<Session> {
        explicit Session(Unbound& unbound)
            : context(make_unbound_context(unbound.options_)),
              events(unbound.strand_),
              start(steady_clock::now()) {
            events.assign(ub_fd(context.get()));
        }
        // libunbound closes the descriptor.
        ~Session() { events.release(); }
        void watch();

        UnboundContext context;
        asio::posix::stream_descriptor events;
        steady_clock::time_point start;
        bool remembers_failure = false;
        bool watching = false;
    };
    struct Question {
        std::weak_ptr<Unbound> unbound;
        std::shared_ptr<Session> session;
        MailboxPointer mailbox;
        int id = 0;
    };
    static void on_answer(void* data, int error, ub_result* raw_result);
    void replace_session_if_stale();

    asio::strand<base::Executor> strand_;
    ResolverOptions options_;
    std::shared_ptr<Session> session_;
    std::unordered_map<Mailbox*, std::unique_ptr<Question>> questions_;
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

base::BytesView packet_of(const ub_result& result) {
    return {static_cast<const std::uint8_t*>(result.answer_packet),
            static_cast<std::size_t>(std::max(result.answer_len, 0))};
}

bool has_authorities(const ub_result& result) {
    constexpr std::size_t authority_count = 8;
    const auto message = packet_of(result);
    return message.size() >= authority_count + 2 &&
           (message[authority_count] != 0 || message[authority_count + 1] != 0);
}

/// Whether libunbound caches this answer although its cache is off.
bool is_remembered(const ub_result& result) {
    if (result.bogus != 0 || result.rcode == rcode_server_failure) return true;
    if (result.havedata != 0) return false;
    return !has_authorities(result);
}

void Unbound::on_answer(void* data, int error, ub_result* raw_result) {
    ResultHandle result(raw_result);
    auto* const question = static_cast<Question*>(data);
    const auto mailbox = question->mailbox;
    if (error != 0 || !result || is_remembered(*result)) {
        question->session->remembers_failure = true;
    }
    if (const auto unbound = question->unbound.lock()) unbound->questions_.erase(mailbox.get());
    Mailbox::deliver(mailbox, {error, std::move(result)});
}

/// libunbound caches failures, and denials without a SOA record, for some seconds, and no option
/// turns that off. A session that has seen one is replaced after `kept_failure`.
void Unbound::replace_session_if_stale() {
    const bool stale = session_ && session_->remembers_failure &&
                       steady_clock::now() - session_->start >= kept_failure;
    if (session_ && !stale) return;
    try {
        session_ = std::make_shared<Session>(*this);
    } catch (const std::runtime_error&) {
        // Descriptors or memory are short: the former session, if any, stays in use.
    }
}

void Unbound::ask(const MailboxPointer& mailbox, const std::string& name, RecordType type) {
    replace_session_if_stale();
    if (!session_) return Mailbox::deliver(mailbox, {UB_INITFAIL, nullptr});
    session_->watch();
    auto question = std::make_unique<Question>(weak_from_this(), session_, mailbox);
    const int error =
        ub_resolve_async(session_->context.get(), name.c_str(), static_cast<int>(type),
                         class_internet, question.get(), on_answer, &question->id);
    if (error != 0) return Mailbox::deliver(mailbox, {error, nullptr});
    questions_.emplace(mailbox.get(), std::move(question));
}

void Unbound::drop(const MailboxPointer& mailbox) {
    const auto found = questions_.find(mailbox.get());
    if (found == questions_.end()) return;
    const Question& question = *found->second;
    question.session->remembers_failure = true;
    ub_cancel(question.session->context.get(), question.id);
    questions_.erase(found);
}

void Unbound::close() {
    while (!questions_.empty()) {
        const auto mailbox = questions_.begin()->second->mailbox;
        drop(mailbox);
        Mailbox::deliver(mailbox, {UB_PIPE, nullptr});
    }
    session_.reset();
}

/// libunbound reports SERVFAIL, or nothing, also when it cannot open a socket. Throws in that case.
void require_sockets() {
    const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (socket >= 0) {
        ::close(socket);
        return;
    }
    const std::error_code error(errno, std::system_category());
    if (base::is_shortage(error)) throw base::Shortage("asking the DNS: " + error.message());
}

/// Whether there is neither a record nor the SOA record of a zone that has none (RFC 2308 section
/// 3). So it looks when a server that does not know its zone names the zone's servers, itself among
/// them: libunbound takes that for a denial (iterator/iter_resptype.c), and keeps nothing of it.
bool is_unfounded_denial(const Mailbox::Mail& mail, const std::string& name, RecordType type) {
    if (mail.error != 0 || !mail.result || mail.result->rcode != 0) return false;
    const auto answer = parse_response(packet_of(*mail.result), name, type);
    return answer && answer->outcome == Answer::Outcome::no_data &&
           (answer->is_referral || !has_authorities(*mail.result));
}

base::Result<Answer> answer_of(const Mailbox::Mail& mail, const std::string& name,
                               RecordType type) {
    // Errors of libunbound itself are about this process: memory, its thread, its end.
    if (mail.error != 0)
        throw base::Shortage(std::string("libunbound: ") + ub_strerror(mail.error));
    const ub_result& result = *mail.result;
    if (result.bogus != 0) {
        return dns_failure(
            name, type,
            "DNSSEC validation failed: " +
                base::printable(result.why_bogus != nullptr ? result.why_bogus : "", 500));
    }
    if (result.rcode == rcode_server_failure || result.answer_packet == nullptr ||
        result.answer_len <= 0) {
        require_sockets();
        return dns_failure(name, type, "no server gave a usable answer (SERVFAIL)");
    }
    auto answer = parse_response(packet_of(result), name, type);
    if (answer) answer = only_facts(std::move(*answer));
    if (!answer) return dns_failure(name, type, answer.error().message);
    answer->is_secure = result.secure != 0;
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

    base::Task<base::Result<Answer>> query(std::string name, RecordType type,
                                           Deadline deadline) override {
        return ask(unbound_, std::move(name), type, deadline);
    }

  private:
    static base::Task<std::optional<Mailbox::Mail>> look(std::shared_ptr<Unbound> unbound,
                                                         MailboxPointer mailbox, std::string name,
                                                         RecordType type,
                                                         steady_clock::time_point end) {
        asio::post(unbound->strand(),
                   [unbound, mailbox, name, type] { unbound->ask(mailbox, name, type); });
        co_return co_await Mailbox::wait(mailbox, end);
    }

    static base::Task<base::Result<Answer>> ask(std::shared_ptr<Unbound> unbound, std::string name,
                                                RecordType type, Deadline deadline) {
        const auto begun = steady_clock::now();
        const auto end = std::min(deadline, begun + unbound->patience());
        // Accepts the same names as the stub resolver; libunbound alone would also read escapes and
        // the root.
        if (const auto proper = make_query(0, name, type); !proper) {
            co_return dns_failure(name, type, proper.error().message);
        }
        auto mailbox = std::make_shared<Mailbox>();
        auto mail = co_await look(unbound, mailbox, name, type, end);
        // Another server may know it. libunbound draws one.
        bool is_unfounded = is_asked_again(type) && unbound->asks_authorities(name) && mail &&
                            is_unfounded_denial(*mail, name, type);
        for (int tries = 1; is_unfounded && tries < denial_tries; ++tries) {
            const auto again = steady_clock::now() + kept_answer;
            if (again >= end) break;
            const auto nobody = std::make_shared<Mailbox>();
            (void)co_await Mailbox::wait(nobody, again);
            mailbox = std::make_shared<Mailbox>();
            mail = co_await look(unbound, mailbox, name, type, end);
            is_unfounded = mail && is_unfounded_denial(*mail, name, type);
        }
        // Of other kinds nothing is permitted by their absence.
        if (is_unfounded && type == RecordType::caa)
            co_return dns_failure(
                name, type,
                "a server that may not know the zone denied it, without the zone's "
                "SOA record");
        if (mail) co_return answer_of(*mail, name, type);
        asio::post(unbound->strand(), [unbound, mailbox] { unbound->drop(mailbox); });
        require_sockets();
        const auto waited = std::chrono::ceil<base::Milliseconds>(end - begun);
        co_return dns_failure(name, type,
                              "no answer within " + std::to_string(waited.count()) + " ms");
    }

    std::shared_ptr<Unbound> unbound_;
};

}  // namespace

std::unique_ptr<Resolver> make_unbound_resolver(const base::Executor& executor,
                                                const ResolverOptions& options) {
    return std::make_unique<UnboundResolver>(executor, options);
}

}  // namespace cairn::dns
