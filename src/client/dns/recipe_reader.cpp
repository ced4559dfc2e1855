#include "client/dns/recipe_reader.h"

#include <algorithm>
#include <array>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <fmt/format.h>

#include "net/ascii.h"
#include "net/url.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_depth = 8;
constexpr std::size_t max_steps = 32;
constexpr std::int64_t most_values = 1000;
constexpr std::int64_t least_nonce = 8;
constexpr std::int64_t most_nonce = 64;

/// What the request is, for those who sign it.
constexpr std::array request_facts = {"method", "path", "query", "sorted_query", "body", "host"};
/// What is known of a record before it is looked for.
const std::set<std::string>& record_facts() {
    static const std::set<std::string> facts = {"zone",    "zone_id", "name",  "relative",
                                                "subname", "subject", "value", "quoted_value"};
    return facts;
}

bool is_https(const std::string& url) {
    return url.starts_with("https://") && net::Url::from_text(url).has_value();
}

bool is_key_name(const std::string& name) {
    return !name.empty() && std::ranges::all_of(name, is_of_placeholder);
}

/// Those that belong to the connection and to the length of the body.
constexpr std::array fields_of_the_client = {"connection", "content-length",    "expect",
                                             "host",       "keep-alive",        "te",
                                             "trailer",    "transfer-encoding", "upgrade"};

/// Why this cannot be a field of a request (RFC 9110 section 5.1); empty if it can.
std::string fault_of_field(const std::string& name, const std::string& text) {
    constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
    const bool is_token = !name.empty() && std::ranges::all_of(name, [&](char c) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
               marks.find(c) != std::string_view::npos;
    });
    if (!is_token) return "is no name of a field";
    if (std::ranges::find(fields_of_the_client, net::ascii_lower(name)) !=
        fields_of_the_client.end())
        return "is not a recipe's to say";
    const bool is_one_line = std::ranges::all_of(
        text, [](char c) { return static_cast<unsigned char>(c) >= 0x20 && c != 0x7f; });
    return is_one_line ? "" : "must be one line";
}

}  // namespace

std::vector<base::TomlSection> RecipeReader::rows(const std::string& key) {
    std::vector<Section> result;
    const auto* node = root_.node_at(key);
    if (node == nullptr) return result;
    const auto* list = node->as_array();
    std::size_t number = 0;
    if (list != nullptr)
        for (const auto& element : *list)
            if (const auto* row = element.as_table())
                result.emplace_back(row, fmt::format("{}[{}].", key, number++), reading_);
    if (list == nullptr || result.size() != list->size())
        root_.find(key, fmt::format("must be a list of tables: [[{}]]", key));
    return result;
}

void RecipeReader::check(const Section& section, const std::string& key, const std::string& text,
                         Place place) {
    for (const auto& name : placeholders_of(text)) {
        const auto found = names_.find(name);
        if (found == names_.end() && !known_.contains(name))
            section.find(key, fmt::format("has {{{}}}, which nothing fills here", name));
        else if (found != names_.end() && found->second.is_raw && place != Place::step)
            section.find(
                key, fmt::format("has {{{}}}, which is raw octets; only steps take those", name));
        else if (found != names_.end() && found->second.is_late && place == Place::early)
            section.find(key, fmt::format("has {{{}}}, which depends on the request itself; it can "
                                          "stand in fields and in request.signed_query",
                                          name));
        else if (found != names_.end() && found->second.is_derived && place == Place::list)
            section.find(key,
                         fmt::format("has {{{}}}, which is not derived anew for each value", name));
    }
}

std::string RecipeReader::checked(Section& section, const std::string& key, Place place) {
    std::string text;
    section.take(key, text);
    check(section, key, text, place);
    return text;
}

Templates RecipeReader::templates(Section& section, const std::string& key, Place place) {
    Templates result;
    auto members = section.section(key);
    for (const auto& name : members.keys())
        result.emplace_back(name, checked(members, name, place));
    return result;
}

Templates RecipeReader::fields(Section& section) {
    auto result = templates(section, "fields", Place::late);
    if (result.empty()) return result;
    auto members = section.section("fields");
    for (const auto& [name, text] : result)
        if (const auto fault = fault_of_field(name, text); !fault.empty())
            members.find(name, fault);
    return result;
}

boost::json::value RecipeReader::json(const toml::node& node, Section& section,
                                      const std::string& key, Place place, std::size_t depth) {
    if (depth > max_depth) {
        section.find(key, "is too deep");
        return nullptr;
    }
    if (auto value = node.value_exact<std::string>()) {
        check(section, key, *value, place);
        return boost::json::value(std::move(*value));
    }
    if (auto value = node.value_exact<std::int64_t>()) return *value;
    if (auto value = node.value_exact<bool>()) return *value;
    if (const auto* array = node.as_array()) {
        boost::json::array result;
        for (const auto& element : *array)
            result.push_back(json(element, section, key, place, depth + 1));
        return result;
    }
    if (const auto* object = node.as_table()) {
        boost::json::object result;
        const bool is_list = object->size() == 1 && object->contains("each");
        for (const auto& [name, member] : *object) {
            const std::string own(name.str());
            result[own] =
                json(member, section, key + "." + own, is_list ? Place::list : place, depth + 1);
        }
        return result;
    }
    section.find(key, "must be a string, a whole number, true, false, a list or a table");
    return nullptr;
}

void RecipeReader::read_key(Section row, ProviderKind& kind) {
    CredentialKey key;
    bool is_required = true;
    bool is_secret = true;
    row.take("name", key.name);
    row.take("meaning", key.meaning);
    row.take("variables", key.variables);
    row.take("required", is_required);
    row.take("secret", is_secret);
    row.report_unknown();
    if (!is_key_name(key.name)) row.find("name", "must be of small letters, digits and _");
    if (record_facts().contains(key.name) || names_.contains(key.name))
        row.find("name", "is taken");
    if (!is_required) key.need = CredentialKey::Need::optional;
    if (!is_secret) key.kind = CredentialKey::Kind::open;
    names_[key.name] = {.is_secret = is_secret};
    kind.keys.push_back(std::move(key));
}

void RecipeReader::read_kind(Recipe& recipe, const std::string& name) {
    auto& kind = recipe.kind;
    kind.name = name;
    root_.take("title", kind.title);
    root_.take("access", kind.access);
    root_.take("documentation", kind.documentation);
    root_.take("api_url", recipe.api_url);
    for (const auto* key : {"title", "access", "documentation", "api_url", "keys"})
        if (!root_.has(key)) root_.find(key, "is missing");
    root_.take_duration("patience", kind.patience);
    root_.take_count("values_per_name", recipe.values_per_name, 0, most_values);
    auto limits = root_.section("limits");
    constexpr std::int64_t most_in_a_minute = 60000;
    constexpr std::int64_t most_at_once = 1000;
    limits.take_count("per_minute", recipe.per_minute, 0, most_in_a_minute);
    limits.take_count("at_once", recipe.at_once, 0, most_at_once);
    limits.report_unknown();
    if (root_.has("api_url") && !is_https(recipe.api_url))
        root_.find("api_url", "must be an https URL");
    for (auto& row : rows("keys")) read_key(std::move(row), kind);
    if (const auto* keys = root_.node_at("keys");
        keys != nullptr && keys->is_array() && keys->as_array()->empty())
        root_.find("keys", "is empty");
}

void RecipeReader::read_step(Section row, Recipe& recipe) {
    RecipeStep step;
    std::string function;
    std::string form;
    std::string time;
    std::string of;
    row.take("name", step.name);
    row.take("function", function);
    row.take("of", of);
    row.take("parts", step.parts);
    row.take("with", step.with);
    row.take("key", step.key);
    row.take("as", form);
    row.take("format", time);
    row.take_duration("plus", step.plus);
    row.take_count("length", step.length, least_nonce, most_nonce);
    row.report_unknown();
    const auto is_given = [&](const char* key) { return row.has(key); };
    if (const auto known = step_function_from(function))
        step.function = *known;
    else
        row.find("function", known.error().message);
    step.form = usual_form(step.function);
    if (const auto known = step_form_from(form))
        step.form = *known;
    else if (is_given("as"))
        row.find("as", known.error().message);
    if (const auto known = step_time_from(time))
        step.time = *known;
    else if (is_given("format"))
        row.find("format", known.error().message);

    const bool takes_nothing =
        step.function == StepFunction::now || step.function == StepFunction::nonce;
    const bool joins = step.function == StepFunction::join;
    const auto refuse = [&](const char* key, bool is_wanted) {
        if (is_given(key) == is_wanted) return;
        row.find(key,
                 fmt::format("{} with the function {}", is_wanted ? "is missing" : "does not go",
                             base::printable(function)));
    };
    refuse("of", !takes_nothing && !joins);
    refuse("parts", joins);
    refuse("key", is_keyed(step.function));
    if (!joins) refuse("with", false);
    if (step.function != StepFunction::now) {
        refuse("format", false);
        refuse("plus", false);
    }
    if (step.function != StepFunction::nonce) refuse("length", false);
    if (!joins && !takes_nothing) step.parts = {of};

    Name own{.is_derived = true};
    auto sources = step.parts;
    sources.push_back(step.key);
    for (const auto& source : sources) {
        check(row,
              &source == &sources.back() ? "key"
              : joins                    ? "parts"
                                         : "of",
              source, Place::step);
        for (const auto& name : placeholders_of(source)) {
            own.is_secret |= name == "token";
            if (const auto used = names_.find(name); used != names_.end()) {
                own.is_late |= used->second.is_late;
                own.is_secret |= used->second.is_secret;
                own.is_raw |= used->second.is_raw;
            }
        }
    }
    const bool is_text = step.function == StepFunction::text || joins;
    const bool is_encoded =
        step.form != StepForm::raw && step.form != StepForm::lower && step.form != StepForm::upper;
    own.is_raw = !is_encoded && !takes_nothing && (!is_text || own.is_raw);
    step.is_secret = own.is_secret;
    if (!is_key_name(step.name)) row.find("name", "must be of small letters, digits and _");
    if (names_.contains(step.name) || record_facts().contains(step.name) || step.name == "token" ||
        step.name == "record_id" || step.name == "tag")
        row.find("name", "is taken");
    names_[step.name] = own;
    recipe.steps.push_back(std::move(step));
}

void RecipeReader::read_steps(Recipe& recipe) {
    for (const auto* fact : request_facts) names_[fact] = {.is_late = true};
    known_ = record_facts();
    known_.insert({"record_id", "tag"});
    auto all = rows("derived");
    if (all.size() > max_steps) root_.find("derived", fmt::format("has more than {}", max_steps));
    for (auto& row : all) read_step(std::move(row), recipe);
    // From here on for steps alone.
    for (const auto* fact : request_facts) names_.erase(fact);
}

void RecipeReader::read_request(Recipe& recipe) {
    known_.clear();
    auto request = root_.section("request");
    recipe.fields = fields(request);
    recipe.query = templates(request, "query", Place::early);
    recipe.signed_query = templates(request, "signed_query", Place::late);
    if (const auto* node = request.node_at("json")) {
        recipe.json = json(*node, request, "json", Place::early, 0);
        if (!recipe.json->is_object()) request.find("json", "must be a table");
    }
    request.take("basic", recipe.basic);
    for (const auto& each : recipe.basic) check(request, "basic", each, Place::early);
    if (!recipe.basic.empty() && recipe.basic.size() != 2)
        request.find("basic", "must be two strings: a user and a password");
    request.report_unknown();
}

Recipe RecipeReader::read(const std::string& name) {
    Recipe recipe;
    read_kind(recipe, name);
    read_authentication(recipe);
    if (root_.has("login") || recipe.authentication.yields_token())
        names_["token"] = {.is_secret = true};
    read_steps(recipe);
    read_request(recipe);
    read_login(recipe);
    known_ = {"zone"};
    read_listing("zone", recipe.zone);
    known_ = record_facts();
    read_listing("find", recipe.find);
    read_listing("read", recipe.read);
    read_call_at("create", recipe.create);
    if (recipe.find && !recipe.find->id.empty()) known_.insert("record_id");
    read_call_at("remove", recipe.remove);
    known_ = record_facts();
    if (recipe.read && !recipe.read->id.empty()) known_.insert("record_id");
    if (recipe.read && !(recipe.read->tag.empty() && recipe.read->tag_field.empty()))
        known_.insert("tag");
    read_call_at("write", recipe.write);
    read_call_at("write_new", recipe.write_new);
    read_call_at("clear", recipe.clear);
    read_answer(recipe);
    root_.report_unknown();
    judge(recipe);
    reading_.report_unknown();
    return recipe;
}

}  // namespace cairn::client
