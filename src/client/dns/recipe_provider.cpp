#include <algorithm>
#include <stdexcept>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/access_token.h"
#include "client/dns/json_body.h"
#include "client/dns/provider_http.h"
#include "client/dns/query_text.h"
#include "client/dns/recipe.h"
#include "client/dns/shipped_recipe.h"
#include "client/dns/zone_ids.h"
#include "crypto/base64.h"
#include "net/ascii.h"

namespace cairn::client {
namespace {

constexpr int max_pages = 50;
constexpr int not_found = 404;
constexpr std::string_view challenge_label = "_acme-challenge";

/// An element of a list that a provider has answered.
struct Listed {
    std::string id, value;
};

class RecipeProvider final : public DnsProvider {
  public:
    RecipeProvider(const Recipe& recipe, ProviderHttp::Options options, TemplateValues values,
                   const ProviderContext& context)
        : recipe_(recipe),
          http_(std::move(options), context),
          values_(std::move(values)),
          token_(context.timer, [this] { return log_in(); }) {}

    void set(const TxtRecord& record) override {
        const auto aim = fmt::format("add the TXT record {}", record.name);
        const auto values = values_for(record, aim);
        if (recipe_.read) {
            change(record, values, aim, [&](std::vector<std::string>& all) {
                if (std::ranges::find(all, record.value) != all.end()) return false;
                all.push_back(record.value);
                return true;
            });
            return;
        }
        if (recipe_.find && !matches(*recipe_.find, record, values, aim).empty()) return;
        static_cast<void>(ask(*recipe_.create, values, {record.value}, aim));
    }

    void remove(const TxtRecord& record) override {
        const auto aim = fmt::format("remove the TXT record {}", record.name);
        auto values = values_for(record, aim);
        if (recipe_.read) {
            change(record, values, aim, [&](std::vector<std::string>& all) {
                return std::erase(all, record.value) > 0;
            });
            return;
        }
        if (!recipe_.find) {
            static_cast<void>(ask(*recipe_.remove, values, {record.value}, aim));
            return;
        }
        for (const auto& each : matches(*recipe_.find, record, values, aim)) {
            values["record_id"] = each.id;
            static_cast<void>(ask(*recipe_.remove, values, {record.value}, aim));
        }
    }

    std::optional<bool> has_zone(const std::string& zone) override {
        if (!recipe_.zone) return std::nullopt;
        return find_zone(zone).has_value();
    }

  private:
    AccessToken::Granted log_in() {
        const std::string aim = "log in";
        const auto reply = send(*recipe_.login, values_, {}, aim);
        const auto body = json_body(http_, aim, reply);
        const auto token = text_at(body, recipe_.token);
        if (token.empty()) throw http_.failure(aim, "it grants no token");
        http_.hide(token);
        constexpr std::int64_t usual_lifetime = 300;
        const auto* lifetime = recipe_.lifetime.empty() ? nullptr : at_path(body, recipe_.lifetime);
        return {token, std::chrono::seconds(lifetime != nullptr && lifetime->is_int64()
                                                ? lifetime->get_int64()
                                                : usual_lifetime)};
    }

    TemplateValues values_for(const TxtRecord& record, const std::string& aim) {
        auto values = values_;
        values["zone"] = record.zone;
        values["zone_id"] = record.zone;
        if (recipe_.zone) {
            const auto id = find_zone(record.zone);
            if (!id)
                throw http_.failure(aim, fmt::format("this account has no zone {}", record.zone));
            values["zone_id"] = *id;
        }
        const auto relative = record.relative_name();
        values["name"] = record.name;
        values["relative"] = relative;
        values["subname"] = relative == "@" ? std::string() : relative;
        auto subject = std::string_view(relative);
        if (subject.starts_with(challenge_label)) subject.remove_prefix(challenge_label.size());
        if (subject.starts_with('.')) subject.remove_prefix(1);
        values["subject"] = subject;
        values["value"] = record.value;
        values["quoted_value"] = quoted_txt(record.value);
        return values;
    }

    http::Reply ask(const RecipeCall& call, TemplateValues values,
                    const std::vector<std::string>& all, const std::string& aim) {
        if (recipe_.login) values["token"] = token_.text();
        return send(call, values, all, aim);
    }

    http::Reply send(const RecipeCall& call, const TemplateValues& values,
                     const std::vector<std::string>& all, const std::string& aim,
                     const std::string& next_page = {}) {
        ProviderHttp::Call request{.method = call.method, .aim = aim, .accepted = call.accepted};
        if (&call == login()) request.answer = ProviderHttp::AnswerTrace::hidden;
        Templates query;
        for (const auto* part : {&call.query, &recipe_.query})
            for (const auto& [name, text] : *part)
                query.emplace_back(name, filled(text, values, TemplateUse::text));
        request.path = filled(call.path, values, TemplateUse::path);
        if (!query.empty())
            request.path +=
                (request.path.find('?') == std::string::npos ? "?" : "&") + query_text(query);
        if (!next_page.empty()) request.path = next_page;
        for (const auto* part : {&recipe_.fields, &call.fields})
            for (const auto& [name, text] : *part) {
                // That of a login has no token yet.
                if (&call == login() && text.find("{token}") != std::string::npos) continue;
                request.fields.emplace_back(name, filled(text, values, TemplateUse::text));
            }
        if (!recipe_.basic.empty() && (!recipe_.login || &call == login()))
            request.fields.emplace_back(
                "Authorization",
                "Basic " + crypto::base64(base::bytes_of(
                               filled(recipe_.basic[0], values, TemplateUse::text) + ":" +
                               filled(recipe_.basic[1], values, TemplateUse::text))));
        fill_body(request, call, values, all);
        auto reply = http_.ask(request);
        if (reply.status < 300) judge(reply, aim);
        return reply;
    }

    [[nodiscard]] const RecipeCall* login() const {
        return recipe_.login ? &*recipe_.login : nullptr;
    }

    void fill_body(ProviderHttp::Call& request, const RecipeCall& call,
                   const TemplateValues& values, const std::vector<std::string>& all) const {
        if (!call.form.empty()) {
            Templates form;
            for (const auto& [name, text] : call.form)
                form.emplace_back(name, filled(text, values, TemplateUse::text));
            request.body = query_text(form);
            request.fields.emplace_back("Content-Type", "application/x-www-form-urlencoded");
            return;
        }
        if (!call.json && (!recipe_.json || call.method == "GET")) return;
        auto body =
            call.json ? filled(*call.json, values, all) : boost::json::value(boost::json::object());
        if (recipe_.json && body.is_object()) {
            const auto shared = filled(*recipe_.json, values, all);
            if (const auto* members = shared.if_object())
                for (const auto& member : *members)
                    body.get_object()[member.key()] = member.value();
        }
        request.body = boost::json::serialize(body);
        request.fields.emplace_back("Content-Type", "application/json");
    }

    /// Throws if the answer says that it is no success.
    void judge(const http::Reply& reply, const std::string& aim) const {
        if (!recipe_.ok_text.empty() && !reply.body.starts_with(recipe_.ok_text))
            throw http_.failure(aim, reply.body.empty() ? "an empty answer" : reply.body);
        if (recipe_.ok_path.empty()) return;
        const auto body = json_body(http_, aim, reply);
        if (text_at(body, recipe_.ok_path) == recipe_.ok_value) return;
        auto words = recipe_.error_path.empty() ? std::string() : text_at(body, recipe_.error_path);
        throw http_.failure(aim, words.empty() ? reply.body : words);
    }

    /// Calls `take` with each element, page by page, until it returns false.
    template <class Take>
    void list(const RecipeListing& listing, const TemplateValues& values, const std::string& aim,
              const Take& take) {
        std::string next;
        auto own = values;
        if (recipe_.login) own["token"] = token_.text();
        for (int page = 1; page <= max_pages; ++page) {
            auto call = listing.call;
            if (!listing.page_parameter.empty())
                call.query.emplace_back(listing.page_parameter, std::to_string(page));
            const auto reply = send(call, own, {}, aim, next);
            // What is accepted besides a success says that there is none.
            if (reply.status >= 300) return;
            const auto body = json_body(http_, aim, reply);
            const auto& elements = list_at(body, listing.list);
            for (const auto& each : elements)
                if (!take(each)) return;
            next = listing.next.empty() ? std::string() : text_at(body, listing.next);
            const bool is_last = listing.page_parameter.empty() ? next.empty() : elements.empty();
            if (is_last) return;
        }
    }

    std::optional<std::string> find_zone(const std::string& zone) {
        return ids_.find(zone, [&]() -> std::optional<std::string> {
            const auto aim = fmt::format("find the zone {}", zone);
            auto values = values_;
            values["zone"] = zone;
            const auto& listing = *recipe_.zone;
            if (listing.name.empty()) {
                // The zone is asked for by name.
                auto call = listing.call;
                call.accepted.push_back(not_found);
                const auto reply = ask(call, values, {}, aim);
                if (reply.status >= 300) return std::nullopt;
                if (listing.id.empty()) return zone;
                auto id = text_at(json_body(http_, aim, reply), listing.id);
                if (id.empty()) return std::nullopt;
                return id;
            }
            std::optional<std::string> id;
            list(listing, values, aim, [&](const boost::json::value& each) {
                if (!is_name(text_at(each, listing.name), zone)) return true;
                id = listing.id.empty() ? zone : text_at(each, listing.id);
                return false;
            });
            return id;
        });
    }

    static bool is_name(std::string text, std::string_view name) {
        if (text.ends_with('.')) text.pop_back();
        return net::ascii_lower(text) == name;
    }

    /// The elements that are of the record's name and type.
    std::vector<Listed> all_of(const RecipeListing& listing, const TxtRecord& record,
                               const TemplateValues& values, const std::string& aim) {
        std::vector<Listed> found;
        list(listing, values, aim, [&](const boost::json::value& each) {
            if (!listing.name.empty()) {
                const auto name = text_at(each, listing.name);
                if (!is_name(name, record.name) && !is_name(name, record.relative_name()))
                    return true;
            }
            if (!listing.type.empty() && text_at(each, listing.type) != "TXT") return true;
            found.push_back({listing.id.empty() ? std::string() : text_at(each, listing.id),
                             unquoted_txt(text_at(each, listing.value))});
            return true;
        });
        return found;
    }
    std::vector<Listed> matches(const RecipeListing& listing, const TxtRecord& record,
                                const TemplateValues& values, const std::string& aim) {
        auto found = all_of(listing, record, values, aim);
        std::erase_if(found, [&](const Listed& each) { return each.value != record.value; });
        return found;
    }

    /// `edit` returns false if nothing is to be changed.
    template <class Edit>
    void change(const TxtRecord& record, const TemplateValues& values, const std::string& aim,
                const Edit& edit) {
        std::vector<std::string> all;
        for (auto& each : all_of(*recipe_.read, record, values, aim))
            all.push_back(std::move(each.value));
        const bool is_new = all.empty();
        if (!edit(all)) return;
        const auto& call = all.empty()                     ? *recipe_.clear
                           : (is_new && recipe_.write_new) ? *recipe_.write_new
                                                           : *recipe_.write;
        static_cast<void>(ask(call, values, all, aim));
    }

    const Recipe recipe_;
    ProviderHttp http_;
    TemplateValues values_;
    AccessToken token_;
    ZoneIds ids_;
};

}  // namespace

ProviderKind provider_kind_of(Recipe recipe) {
    auto kind = recipe.kind;
    auto keys = kind.keys;
    kind.keys = with_http_keys(std::move(kind.keys));
    kind.make = [recipe = std::move(recipe), keys = std::move(keys)](
                    const ProviderKind& own, const DnsCredentials& credentials,
                    const ProviderContext& context) -> base::Result<std::unique_ptr<DnsProvider>> {
        auto options = http_options(own, credentials, recipe.api_url);
        if (!options) return std::unexpected(options.error());
        TemplateValues values{{"token", ""}, {"record_id", ""}, {"zone_id", ""}};
        for (const auto& key : keys) values[key.name] = credentials.text(key.name);
        return std::make_unique<RecipeProvider>(recipe, std::move(*options), std::move(values),
                                                context);
    };
    return kind;
}

std::vector<ProviderKind> shipped_recipes() {
    std::vector<ProviderKind> kinds;
    for (const auto& [name, text] : shipped_recipe_texts()) {
        auto recipe = Recipe::from_toml(std::string(text), std::string(name));
        // A test reads them all.
        if (!recipe) throw std::logic_error(recipe.error().within(name).message);
        kinds.push_back(provider_kind_of(std::move(*recipe)));
    }
    return kinds;
}

}  // namespace cairn::client
