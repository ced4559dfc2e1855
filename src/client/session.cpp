#include "client/session.h"

#include <mutex>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>

#include "base/ip_address.h"
#include "client/requester.h"
#include "http/link_header.h"
#include "net/url.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

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

}  // namespace

struct Session::State {
    State(SessionOptions the_options, const base::Clock& the_clock, Timer& the_timer,
          crypto::Random& random)
        : options(std::move(the_options)),
          clock(the_clock),
          timer(the_timer),
          directory_url(parse_directory_url(options.directory_url)),
          host(directory_url.authority()),
          requester(options, host, the_clock, the_timer, random) {}

    [[nodiscard]] Speaker current_speaker() const {
        const std::scoped_lock lock(speaker_mutex);
        if (!speaker) throw std::logic_error("a session without an account");
        return *speaker;
    }

    const SessionOptions options;
    const base::Clock& clock;
    Timer& timer;
    const net::Url directory_url;
    const std::string host;
    Requester requester;

    /// Held while the directory is fetched; it does not change any more when it is there.
    std::mutex directory_mutex;
    std::optional<protocol::Directory> directory;

    mutable std::mutex speaker_mutex;
    std::optional<Speaker> speaker;
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
    for (const auto& link : http::links_with_relation(http.all_fields("link"), "alternate")) {
        // Another chain that may not be asked for is none; it must not cost the one that came.
        try {
            reply.alternates.push_back(absolute(session, url, link, aim));
        } catch (const Failure&) {
            continue;
        }
    }
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
bool Session::is_unavailable() const {
    return state_->requester.has_stopped_asking();
}
std::string Session::account_url() const {
    const std::scoped_lock lock(state_->speaker_mutex);
    return state_->speaker ? state_->speaker->account_url : std::string();
}
crypto::Signer Session::account_key() const {
    return state_->current_speaker().key;
}

const protocol::Directory& Session::directory() {
    const std::scoped_lock lock(state_->directory_mutex);
    if (state_->directory) return *state_->directory;
    try {
        return state_->directory.emplace(fetch_directory());
    } catch (const Failure& failure) {
        // Nothing can be done without, so nobody else need try.
        if (!state_->timer.is_stopped()) state_->requester.stop_asking(failure);
        throw;
    }
}

protocol::Directory Session::fetch_directory() {
    const auto& url = state_->options.directory_url;
    const auto aim = fmt::format("read the directory {}", url);
    const auto reply = state_->requester.get(url, aim);
    auto directory = protocol::Directory::from_json(base::bytes_of(reply.body));
    if (!directory)
        throw Failure(aim, directory.error().message,
                      "check that --ca is the URL of an ACME directory.");
    directory->new_nonce = checked(directory->new_nonce, aim);
    return std::move(*directory);
}

void Session::speak_for(crypto::Signer account_key, std::string account_url) {
    const std::scoped_lock lock(state_->speaker_mutex);
    state_->speaker = {std::move(account_key), std::move(account_url)};
}

Reply Session::post(const std::string& url, std::string_view payload, const Aim& aim,
                    Persistence persistence) {
    return send(state_->current_speaker(), url, payload, aim, persistence);
}

Reply Session::post_as_get(const std::string& url, const Aim& aim) {
    return post(url, "", aim);
}

Reply Session::post_as_get_by(const crypto::Signer& key, const std::string& account_url,
                              const Aim& aim) {
    return send({key, account_url}, account_url, "", aim, Persistence::usual);
}

Reply Session::post_with_key(const crypto::Signer& key, const std::string& url,
                             std::string_view payload, const Aim& aim) {
    return send({key, {}}, url, payload, aim, Persistence::usual);
}

Reply Session::send(const Speaker& speaker, const std::string& url, std::string_view payload,
                    const Aim& aim, Persistence persistence) {
    const auto& new_nonce_url = directory().new_nonce;
    const auto target = checked(url, aim);
    auto reply = state_->requester.post(speaker, target, payload, new_nonce_url, aim, persistence);
    const auto retry_after = state_->requester.retry_after(reply);
    return to_reply(*this, target, std::move(reply), retry_after, aim);
}

std::expected<Reply, Failure> Session::get_once(const std::string& url, const Aim& aim) {
    const auto target = checked(url, aim);
    auto reply = state_->requester.get_once(target, aim);
    if (!reply) return std::unexpected(std::move(reply.error()));
    const auto retry_after = state_->requester.retry_after(*reply);
    return to_reply(*this, target, std::move(*reply), retry_after, aim);
}

std::string Session::checked(std::string_view text, const Aim& aim) const {
    const auto refuse = [&](std::string_view why) {
        throw Failure(aim, fmt::format("{} gave the URL \"{}\", which is refused: {}", state_->host,
                                       base::printable(text), why));
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
