#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "client/dns/recipe_reader.h"
#include "net/url.h"

namespace cairn::client {
namespace {

constexpr std::int64_t least_status = 200;
constexpr std::int64_t most_status = 599;
constexpr std::int64_t most_of_a_page = 100000;

struct MethodFacts {
    std::string_view name;
    RecipeAuthentication::Method method;
    std::vector<std::string> required, optional;
};

const std::vector<MethodFacts>& methods() {
    using Method = RecipeAuthentication::Method;
    static const std::vector<MethodFacts> all = {
        {"aws4",
         Method::aws4,
         {"access_key_id", "secret_access_key", "region", "service"},
         {"session_token"}},
        {"google", Method::google, {"service_account", "scope"}, {}},
        {"azure",
         Method::azure,
         {"tenant_id", "client_id", "client_secret", "scope"},
         {"login_url"}},
    };
    return all;
}

}  // namespace

void RecipeReader::read_statuses(Section& section, const std::string& key,
                                 std::vector<int>& target) {
    const auto* node = section.node_at(key);
    if (node == nullptr) return;
    const auto* list = node->as_array();
    if (list != nullptr)
        for (const auto& element : *list)
            if (const auto status = element.value_exact<std::int64_t>();
                status && *status >= least_status && *status <= most_status)
                target.push_back(static_cast<int>(*status));
    if (list == nullptr || target.size() != list->size())
        section.find(key, fmt::format("must be a list of statuses from {} to {}", least_status,
                                      most_status));
}

void RecipeReader::read_call(Section& section, RecipeCall& call) {
    section.take("method", call.method);
    static constexpr std::array<std::string_view, 5> verbs = {"GET", "POST", "PUT", "PATCH",
                                                              "DELETE"};
    if (std::ranges::find(verbs, call.method) == verbs.end())
        section.find("method", "must be GET, POST, PUT, PATCH or DELETE");
    call.path = checked(section, "path", Place::early);
    if (!call.path.starts_with('/') && !call.path.empty())
        section.find("path", "must begin with /");
    call.query = templates(section, "query", Place::early);
    call.form = templates(section, "form", Place::early);
    call.fields = fields(section);
    if (const auto* node = section.node_at("json"))
        call.json = json(*node, section, "json", Place::early, 0);
    if (call.json && !call.form.empty()) section.find("form", "does not go with json");
    read_statuses(section, "accepted", call.accepted);
    section.take("accepted_words", call.accepted_words);
    if (std::ranges::find(call.accepted_words, std::string()) != call.accepted_words.end())
        section.find("accepted_words", "has an empty one");
    read_statuses(section, "conflicts", call.conflicts);
}

void RecipeReader::read_call_at(const std::string& key, std::optional<RecipeCall>& target) {
    auto section = root_.section(key);
    RecipeCall call;
    read_call(section, call);
    section.report_unknown();
    if (section.is_there()) target = std::move(call);
}

void RecipeReader::read_listing(const std::string& key, std::optional<RecipeListing>& target) {
    auto section = root_.section(key);
    RecipeListing listing;
    read_call(section, listing.call);
    section.take("list", listing.list);
    section.take("name", listing.name);
    section.take("id", listing.id);
    section.take("type", listing.type);
    section.take("type_value", listing.type_value);
    section.take("value", listing.value);
    section.take("values", listing.values);
    section.take("tag", listing.tag);
    section.take("tag_field", listing.tag_field);
    section.take("next", listing.next);
    section.take("link", listing.by_link);
    section.take("page", listing.page_parameter);
    section.take_count("first_page", listing.first_page, 0, 1);
    section.take_count("page_step", listing.page_step, 1, most_of_a_page);
    section.take_count("page_size", listing.page_size, 0, most_of_a_page);
    section.take("cursor", listing.cursor);
    section.take("cursor_parameter", listing.cursor_parameter);
    section.report_unknown();
    if (!section.is_there()) return;
    const int ways = (listing.next.empty() ? 0 : 1) + (listing.by_link ? 1 : 0) +
                     (listing.page_parameter.empty() ? 0 : 1) + (listing.cursor.empty() ? 0 : 1);
    if (ways > 1) section.find("page", "does not go with another one of next, link and cursor");
    if (listing.cursor.empty() != listing.cursor_parameter.empty())
        section.find("cursor", "and cursor_parameter go together");
    target = std::move(listing);
}

void RecipeReader::read_login(Recipe& recipe) {
    known_.clear();
    auto section = root_.section("login");
    RecipeLogin login;
    // It yields the token, and has none.
    const auto token = names_.extract("token");
    read_call(section, login.call);
    if (token) names_["token"] = token.mapped();
    section.take("api_url", login.api_url);
    section.take("token", login.token);
    section.take("token_field", login.token_field);
    section.take("lifetime", login.lifetime);
    section.take_duration("usual_lifetime", login.usual_lifetime);
    section.report_unknown();
    if (!section.is_there()) return;
    if (login.token.empty() == login.token_field.empty())
        section.find("token", "or token_field is missing, one of the two");
    if (!login.api_url.empty() &&
        (!login.api_url.starts_with("https://") || !net::Url::from_text(login.api_url)))
        section.find("api_url", "must be an https URL");
    if (recipe.authentication.yields_token())
        section.find("token", "is granted by authentication.method already");
    recipe.login = std::move(login);
}

void RecipeReader::read_authentication(Recipe& recipe) {
    known_.clear();
    auto section = root_.section("authentication");
    std::string method;
    section.take("method", method);
    std::map<std::string, std::string> parts;
    for (const auto& facts : methods())
        for (const auto* names : {&facts.required, &facts.optional})
            for (const auto& name : *names)
                if (!parts.contains(name)) parts[name] = checked(section, name, Place::early);
    section.report_unknown();
    if (!section.is_there()) return;
    const auto facts = std::ranges::find(methods(), method, &MethodFacts::name);
    if (facts == methods().end()) {
        section.find("method", "must be aws4, google or azure");
        return;
    }
    recipe.authentication.method = facts->method;
    for (const auto& [name, text] : parts) {
        const bool is_required = std::ranges::find(facts->required, name) != facts->required.end();
        const bool is_known =
            is_required || std::ranges::find(facts->optional, name) != facts->optional.end();
        if (is_required && text.empty()) section.find(name, "is missing");
        if (!is_known && section.has(name))
            section.find(name, fmt::format("does not go with the method {}", method));
        if (is_known) recipe.authentication.parts[name] = text;
    }
}

void RecipeReader::read_answer(Recipe& recipe) {
    auto answer = root_.section("answer");
    answer.take("ok_path", recipe.ok_path);
    answer.take("ok_value", recipe.ok_value);
    answer.take("ok_text", recipe.ok_text);
    answer.take("error_path", recipe.error_path);
    answer.take("failed_value", recipe.failed_value);
    answer.report_unknown();
    if (answer.is_there() && recipe.ok_path.empty() && !recipe.ok_value.empty())
        answer.find("ok_value", "wants ok_path");
    if (recipe.ok_path.empty() && !recipe.failed_value.empty())
        answer.find("failed_value", "wants ok_path");
    if (!recipe.ok_value.empty() && !recipe.failed_value.empty())
        answer.find("failed_value", "does not go with ok_value");
}

void RecipeReader::judge(const Recipe& recipe) {
    if (recipe.read) {
        if (!recipe.write || !recipe.clear) root_.find("read", "needs write and clear beside it");
        if (recipe.create || recipe.remove || recipe.find)
            root_.find("read", "does not go with create, remove and find");
    } else {
        if (!recipe.create || !recipe.remove)
            root_.find("create", "and remove, or read, write and clear are missing");
        if (recipe.write || recipe.write_new || recipe.clear)
            root_.find("write", "and clear go with read alone");
    }
    if (recipe.find && recipe.find->value.empty()) root_.find("find.value", "is missing");
}

}  // namespace cairn::client
