#include "apps/va/open_mpic_service.h"

#include <algorithm>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <utility>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "apps/command_line/files.h"
#include "apps/perspective/api_keys.h"
#include "apps/va/place.h"
#include "base/json_quoted.h"
#include "base/shortage.h"

namespace cairn::apps {
namespace asio = boost::asio;

using va::OpenMpicRequest;
using va::OpenMpicResponse;
using va::OpenMpicVote;

namespace {

/// What a peer may take beyond its own time for a look.
constexpr base::Milliseconds for_the_way{2000};

http::Response json_response(int status, std::string body) {
    http::Response response;
    response.status = status;
    response.content_type = "application/json";
    response.body = std::move(body);
    return response;
}

http::Response refused(int status, const std::string& reason) {
    auto response = json_response(status, "{\"error\":" + base::json_quoted(reason) + "}\n");
    response.log_detail = reason;
    return response;
}

http::Response unknown_client() {
    auto response = refused(401, "this service answers clients with an API key alone");
    response.fields.emplace_back("WWW-Authenticate", "Bearer");
    return response;
}

/// Where a coordinator asks one perspective, for each check.
constexpr base::EnumTable<va::OpenMpicCheck, std::string_view> perspective_paths({
    {va::OpenMpicCheck::dcv, "/dcv"},
    {va::OpenMpicCheck::caa, "/caa"},
});

// The key of a client, in either field; empty: it shows none.
std::string_view key_of(const http::Request& request) {
    constexpr std::string_view bearer = "Bearer ";
    if (const auto key = request.field("x-api-key"); !key.empty()) return key;
    const auto authorization = request.field("authorization");
    return authorization.starts_with(bearer) ? authorization.substr(bearer.size())
                                             : std::string_view();
}

/// The votes of one attempt as they come in; used on one executor.
struct Gathering {
    Gathering(const base::Executor& executor, std::size_t count)
        : votes(count), changed(executor) {}
    [[nodiscard]] bool is_complete() const {
        return std::ranges::all_of(votes, [](const auto& vote) { return vote.has_value(); });
    }
    std::vector<std::optional<OpenMpicVote>> votes;
    asio::steady_timer changed;  ///< is cancelled when a vote comes
};

base::Task<void> gather(std::shared_ptr<Gathering> gathering, std::size_t place,
                        base::Task<OpenMpicVote> looking) {
    gathering->votes[place] = co_await std::move(looking);
    gathering->changed.cancel();
}

bool is_pass(const OpenMpicVote& vote) {
    return vote.has_passed && vote.is_completed;
}

std::vector<bool> passes_in(const std::vector<OpenMpicVote>& votes) {
    std::vector<bool> passes;
    for (const auto& vote : votes) passes.push_back(is_pass(vote));
    return passes;
}

}  // namespace

OpenMpicService::OpenMpicService(Context context)
    : context_(std::move(context)), looks_([](const std::exception_ptr&) {}) {
    const auto& configuration = context_.configuration;
    seats_.push_back({configuration.name, configuration.region});
    for (const auto& peer : configuration.open_mpic.peers) {
        seats_.push_back({peer.code, peer.region});
        peers_.push_back(std::make_unique<OpenMpicClient>(
            peer.endpoint,
            OpenMpicClient::Context{.folder = context_.folder,
                                    .user_agent = "cairn-va/" CAIRN_VERSION,
                                    .timeout = configuration.validation.timeout + for_the_way,
                                    .in_flight = configuration.validation.in_flight},
            context_.next_executor()));
    }
    clients_ = read_clients();
    show_certificate();
}

OpenMpicService::~OpenMpicService() {
    looks_.close(base::Milliseconds(0));
}

std::shared_ptr<const OpenMpicService::Clients> OpenMpicService::read_clients() const {
    const auto& service = context_.configuration.open_mpic;
    auto clients = std::make_shared<Clients>();
    std::string secret;
    if (!service.api_key_file.empty())
        for (const auto& key : read_api_keys(context_.folder / service.api_key_file)) {
            clients->keys.push_back(crypto::sha256(base::bytes_of(key)));
            secret += key + "\n";
        }
    else
        secret = read_file(context_.folder / service.key_file);
    const auto digest = crypto::sha256(base::bytes_of(secret));
    clients->choice_key.assign(digest.begin(), digest.end());
    return clients;
}

void OpenMpicService::show_certificate() const {
    const auto& service = context_.configuration.open_mpic;
    const auto& folder = context_.folder;
    const auto key_file = folder / service.key_file;
    const auto key = crypto::PrivateKey::from_pem(read_file(key_file));
    if (!key) throw std::runtime_error(key_file.string() + ": " + key.error().message);
    const auto chain = read_file(folder / service.certificate_file);
    if (service.client_roots_file.empty())
        context_.tls->replace(chain, *key);
    else
        context_.tls->replace(
            chain, *key,
            net::ClientDemand{.authority_pem = read_file(folder / service.client_roots_file),
                              .accepts = [](base::BytesView) { return true; }});
}

void OpenMpicService::reload() {
    auto fresh = read_clients();
    show_certificate();
    for (const auto& peer : peers_) peer->reload();
    const std::scoped_lock lock(mutex_);
    clients_.swap(fresh);
}

std::shared_ptr<const OpenMpicService::Clients> OpenMpicService::clients() const {
    const std::scoped_lock lock(mutex_);
    return clients_;
}

bool OpenMpicService::is_known(const http::Request& request, const Clients& clients) const {
    const auto& service = context_.configuration.open_mpic;
    if (!service.client_roots_file.empty() && !request.client_is_proved) return false;
    if (service.api_key_file.empty()) return true;
    const auto shown = crypto::sha256(base::bytes_of(key_of(request)));
    bool is_one = false;  // each is compared, so that the time tells nothing
    for (const auto& key : clients.keys)
        is_one = crypto::equal_in_constant_time(shown, key) || is_one;
    return is_one;
}

base::Task<http::Response> OpenMpicService::handle(http::Request request) {
    const auto known = clients();
    if (!is_known(request, *known)) co_return unknown_client();
    const auto alone = perspective_paths.find(request.path());
    if (!alone && request.path() != "/mpic")
        co_return refused(404, "there is nothing here but /mpic, /dcv and /caa");
    if (request.method != "POST") {
        auto response = refused(405, std::string(request.path()) + " is asked by POST");
        response.fields.emplace_back("Allow", "POST");
        co_return response;
    }
    const Place place(in_flight_, context_.configuration.validation.in_flight);
    if (!place.is_there()) co_return refused(503, "too many requests are under way");
    auto answering = alone ? look_alone(request, *alone) : corroborate(request, known->choice_key);
    co_return co_await std::move(answering);
}

base::Result<OpenMpicRequest> OpenMpicService::completed(
    base::Result<OpenMpicRequest> request) const {
    if (!request || request->proof || !request->caa_domains.empty()) return request;
    request->caa_domains = context_.configuration.open_mpic.caa_domains;
    if (request->caa_domains.empty())
        return base::fail("caa_domains: must name the CA; this service has no names of its own");
    return request;
}

void OpenMpicService::log(const http::Request& request, const OpenMpicRequest& asked,
                          const std::vector<OpenMpicVote>& votes, bool is_valid) {
    context_.log.info(
        "open mpic",
        {{"request", request.id},
         {"check", va::open_mpic_check_names[asked.check()]},
         {"identifier", asked.target.value()},
         {"method", asked.proof ? va::open_mpic_method_names[asked.proof->method] : ""},
         {"trace", asked.trace.value_or("")},
         {"perspectives", std::to_string(votes.size())},
         {"passed", std::to_string(std::ranges::count_if(votes, is_pass))},
         {"valid", is_valid}});
}

base::Task<http::Response> OpenMpicService::look_alone(const http::Request& request,
                                                       va::OpenMpicCheck check) {
    const auto message =
        completed(OpenMpicRequest::from_perspective_json(base::bytes_of(request.body), check));
    if (!message) co_return refused(400, message.error().message);
    auto looking = vote_of(0, *message);
    const auto vote = co_await std::move(looking);
    log(request, *message, {vote}, is_pass(vote));
    co_return json_response(200, va::check_response_json(vote, *message));
}

base::Task<http::Response> OpenMpicService::corroborate(const http::Request& request,
                                                        base::Bytes choice_key) {
    const auto original = OpenMpicRequest::from_json(base::bytes_of(request.body));
    const auto message = completed(original);
    if (!message) co_return refused(400, message.error().message);
    const auto plan = plan_for(message->counts, seats_.size());
    if (!plan) co_return refused(400, plan.error().message);
    const auto places = chosen(seats_, plan->perspectives, choice_key, message->target.value());
    std::vector<OpenMpicSeat> looked;
    for (const auto place : places) looked.push_back(seats_[place]);

    OpenMpicResponse response{
        .check = message->check(), .target = message->target.value(), .trace = message->trace};
    for (std::size_t attempt = 1;; ++attempt) {
        auto gathering = votes_of(places, *message);
        response.votes = co_await std::move(gathering);
        response.is_valid = is_reached(*plan, looked, passes_in(response.votes));
        response.counts = {.perspectives = static_cast<std::int64_t>(plan->perspectives),
                           .quorum = static_cast<std::int64_t>(plan->quorum),
                           .attempts = static_cast<std::int64_t>(attempt)};
        if (response.is_valid || attempt >= plan->attempts) break;
        response.former.push_back(std::move(response.votes));
    }
    const auto completed = static_cast<std::size_t>(
        std::ranges::count_if(response.votes, &OpenMpicVote::is_completed));
    response.is_completed = response.is_valid || completed >= plan->quorum;
    log(request, *message, response.votes, response.is_valid);
    co_return json_response(200, response.to_json(*original));
}

base::Task<std::vector<OpenMpicVote>> OpenMpicService::votes_of(std::vector<std::size_t> seats,
                                                                OpenMpicRequest request) {
    const auto executor = co_await asio::this_coro::executor;
    const auto gathering = std::make_shared<Gathering>(executor, seats.size());
    for (std::size_t i = 0; i < seats.size(); ++i)
        looks_.spawn(executor, gather(gathering, i, vote_of(seats[i], request)));
    const auto& validation = context_.configuration.validation;
    const auto deadline = std::chrono::steady_clock::now() + validation.timeout + 2 * for_the_way;
    while (!gathering->is_complete() && std::chrono::steady_clock::now() < deadline) {
        gathering->changed.expires_at(deadline);
        (void)co_await gathering->changed.async_wait(asio::as_tuple(asio::use_awaitable));
    }
    std::vector<OpenMpicVote> votes;
    for (std::size_t i = 0; i < seats.size(); ++i) {
        auto& vote = gathering->votes[i];
        votes.push_back(
            vote ? *std::move(vote)
                 : OpenMpicVote{.code = seats_[seats[i]].code,
                                .is_completed = false,
                                .nanoseconds = nanoseconds_of(context_.clock.now()),
                                .faults = {{"perspective:silent", "it had not answered in time"}}});
    }
    co_return votes;
}

base::Task<OpenMpicVote> OpenMpicService::vote_of(std::size_t seat, OpenMpicRequest request) {
    const auto& code = seats_[seat].code;
    std::string reason;
    try {
        auto looking = seat == 0 ? context_.look.look(code, std::move(request))
                                 : vote_of_peer(seat, std::move(request));
        co_return co_await std::move(looking);
    } catch (const std::exception& error) {
        reason = error.what();
    }
    context_.log.warning("open mpic perspective without answer",
                         {{"perspective", code}, {"reason", reason}});
    co_return OpenMpicVote{.code = code,
                           .is_completed = false,
                           .nanoseconds = nanoseconds_of(context_.clock.now()),
                           .faults = {{"perspective:silent", reason}}};
}

// A peer is asked for what it sees itself, and for nobody else's view.
base::Task<OpenMpicVote> OpenMpicService::vote_of_peer(std::size_t seat, OpenMpicRequest request) {
    request.counts = va::OpenMpicCounts{.perspectives = 1, .quorum = 1, .attempts = 1};
    auto& peer = *peers_[seat - 1];
    auto asking = peer.ask(std::move(request));
    auto response = co_await std::move(asking);
    if (response.votes.size() != 1)
        throw std::runtime_error(peer.url() + " answered for " +
                                 std::to_string(response.votes.size()) +
                                 " perspectives, where its own view was asked for");
    auto vote = std::move(response.votes.front());
    if (vote.code != seats_[seat].code)
        throw std::runtime_error(peer.url() + " answered as " + vote.code + ", and not as " +
                                 seats_[seat].code);
    co_return vote;
}

}  // namespace cairn::apps
