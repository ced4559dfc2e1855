#include "client/session.h"

#include <algorithm>
#include <functional>
#include <utility>

#include <fmt/format.h>

#include "base/base64url.h"
#include "base/ip_address.h"
#include "client/link_header.h"
#include "client/retry_after.h"
#include "http/client.h"
#include "net/url.h"
#include "protocol/jws.h"
#include "protocol/problem.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

/// A server may refuse good nonces on purpose (Pebble can refuse nine of ten); each refusal brings
/// the next nonce along, so trying again is cheap.
constexpr int max_refused_nonces = 100;
constexpr int max_lost_replies = 3;
constexpr int max_server_faults = 5;
constexpr std::size_t max_kept_nonces = 16;
constexpr std::size_t max_nonce = 512;
constexpr std::size_t max_excerpt = 200;
constexpr int too_many_requests = 429;
constexpr int not_implemented = 501;
constexpr int version_not_supported = 505;
constexpr milliseconds first_pause = 500ms;
/// For how long in all a CA that refuses connections is taken for one that is just starting.
constexpr milliseconds listener_patience = 8s;
constexpr milliseconds listener_pause = 300ms;
/// Retry-After: 0 must not make a busy loop.
constexpr milliseconds shortest_pause = 100ms;

/// The URL of the directory comes from the user, so it is the user who must mend it.
net::Url parse_directory_url(const std::string& text) {
    auto url = net::Url::from_text(text);
    if (!url)
        throw Failure("reach the CA",
                      fmt::format("{} is no URL: {}", base::printable(text), url.error().message),
                      "give --ca a directory URL.");
    return std::move(*url);
}

bool is_loopback(const net::Url& url) {
    return url.host() == "localhost" || url.host() == "::1" ||
           (url.host_is_address() && url.host().starts_with("127."));
}

/// A CA could have us ask for what only we can reach (a cloud's metadata at 169.254.169.254), so
/// addresses that are not public are followed only to where the directory itself is.
bool may_lead_to(const net::Url& url, const net::Url& directory_url) {
    if (!url.host_is_address() || url.host() == directory_url.host()) return true;
    if (is_loopback(url) && is_loopback(directory_url)) return true;
    const auto address = base::IpAddress::from_lenient_text(url.host());
    return address && base::is_public(*address);
}

http::ClientOptions http_options(const SessionOptions& options) {
    http::ClientOptions result;
    result.user_agent = options.user_agent;
    result.root_file = options.root_file;
    result.allow_plain_http = options.plain_http == PlainHttp::allowed;
    return result;
}

}  // namespace

struct Session::State {
    using Ask = std::function<base::Result<http::Reply>()>;

    State(SessionOptions the_options, const base::Clock& the_clock, Timer& the_timer,
          crypto::Random& the_random)
        : options(std::move(the_options)),
          clock(the_clock),
          timer(the_timer),
          random(the_random),
          directory_url(parse_directory_url(options.directory_url)),
          host(directory_url.authority()),
          http(http_options(options)) {}

    [[nodiscard]] std::optional<base::Seconds> retry_after(const http::Reply& reply) const {
        return parse_retry_after(reply.field("retry-after"), clock.now());
    }

    void keep_nonce(const http::Reply& reply) {
        // An invalid Replay-Nonce is ignored (RFC 8555 section 6.5.1).
        const auto nonce = reply.field("replay-nonce");
        if (nonce.empty() || nonce.size() > max_nonce || !base::is_base64url(nonce)) return;
        if (nonces.size() == max_kept_nonces) nonces.erase(nonces.begin());
        nonces.emplace_back(nonce);
    }

    /// Between half and all of the pause, which doubles with each attempt: clients that failed
    /// together do not come back together.
    milliseconds backoff(int attempt) {
        const auto most = first_pause * (1 << (attempt - 1));
        return most / 2 + most / 2 * random.octets(1).front() / 255;
    }

    [[nodiscard]] Failure failure(const http::Reply& reply, const Aim& aim,
                                  const std::optional<base::Seconds>& wait) const {
        std::string next;
        if (wait && (reply.status == 429 || reply.status == 503))
            next = fmt::format("try again after {}; the CA asked to wait that long.",
                               base::to_rfc3339(clock.now() + *wait));
        if (auto problem = protocol::Problem::from_json(base::bytes_of(reply.body))) {
            problem->status = reply.status;
            return {aim, host, *problem, std::move(next)};
        }
        if (next.empty() && reply.status == not_implemented)
            next = advice_for({protocol::ProblemType::unknown, {}, reply.status}, aim.step);
        if (next.empty())
            next = reply.status < 400
                       ? "the CA's URL may have moved: check --ca; no redirect is followed."
                       : "check that --ca is the URL of an ACME directory, or try again later.";
        return {aim, reply.status,
                fmt::format("{} answered {} without a problem document: \"{}\"", host, reply.status,
                            base::printable(reply.body, max_excerpt)),
                std::move(next)};
    }

    [[nodiscard]] static bool refuses_nonce(const http::Reply& reply) {
        if (reply.status != 400) return false;
        const auto problem = protocol::Problem::from_json(base::bytes_of(reply.body));
        return problem && problem->type == protocol::ProblemType::bad_nonce;
    }

    /// Whether the same request may be answered otherwise a little later.
    [[nodiscard]] static bool may_pass(int status, Persistence persistence) {
        if (status == too_many_requests) return true;
        return persistence == Persistence::usual && status >= 500 && status != not_implemented &&
               status != version_not_supported;
    }

    /// Asks until there is a success or no sense in asking again.
    http::Reply persist(const Ask& ask, const Aim& aim,
                        Persistence persistence = Persistence::usual) {
        const auto deadline = timer.now() + options.patience;
        int refused_nonces = 0;
        int lost_replies = 0;
        int server_faults = 0;
        for (;;) {
            if (timer.is_stopped()) throw_interrupted();
            auto reply = ask();
            if (!reply) {
                if (await_listener()) continue;
                // Before the directory was read, a wrong host name is likelier than a bad moment.
                if (!directory || ++lost_replies > max_lost_replies)
                    throw Failure(
                        aim.text, reply.error().message,
                        "check the CA's URL (--ca), its roots (--ca-root) and the network.");
                timer.wait(backoff(lost_replies));
                continue;
            }
            keep_nonce(*reply);
            if (reply->status >= 200 && reply->status < 300) return std::move(*reply);
            if (refuses_nonce(*reply) && ++refused_nonces <= max_refused_nonces) continue;

            const auto asked_wait = retry_after(*reply);
            if (!may_pass(reply->status, persistence) || ++server_faults > max_server_faults)
                throw failure(*reply, aim, asked_wait);
            const auto pause = asked_wait ? std::max<milliseconds>(*asked_wait, shortest_pause)
                                          : backoff(server_faults);
            if (timer.now() + pause > deadline) throw failure(*reply, aim, asked_wait);
            timer.wait(pause);
        }
    }

    /// Waits a moment for a CA that nobody runs yet; false if that is not so, or for too long.
    bool await_listener() {
        if (!http.was_refused() || waited_for_listener >= listener_patience) return false;
        if (waited_for_listener == 0ms && options.tell)
            options.tell(
                fmt::format("Nobody listens at {} yet; trying for {} s.", host,
                            std::chrono::duration_cast<base::Seconds>(listener_patience).count()));
        waited_for_listener += listener_pause;
        timer.wait(listener_pause);
        return true;
    }

    std::string take_nonce(const Aim& aim) {
        if (nonces.empty()) {
            const auto& url = directory->new_nonce;
            persist([&] { return http.head(url); }, aim);
            if (nonces.empty())
                throw Failure(aim.text,
                              fmt::format("{} gave no nonce at {}", host, base::printable(url)));
        }
        auto nonce = std::move(nonces.back());
        nonces.pop_back();
        return nonce;
    }

    SessionOptions options;
    const base::Clock& clock;
    Timer& timer;
    crypto::Random& random;
    net::Url directory_url;
    std::string host;
    http::Client http;
    std::optional<protocol::Directory> directory;
    /// The newest last, which is used first: it has longest to live.
    std::vector<std::string> nonces;
    std::optional<crypto::PrivateKey> account_key;
    std::string account_url;
    milliseconds waited_for_listener = 0ms;
};

namespace {

/// An absolute, checked URL from a reference in a reply to a request for `url`.
std::string absolute(const Session& session, const std::string& url, std::string_view reference,
                     const Aim& aim) {
    if (net::Url::from_text(reference)) return session.checked(reference, aim);
    const auto base = net::Url::from_text(url);
    const auto target = base ? base->resolve(reference) : base;
    return session.checked(target ? target->to_string() : std::string(reference), aim);
}

Reply to_reply(const Session& session, const std::string& url, http::Reply http,
               std::optional<base::Seconds> retry_after, const Aim& aim) {
    Reply reply;
    reply.status = http.status;
    reply.retry_after = retry_after;
    if (const auto location = http.field("location"); !location.empty())
        reply.location = absolute(session, url, location, aim);
    for (const auto& link : links_with_relation(http.all_fields("link"), "alternate"))
        reply.alternates.push_back(absolute(session, url, link, aim));
    reply.body = std::move(http.body);
    return reply;
}

}  // namespace

Session::Session(SessionOptions options, const base::Clock& clock, Timer& timer,
                 crypto::Random& random)
    : state_(std::make_unique<State>(std::move(options), clock, timer, random)) {
    static_cast<void>(checked(state_->options.directory_url, "reach the CA"));
}
Session::~Session() = default;
Session::Session(Session&&) noexcept = default;
Session& Session::operator=(Session&&) noexcept = default;

const SessionOptions& Session::options() const {
    return state_->options;
}
const std::string& Session::host() const {
    return state_->host;
}
base::Time Session::now() const {
    return state_->clock.now();
}
const std::string& Session::account_url() const {
    return state_->account_url;
}
const crypto::PrivateKey& Session::account_key() const {
    return state_->account_key.value();
}

const protocol::Directory& Session::directory() {
    if (state_->directory) return *state_->directory;
    const auto& url = state_->options.directory_url;
    const auto aim = fmt::format("read the directory {}", url);
    const auto reply = state_->persist([&] { return state_->http.get(url); }, aim);
    auto directory = protocol::Directory::from_json(base::bytes_of(reply.body));
    if (!directory)
        throw Failure(aim, directory.error().message,
                      "check that --ca is the URL of an ACME directory.");
    directory->new_nonce = checked(directory->new_nonce, aim);
    return state_->directory.emplace(std::move(*directory));
}

void Session::speak_for(crypto::PrivateKey account_key, std::string account_url) {
    state_->account_key = std::move(account_key);
    state_->account_url = std::move(account_url);
}

Reply Session::post(const std::string& url, std::string_view payload, const Aim& aim,
                    Persistence persistence) {
    static_cast<void>(directory());
    const auto target = checked(url, aim);
    auto reply = state_->persist(
        [&] {
            return state_->http.post(
                target, "application/jose+json",
                protocol::make_jws(
                    account_key(),
                    {.url = target, .nonce = state_->take_nonce(aim), .kid = account_url()},
                    payload));
        },
        aim, persistence);
    const auto retry_after = state_->retry_after(reply);
    return to_reply(*this, target, std::move(reply), retry_after, aim);
}

Reply Session::post_as_get(const std::string& url, const Aim& aim) {
    return post(url, "", aim);
}

Reply Session::post_with_key(const crypto::PrivateKey& key, const std::string& url,
                             std::string_view payload, const Aim& aim) {
    static_cast<void>(directory());
    const auto target = checked(url, aim);
    auto reply = state_->persist(
        [&] {
            return state_->http.post(
                target, "application/jose+json",
                protocol::make_jws(
                    key, {.url = target, .nonce = state_->take_nonce(aim), .kid = {}}, payload));
        },
        aim);
    const auto retry_after = state_->retry_after(reply);
    return to_reply(*this, target, std::move(reply), retry_after, aim);
}

std::expected<Reply, Failure> Session::get_once(const std::string& url, const Aim& aim) {
    const auto target = checked(url, aim);
    auto reply = state_->http.get(target);
    if (!reply) return std::unexpected(Failure(aim.text, reply.error().message));
    state_->keep_nonce(*reply);
    const auto retry_after = state_->retry_after(*reply);
    if (reply->status != 200) return std::unexpected(state_->failure(*reply, aim, retry_after));
    return to_reply(*this, target, std::move(*reply), retry_after, aim);
}

std::string Session::checked(std::string_view text, const Aim& aim) const {
    const auto refuse = [&](std::string_view why) {
        throw Failure(aim.text, fmt::format("{} gave the URL \"{}\", which is refused: {}",
                                            state_->host, base::printable(text), why));
    };
    const auto url = net::Url::from_text(text);
    if (!url) refuse(url.error().message);
    if (!url->is_https() && state_->options.plain_http != PlainHttp::allowed)
        refuse("it is not https (RFC 8555 section 6.1)");
    if (!may_lead_to(*url, state_->directory_url))
        refuse("it leads to an address that only this machine or network has");
    return std::string(text);
}

}  // namespace cairn::client
