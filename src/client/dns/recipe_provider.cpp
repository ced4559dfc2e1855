#include <algorithm>
#include <map>
#include <mutex>

#include <boost/json/array.hpp>
#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/dns/recipe.h"
#include "client/dns/recipe_session.h"
#include "client/dns/recipe_template.h"
#include "client/dns/zone_ids.h"
#include "net/ascii.h"
#include "net/url.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr int max_merges = 10;
constexpr int not_found = 404;
constexpr std::string_view challenge_label = "_acme-challenge";

/// An element of a list that a provider has answered.
struct Listed {
    std::string id, value;
};

class RecipeProvider final : public DnsProvider {
  public:
    RecipeProvider(const Recipe& recipe, RecipeSession::Parts parts, const ProviderContext& context)
        : recipe_(recipe), session_(recipe_, std::move(parts), context), timer_(context.timer) {}

    void set(const TxtRecord& record) override {
        const auto aim = fmt::format("add the TXT record {}", record.name);
        hold(record, aim);
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
        static_cast<void>(session_.ask(*recipe_.create, values, {record.value}, aim));
    }

    void remove(const TxtRecord& record) override {
        const auto aim = fmt::format("remove the TXT record {}", record.name);
        release(record);
        auto values = values_for(record, aim);
        const auto ask = [&] {
            static_cast<void>(session_.ask(*recipe_.remove, values, {record.value}, aim));
        };
        if (recipe_.read) {
            change(record, values, aim, [&](std::vector<std::string>& all) {
                return std::erase(all, record.value) > 0;
            });
        } else if (!recipe_.find) {
            ask();
        } else {
            for (const auto& each : matches(*recipe_.find, record, values, aim)) {
                if (!recipe_.find->id.empty())
                    values["record_id"] = usable(each.id, recipe_.find->id, aim);
                ask();
                // Without ids they go by what they are, all at once.
                if (recipe_.find->id.empty()) break;
            }
        }
    }

    std::optional<bool> has_zone(const std::string& zone) override {
        if (!recipe_.zone) return std::nullopt;
        return find_zone(zone).has_value();
    }

  private:
    /// Where a name has a single value, a second one would take the place of the first.
    void hold(const TxtRecord& record, const std::string& aim) {
        if (recipe_.values_per_name == 0) return;
        const std::scoped_lock lock(mutex_);
        auto& up = up_[record.name];
        if (std::ranges::find(up, record.value) != up.end()) return;
        if (up.size() >= recipe_.values_per_name)
            throw session_.http().failure(
                aim,
                fmt::format("a name holds {} of them there, and so many are needed already",
                            recipe_.values_per_name),
                "get the wildcard and the name itself in certificates of their own, one after "
                "the other.");
        up.push_back(record.value);
    }
    void release(const TxtRecord& record) {
        const std::scoped_lock lock(mutex_);
        if (const auto up = up_.find(record.name); up != up_.end()) {
            std::erase(up->second, record.value);
            if (up->second.empty()) up_.erase(up);
        }
    }

    TemplateValues values_for(const TxtRecord& record, const std::string& aim) {
        TemplateValues values;
        values["zone"] = record.zone;
        values["zone_id"] = record.zone;
        if (recipe_.zone) {
            const auto id = find_zone(record.zone);
            if (!id)
                throw session_.http().failure(
                    aim, fmt::format("this account has no zone {}", record.zone));
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

    std::optional<std::string> find_zone(const std::string& zone) {
        return ids_.find(zone, [&]() -> std::optional<std::string> {
            const auto aim = fmt::format("find the zone {}", zone);
            const TemplateValues values{{"zone", zone}};
            const auto& listing = *recipe_.zone;
            if (listing.name.empty()) {
                // The zone is asked for by name.
                auto call = listing.call;
                call.accepted.push_back(not_found);
                const auto answer = session_.ask(call, values, {}, aim);
                if (answer.kind != RecipeAnswer::Kind::done) return std::nullopt;
                if (listing.id.empty()) return zone;
                return usable(text_at(json_body(session_.http(), aim, answer.reply), listing.id),
                              listing.id, aim);
            }
            std::optional<std::string> id;
            session_.list(listing, values, aim, [&](const boost::json::value& each) {
                if (!is_name(text_at(each, listing.name), zone)) return true;
                id = listing.id.empty() ? zone : usable(text_at(each, listing.id), listing.id, aim);
                return false;
            });
            return id;
        });
    }

    /// What becomes a part of addresses, and so must be no other address: an empty one would be
    /// that of all.
    std::string usable(std::string id, const std::string& path, const std::string& aim) const {
        if (id.empty() || id == "." || id == "..")
            throw session_.http().failure(
                aim, fmt::format("what it lists has no {}, by which it could be named", path));
        return id;
    }

    static bool is_name(std::string text, std::string_view name) {
        if (text.ends_with('.')) text.pop_back();
        return net::ascii_lower(text) == name;
    }
    static bool is_of(const std::string& name, const TxtRecord& record) {
        const auto relative = record.relative_name();
        return is_name(name, record.name) || is_name(name, relative) ||
               (relative == "@" && name.empty());
    }

    /// The elements that are of the record's name and type.
    std::vector<Listed> all_of(const RecipeListing& listing, const TxtRecord& record,
                               const TemplateValues& values, const std::string& aim,
                               std::string* tag = nullptr) {
        std::vector<Listed> found;
        const auto take = [&](const boost::json::value& each) {
            if (!listing.name.empty() && !is_of(text_at(each, listing.name), record)) return true;
            if (!listing.type.empty() && net::ascii_lower(text_at(each, listing.type)) !=
                                             net::ascii_lower(listing.type_value))
                return true;
            const auto id = listing.id.empty() ? std::string() : text_at(each, listing.id);
            const auto add = [&](const boost::json::value& place) {
                found.push_back({id, unquoted_txt(text_at(place, listing.value))});
            };
            if (listing.values.empty())
                add(each);
            else if (const auto* all = at_path(each, listing.values); all != nullptr) {
                // Some answer a single one without its list.
                if (!all->is_array()) add(*all);
                for (const auto& one : list_at(*all, {})) add(one);
            }
            return true;
        };
        session_.list(listing, values, aim, take,
                      [&](const http::Reply& reply, const boost::json::value& body) {
                          if (tag == nullptr) return;
                          *tag =
                              listing.tag_field.empty()
                                  ? text_at(body, listing.tag)
                                  : std::string(reply.field(net::ascii_lower(listing.tag_field)));
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
        for (int attempt = 1;; ++attempt) {
            auto own = values;
            std::vector<std::string> all;
            for (auto& each : all_of(*recipe_.read, record, values, aim, &own["tag"])) {
                if (!recipe_.read->id.empty())
                    own["record_id"] = usable(each.id, recipe_.read->id, aim);
                all.push_back(std::move(each.value));
            }
            const bool is_new = all.empty();
            if (!edit(all)) return;
            const auto& call = all.empty()                     ? *recipe_.clear
                               : (is_new && recipe_.write_new) ? *recipe_.write_new
                                                               : *recipe_.write;
            const auto answer = session_.ask(call, own, all, aim);
            if (answer.kind != RecipeAnswer::Kind::conflict) return;
            // Somebody else has changed it since it was read.
            if (attempt == max_merges) throw session_.http().failure(aim, answer.reply.body);
            timer_.wait(500ms * attempt);
        }
    }

    const Recipe recipe_;
    RecipeSession session_;
    Timer& timer_;
    ZoneIds ids_;
    std::mutex mutex_;
    /// What this run has put up, where that is counted.
    std::map<std::string, std::vector<std::string>> up_;
};

base::Result<RecipeSession::Parts> parts_of(const Recipe& recipe,
                                            const std::vector<CredentialKey>& keys,
                                            const ProviderKind& kind,
                                            const DnsCredentials& credentials) {
    using Method = RecipeAuthentication::Method;
    auto options = http_options(kind, credentials, recipe.api_url);
    if (!options) return std::unexpected(options.error());
    RecipeSession::Parts parts{.http = std::move(*options)};
    for (const auto& key : keys) parts.credentials[key.name] = credentials.text(key.name);
    const auto part = [&](const char* name) {
        return filled(recipe.authentication.parts.at(name), value_in(parts.credentials),
                      TemplateUse::text);
    };
    std::string login_url;
    if (recipe.authentication.method == Method::google) {
        auto account = service_account_from(part("service_account"));
        if (!account)
            return std::unexpected(account.error().within("the key of the service account"));
        login_url = account->token_url;
        parts.account = std::move(*account);
    } else if (recipe.authentication.method == Method::azure) {
        login_url = azure_token_url(part("login_url"), part("tenant_id"));
    } else if (recipe.login && !recipe.login->api_url.empty()) {
        login_url =
            credentials.has("login_url") ? credentials.text("login_url") : recipe.login->api_url;
    }
    if (login_url.empty()) return parts;
    while (login_url.ends_with('/')) login_url.pop_back();
    if (const auto url = net::Url::from_text(login_url); !url)
        return std::unexpected(url.error().within("the address of the login"));
    parts.login_http = parts.http;
    parts.login_http->base_url = login_url;
    return parts;
}

}  // namespace

ProviderKind provider_kind_of(Recipe recipe) {
    auto kind = recipe.kind;
    auto keys = kind.keys;
    kind.keys = with_http_keys(std::move(kind.keys));
    if (recipe.login && !recipe.login->api_url.empty() &&
        std::ranges::find(kind.keys, "login_url", &CredentialKey::name) == kind.keys.end())
        kind.keys.push_back({.name = "login_url",
                             .meaning = "address of the login, if it is another than the usual one",
                             .need = CredentialKey::Need::optional,
                             .kind = CredentialKey::Kind::open});
    auto pace = std::make_shared<RecipePace>(recipe.per_minute, recipe.at_once);
    kind.make = [recipe = std::move(recipe), keys = std::move(keys), pace = std::move(pace)](
                    const ProviderKind& own, const DnsCredentials& credentials,
                    const ProviderContext& context) -> base::Result<std::unique_ptr<DnsProvider>> {
        auto parts = parts_of(recipe, keys, own, credentials);
        if (!parts) return std::unexpected(parts.error());
        parts->pace = pace;
        return std::make_unique<RecipeProvider>(recipe, std::move(*parts), context);
    };
    return kind;
}

}  // namespace cairn::client
