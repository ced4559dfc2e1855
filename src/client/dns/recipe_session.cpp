#include "client/dns/recipe_session.h"

#include <algorithm>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/aws_signature.h"
#include "client/dns/json_body.h"
#include "client/dns/query_text.h"
#include "crypto/base64.h"
#include "http/link_header.h"
#include "net/ascii.h"
#include "net/url.h"

namespace cairn::client {
namespace {

constexpr int max_pages = 50;
/// What all placeholders of a request come to, in octets.
constexpr std::size_t max_filled = std::size_t{4} << 20U;
constexpr int unauthorized = 401;

bool contains(const std::vector<int>& statuses, int status) {
    return std::ranges::find(statuses, status) != statuses.end();
}

bool says_one_of(const std::string& body, const std::vector<std::string>& words) {
    return std::ranges::any_of(
        words, [&](const std::string& word) { return body.find(word) != std::string::npos; });
}

/// The parameters in order of their names, as they are encoded already.
std::string sorted(std::string_view query) {
    std::vector<std::string> parts;
    while (!query.empty()) {
        const auto end = query.find('&');
        parts.emplace_back(query.substr(0, end));
        query = end == std::string_view::npos ? std::string_view() : query.substr(end + 1);
    }
    std::ranges::sort(parts);
    std::string text;
    for (const auto& part : parts) text += (text.empty() ? "" : "&") + part;
    return text;
}

void append_query(std::string& url, const Templates& parameters) {
    if (parameters.empty()) return;
    url += url.find('?') == std::string::npos ? '?' : '&';
    url += query_text(parameters);
}

/// The target of the link to the next page (RFC 8288), absolute; empty if there is none.
std::string next_by_link(const RecipeAnswer& answer) {
    const auto fields = answer.reply.all_fields("link");
    const auto links = http::links_with_relation(fields, "next");
    const auto base = net::Url::from_text(answer.url);
    if (links.empty() || !base) return {};
    const auto next = base->resolve(links.front());
    // One that is none leads nowhere: it is refused when it is asked.
    return next ? next->to_string() : links.front();
}

/// The elements of a list, or the members of an object.
std::vector<const boost::json::value*> elements_at(const boost::json::value& body,
                                                   std::string_view path) {
    std::vector<const boost::json::value*> elements;
    const auto* found = at_path(body, path);
    if (found == nullptr) return elements;
    if (const auto* array = found->if_array())
        for (const auto& each : *array) elements.push_back(&each);
    if (const auto* object = found->if_object())
        for (const auto& each : *object) elements.push_back(&each.value());
    return elements;
}

}  // namespace

/// What fills the placeholders of one request. What is derived is computed when it is wanted.
class RecipeSession::Filling {
  public:
    Filling(const RecipeSession& session, ProviderHttp& http, TemplateValues values,
            const std::string& aim)
        : session_(session), http_(http), values_(std::move(values)), aim_(aim) {}

    void know(const std::string& name, std::string value) {
        values_.insert_or_assign(name, std::move(value));
    }
    ValueOf value_of() {
        return [this](std::string_view name) { return of(name); };
    }
    std::string text(std::string_view text) { return filled(text, value_of(), TemplateUse::text); }
    Templates texts(std::initializer_list<const Templates*> all) {
        Templates result;
        for (const auto* templates : all)
            for (const auto& [name, value] : *templates) result.emplace_back(name, text(value));
        return result;
    }
    ProviderHttp& http() { return http_; }

  private:
    std::string of(std::string_view name) {
        auto value = looked_up(name);
        filled_ += value.size();
        if (filled_ > max_filled)
            throw http_.failure(
                aim_, fmt::format("the recipe makes a request of more than {} octets", max_filled));
        return value;
    }
    std::string looked_up(std::string_view name) {
        if (const auto known = values_.find(name); known != values_.end()) return known->second;
        const auto& steps = session_.recipe_.steps;
        const auto step = std::ranges::find(steps, name, &RecipeStep::name);
        if (step == steps.end()) throw std::logic_error("a placeholder that is not known");
        // A step names those before it alone, so this comes to an end.
        auto result =
            result_of(*step, value_of(), session_.context_.clock.now(), session_.context_.random);
        if (!result)
            throw http_.failure(aim_, fmt::format("{}: {}", step->name, result.error().message));
        if (step->is_secret && step->form != StepForm::raw) http_.hide(*result);
        values_.emplace(name, *result);
        return std::move(*result);
    }

    const RecipeSession& session_;
    ProviderHttp& http_;
    TemplateValues values_;
    const std::string& aim_;
    std::size_t filled_ = 0;
};

RecipeSession::RecipeSession(const Recipe& recipe, Parts parts, const ProviderContext& context)
    : recipe_(recipe),
      context_(context),
      http_(std::move(parts.http), context),
      login_http_(parts.login_http
                      ? std::make_unique<ProviderHttp>(std::move(*parts.login_http), context)
                      : nullptr),
      account_(std::move(parts.account)),
      values_(std::move(parts.credentials)),
      pace_(std::move(parts.pace)),
      token_(context.timer, [this] { return log_in(); }) {
    for (const auto* name : {"token", "record_id", "tag", "zone", "zone_id", "name", "relative",
                             "subname", "subject", "value", "quoted_value"})
        values_.emplace(name, "");
}

bool RecipeSession::has_token() const {
    return recipe_.login.has_value() || recipe_.authentication.yields_token();
}
bool RecipeSession::is_login(const RecipeCall& call) const {
    return recipe_.login && &call == &recipe_.login->call;
}

AccessToken::Granted RecipeSession::log_in() {
    using Method = RecipeAuthentication::Method;
    auto& http = login_http_ ? *login_http_ : http_;
    const auto part = [&](const char* name) {
        return filled(recipe_.authentication.parts.at(name), value_in(values_), TemplateUse::text);
    };
    AccessToken::Granted granted;
    if (recipe_.authentication.method == Method::google) {
        granted = client::log_in(http, *account_, part("scope"), context_.clock.now());
    } else if (recipe_.authentication.method == Method::azure) {
        granted = client::log_in(http, ServicePrincipal{.client_id = part("client_id"),
                                                        .client_secret = part("client_secret"),
                                                        .scope = part("scope")});
    } else {
        const auto& login = *recipe_.login;
        const std::string aim = "log in";
        const auto reply = send(http, login.call, values_, {}, aim, {}, {}).reply;
        granted.lifetime = login.usual_lifetime;
        if (!login.token_field.empty()) {
            granted.text = reply.field(net::ascii_lower(login.token_field));
        } else {
            const auto body = json_body(http, aim, reply);
            granted.text = text_at(body, login.token);
            if (!login.lifetime.empty())
                granted.lifetime = std::chrono::seconds(
                    whole_number_at(body, login.lifetime).value_or(login.usual_lifetime.count()));
        }
        if (granted.text.empty()) throw http.failure(aim, "it grants no token");
    }
    http_.hide(granted.text);
    http.hide(granted.text);
    return granted;
}

RecipeAnswer RecipeSession::ask(const RecipeCall& call, const TemplateValues& record,
                                const std::vector<std::string>& all, const std::string& aim,
                                const std::string& next_page) {
    auto values = values_;
    for (const auto& [name, value] : record) values.insert_or_assign(name, value);
    if (!has_token()) return send(http_, call, values, all, aim, next_page, {});
    values["token"] = token_.text();
    auto answer = send(http_, call, values, all, aim, next_page, {unauthorized});
    if (answer.reply.status != unauthorized || contains(call.accepted, unauthorized)) return answer;
    // It has ended before its time.
    token_.drop(values["token"]);
    values["token"] = token_.text();
    return send(http_, call, values, all, aim, next_page, {});
}

RecipeAnswer RecipeSession::send(ProviderHttp& http, const RecipeCall& call,
                                 const TemplateValues& values, const std::vector<std::string>& all,
                                 const std::string& aim, const std::string& next_page,
                                 const std::vector<int>& also_accepted) {
    RecipeAnswer answer;
    ProviderHttp::Call request{
        .method = call.method, .path = next_page, .aim = aim, .accepted = call.accepted};
    for (const auto* statuses : {&call.conflicts, &also_accepted})
        request.accepted.insert(request.accepted.end(), statuses->begin(), statuses->end());
    if (!call.accepted_words.empty())
        request.accepts = [&](const http::Reply& reply) {
            return says_one_of(reply.body, call.accepted_words);
        };
    if (is_login(call)) request.answer = ProviderHttp::AnswerTrace::hidden;
    // For each try anew: times, and what is used once.
    request.prepare = [&](http::ClientRequest& out) {
        pace_->await_turn(context_.timer);
        Filling filling(*this, http, values, aim);
        fill(out, call, filling, all, !next_page.empty());
        answer.url = out.url;
    };
    {
        const RecipePace::Place place(*pace_);
        answer.reply = http.ask(request);
    }
    const int status = answer.reply.status;
    using Kind = RecipeAnswer::Kind;
    if (status >= 300) {
        answer.kind = contains(call.conflicts, status) ? Kind::conflict : Kind::already;
    } else if (const auto words = complaint(answer.reply, aim)) {
        if (!says_one_of(answer.reply.body, call.accepted_words)) throw http.failure(aim, *words);
        answer.kind = Kind::already;
    }
    return answer;
}

void RecipeSession::fill(http::ClientRequest& request, const RecipeCall& call, Filling& filling,
                         const std::vector<std::string>& all, bool is_next_page) const {
    const auto value_of = filling.value_of();
    if (!is_next_page) {
        request.url = filling.http().base_url() + filled(call.path, value_of, TemplateUse::path);
        append_query(request.url, filling.texts({&call.query, &recipe_.query}));
    }
    fill_body(request, call, value_of, all);

    filling.know("method", request.method);
    filling.know("body", request.body);
    // One that is none is refused when it is sent.
    const auto url = net::Url::from_text(request.url);
    const auto target = url ? url->target() : std::string();
    const auto mark = target.find('?');
    const auto query = mark == std::string::npos ? std::string() : target.substr(mark + 1);
    filling.know("path", target.substr(0, mark));
    filling.know("query", query);
    filling.know("sorted_query", sorted(query));
    filling.know("host", url ? url->authority() : std::string());

    for (const auto* part : {&recipe_.fields, &call.fields})
        for (const auto& [name, text] : *part) {
            // A login has no token yet.
            if (is_login(call) && text.find("{token}") != std::string::npos) continue;
            request.fields.emplace_back(name, filling.text(text));
        }
    if (!recipe_.basic.empty() && (!recipe_.login || is_login(call)))
        request.fields.emplace_back(
            "Authorization",
            "Basic " + crypto::base64(base::bytes_of(filling.text(recipe_.basic[0]) + ":" +
                                                     filling.text(recipe_.basic[1]))));
    if (!is_next_page) append_query(request.url, filling.texts({&recipe_.signed_query}));
    if (recipe_.authentication.method != RecipeAuthentication::Method::aws4) return;
    const auto part = [&](const char* name) {
        return filling.text(recipe_.authentication.parts.at(name));
    };
    sign(request,
         {.access_key_id = part("access_key_id"),
          .secret_access_key = part("secret_access_key"),
          .session_token = part("session_token"),
          .region = part("region"),
          .service = part("service")},
         context_.clock.now());
}

void RecipeSession::fill_body(http::ClientRequest& request, const RecipeCall& call,
                              const ValueOf& value_of, const std::vector<std::string>& all) const {
    const auto put_type = [&](const char* usual) {
        for (const auto* part : {&recipe_.fields, &call.fields})
            for (const auto& [name, text] : *part)
                if (net::ascii_lower(name) == "content-type") return;
        request.fields.emplace_back("Content-Type", usual);
    };
    if (!call.form.empty()) {
        Templates form;
        for (const auto& [name, text] : call.form)
            form.emplace_back(name, filled(text, value_of, TemplateUse::text));
        request.body = query_text(form);
        put_type("application/x-www-form-urlencoded");
        return;
    }
    if (!call.json && (!recipe_.json || call.method == "GET")) return;
    auto body =
        call.json ? filled(*call.json, value_of, all) : boost::json::value(boost::json::object());
    if (recipe_.json && body.is_object()) {
        const auto shared = filled(*recipe_.json, value_of, all);
        if (const auto* members = shared.if_object())
            for (const auto& member : *members) body.get_object()[member.key()] = member.value();
    }
    request.body = boost::json::serialize(body);
    put_type("application/json");
}

std::optional<std::string> RecipeSession::complaint(const http::Reply& reply,
                                                    const std::string& aim) const {
    const auto start = std::min(reply.body.find_first_not_of(" \r\n"), reply.body.size());
    if (!recipe_.ok_text.empty() && !reply.body.substr(start).starts_with(recipe_.ok_text))
        return reply.body.empty() ? "an empty answer" : reply.body;
    if (recipe_.ok_path.empty()) return std::nullopt;
    const auto body = json_body(http_, aim, reply);
    const auto found = text_at(body, recipe_.ok_path);
    if (recipe_.failed_value.empty() ? found == recipe_.ok_value : found != recipe_.failed_value)
        return std::nullopt;
    auto words = recipe_.error_path.empty() ? std::string() : text_at(body, recipe_.error_path);
    return words.empty() ? reply.body : words;
}

void RecipeSession::list(
    const RecipeListing& listing, const TemplateValues& record, const std::string& aim,
    const std::function<bool(const boost::json::value&)>& take,
    const std::function<void(const http::Reply&, const boost::json::value&)>& first) {
    std::string next;
    std::string cursor;
    for (std::size_t page = 0; page < max_pages; ++page) {
        auto call = listing.call;
        if (!listing.page_parameter.empty())
            call.query.emplace_back(listing.page_parameter,
                                    std::to_string(listing.first_page + page * listing.page_step));
        // What a provider answers holds no placeholders: braces in it stay what they are.
        auto values = record;
        values.insert_or_assign("cursor", cursor);
        if (!cursor.empty()) call.query.emplace_back(listing.cursor_parameter, "{cursor}");
        const auto answer = ask(call, values, {}, aim, next);
        if (answer.kind != RecipeAnswer::Kind::done) return;
        const auto body = json_body(http_, aim, answer.reply);
        if (page == 0 && first) first(answer.reply, body);
        const auto elements = elements_at(body, listing.list);
        for (const auto* each : elements)
            if (!take(*each)) return;
        next = listing.by_link        ? next_by_link(answer)
               : listing.next.empty() ? std::string()
                                      : text_at(body, listing.next);
        cursor = listing.cursor.empty() ? std::string() : text_at(body, listing.cursor);
        const bool is_last = listing.page_parameter.empty()
                                 ? next.empty() && cursor.empty()
                                 : elements.empty() || elements.size() < listing.page_size;
        if (is_last) return;
    }
    throw http_.failure(aim, fmt::format("its list has more than {} pages", max_pages));
}

}  // namespace cairn::client
