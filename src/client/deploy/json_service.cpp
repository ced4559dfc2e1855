#include "client/deploy/json_service.h"

#include <algorithm>
#include <optional>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "net/url.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr int max_tries = 3;
constexpr std::size_t max_told = 400;

bool is_local(const std::string& url) {
    const auto parsed = net::Url::from_text(url);
    if (!parsed) return false;
    const auto host = parsed->host();
    return host == "localhost" || host == "::1" || host == "[::1]" || host.starts_with("127.");
}

std::string words_of(const boost::json::object& body, std::string_view member) {
    const auto* const value = body.if_contains(member);
    if (value == nullptr) return {};
    if (const auto* text = value->if_string()) return base::printable(*text, max_told);
    std::string all;
    if (const auto* list = value->if_array())
        for (const auto& each : *list)
            if (const auto* text = each.if_string())
                all += (all.empty() ? "" : "; ") + base::printable(*text, max_told);
    return all.substr(0, max_told);
}

}  // namespace

JsonService::JsonService(Options options)
    : options_(std::move(options)), client_([this] {
          auto client = options_.client;
          client.allow_plain_http = is_local(options_.base_url);
          return client;
      }()) {}

std::string JsonService::fault_of(const std::string& url) {
    if (!net::Url::from_text(url)) return "is no URL";
    if (url.starts_with("https://") || is_local(url)) return {};
    return "goes to another machine in the clear; use https";
}

JsonService::Answer JsonService::ask(const TargetRun& run, const std::string& aim,
                                     std::string_view method, const std::string& path,
                                     const std::string& body, std::string_view type,
                                     const std::vector<int>& accepted) {
    const Aim what(aim, Phase::deploy);
    auto pause = std::chrono::milliseconds(500ms);
    for (int tries = 1;; ++tries) {
        http::ClientRequest request{
            .method = std::string(method), .url = options_.base_url + path, .body = body};
        if (!body.empty()) request.fields.emplace_back("Content-Type", std::string(type));
        const auto reply = client_.exchange(std::move(request));
        if (!reply) {
            if (tries < max_tries && client_.was_unanswered()) {
                run.timer.wait(pause);
                pause *= 2;
                continue;
            }
            using Kind = http::ExchangeError::Kind;
            auto next = fmt::format("see whether {} answers at {}.", options_.title,
                                    base::printable(options_.base_url));
            if (reply.error().kind == Kind::not_trusted && !options_.root_option.empty())
                next = fmt::format("say {}=FILE with the root of its certificate.",
                                   options_.root_option);
            throw Failure(what, base::printable(reply.error().message, max_told), next);
        }
        if ((reply->status == 429 || reply->status >= 500) && tries < max_tries) {
            run.timer.wait(pause);
            pause *= 2;
            continue;
        }
        Answer answer{.status = reply->status};
        if (!reply->body.empty())
            if (auto object = protocol::parse_json_object(base::bytes_of(reply->body)))
                answer.body = std::move(*object);
        answer.said = words_of(answer.body, options_.error_member);
        const bool is_good = reply->status >= 200 && reply->status < 300;
        if (is_good || std::ranges::find(accepted, reply->status) != accepted.end()) return answer;
        throw refusal(aim, answer);
    }
}

Failure JsonService::refusal(const std::string& aim, const Answer& answer) const {
    const bool is_forbidden = answer.status == 401 || answer.status == 403;
    return {{aim, Phase::deploy},
            fmt::format("{} answered with the status {}{}{}", options_.title, answer.status,
                        answer.said.empty() ? "" : ": ", answer.said),
            is_forbidden ? "see what its token or certificate may do there." : ""};
}

}  // namespace cairn::client
