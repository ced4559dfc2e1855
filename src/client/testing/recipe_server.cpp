#include "client/testing/recipe_server.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "client/dns/json_body.h"
#include "client/testing/scripted_server.h"
#include "net/url.h"

namespace cairn::client::testing {
namespace {

/// Puts `value` at a dotted path, and makes what is on the way.
void put(boost::json::value& place, std::string_view path, boost::json::value value) {
    if (path.empty()) {
        place = std::move(value);
        return;
    }
    const auto dot = path.find('.');
    const auto step = path.substr(0, dot);
    const auto rest = dot == std::string_view::npos ? std::string_view() : path.substr(dot + 1);
    if (step == "0") {
        if (!place.is_array()) place = boost::json::array{nullptr};
        put(place.get_array()[0], rest, std::move(value));
    } else {
        if (!place.is_object()) place = boost::json::object();
        put(place.get_object()[step], rest, std::move(value));
    }
}

std::string unescaped(std::string_view text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '%' && i + 2 < text.size()) {
            result += static_cast<char>(std::stoi(std::string(text.substr(i + 1, 2)), nullptr, 16));
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

std::vector<std::pair<std::string, std::string>> parameters_of(std::string_view text) {
    std::vector<std::pair<std::string, std::string>> result;
    while (!text.empty()) {
        const auto end = text.find('&');
        const auto part = text.substr(0, end);
        const auto equals = part.find('=');
        result.emplace_back(
            unescaped(part.substr(0, equals)),
            equals == std::string_view::npos ? std::string() : unescaped(part.substr(equals + 1)));
        text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    }
    return result;
}

/// What may stand for a placeholder: anything, or what is within a part of a path.
enum class Gap { any, segment };

constexpr char gap_mark = '\1';

bool is_like(std::string_view text, std::string_view pattern, Gap gap) {
    if (pattern.empty()) return text.empty();
    if (pattern.front() != gap_mark)
        return !text.empty() && text.front() == pattern.front() &&
               is_like(text.substr(1), pattern.substr(1), gap);
    for (std::size_t length = 0;; ++length) {
        if (is_like(text.substr(length), pattern.substr(1), gap)) return true;
        if (length == text.size() || (gap == Gap::segment && text[length] == '/')) return false;
    }
}

/// How many plain characters a text has that is what the template says; nothing if it is not.
std::optional<std::size_t> likeness(std::string_view text, std::string_view pattern, Gap gap) {
    std::string marked;
    std::size_t plain = 0;
    for (std::size_t i = 0; i < pattern.size(); ++i) {
        const auto end = pattern[i] == '{' ? pattern.find('}', i) : std::string_view::npos;
        if (end != std::string_view::npos &&
            !placeholders_of(pattern.substr(i, end - i + 1)).empty()) {
            marked += gap_mark;
            i = end;
        } else {
            marked += pattern[i];
            ++plain;
        }
    }
    if (!is_like(text, marked, gap)) return std::nullopt;
    // What is said word for word is more than what may be anything.
    return plain + (marked == pattern ? 1 : 0);
}

std::optional<std::size_t> likeness(const Templates& templates, std::string_view encoded) {
    const auto parameters = parameters_of(encoded);
    std::size_t sum = 0;
    for (const auto& [name, pattern] : templates) {
        const auto found =
            std::ranges::find(parameters, name, &std::pair<std::string, std::string>::first);
        if (found == parameters.end()) return std::nullopt;
        const auto one = likeness(found->second, pattern, Gap::any);
        if (!one) return std::nullopt;
        sum += *one + name.size() + 1;
    }
    return sum;
}

std::optional<std::size_t> likeness(const boost::json::value& json,
                                    const boost::json::value& pattern) {
    if (const auto* text = pattern.if_string()) {
        if (!json.is_string()) return std::nullopt;
        return likeness(std::string_view(json.get_string()), std::string_view(*text), Gap::any);
    }
    if (const auto* object = pattern.if_object()) {
        if (object->size() == 1 && object->contains("each")) {
            if (!json.is_array() || json.get_array().empty()) return std::nullopt;
            std::size_t sum = 1;
            for (const auto& element : json.get_array()) {
                const auto one = likeness(element, object->at("each"));
                if (!one) return std::nullopt;
                sum = std::max(sum, *one + 1);
            }
            return sum;
        }
        // The ids of this server are none, and stay texts.
        if (object->size() == 1 && object->contains("number")) return 1;
        if (!json.is_object()) return std::nullopt;
        std::size_t sum = 0;
        for (const auto& member : *object) {
            const auto* found = json.get_object().if_contains(member.key());
            if (found == nullptr) return std::nullopt;
            const auto one = likeness(*found, member.value());
            if (!one) return std::nullopt;
            sum += *one + member.key().size() + 1;
        }
        return sum;
    }
    if (const auto* array = pattern.if_array()) {
        if (!json.is_array() || json.get_array().size() != array->size()) return std::nullopt;
        std::size_t sum = 0;
        for (std::size_t i = 0; i < array->size(); ++i) {
            const auto one = likeness(json.get_array()[i], (*array)[i]);
            if (!one) return std::nullopt;
            sum += *one;
        }
        return sum;
    }
    if (json == pattern) return 2;
    return std::nullopt;
}

/// How much of the call the request is; nothing if it is another one.
std::optional<std::size_t> likeness(const http::Request& request, const RecipeCall& call,
                                    const std::string& base_path) {
    if (request.method != call.method) return std::nullopt;
    const auto pattern = base_path + call.path;
    const auto query_at = pattern.find('?');
    const auto path =
        likeness(std::string_view(request.path()), pattern.substr(0, query_at), Gap::segment);
    if (!path) return std::nullopt;
    const auto mark = request.target.find('?');
    const auto query = likeness(
        call.query, mark == std::string::npos ? std::string() : request.target.substr(mark + 1));
    if (!query) return std::nullopt;
    std::optional<std::size_t> body = 0;
    if (!call.form.empty()) body = likeness(call.form, request.body);
    if (call.json) {
        boost::system::error_code error;
        const auto json = boost::json::parse(request.body, error);
        body = error ? std::nullopt : likeness(json, *call.json);
    }
    if (!body) return std::nullopt;
    return *path + *query + *body + 1;
}

std::string path_of(const std::string& url) {
    auto target = net::Url::from_text(url).value().target();
    while (target.ends_with('/')) target.pop_back();
    return target;
}

}  // namespace

RecipeServer::RecipeServer(Recipe recipe, TxtRecord record, std::string origin)
    : recipe_(std::move(recipe)), record_(std::move(record)), origin_(std::move(origin)) {}

std::string RecipeServer::success() const {
    boost::json::value body = boost::json::object();
    if (!recipe_.ok_path.empty() && !recipe_.ok_value.empty())
        put(body, recipe_.ok_path, boost::json::value(recipe_.ok_value));
    return recipe_.ok_text.empty() ? boost::json::serialize(body) : recipe_.ok_text;
}

std::string RecipeServer::failure(const std::string& words) const {
    boost::json::value body = boost::json::object{{"message", words}};
    put(body, recipe_.ok_path,
        recipe_.failed_value.empty() ? "no-success" : boost::json::value(recipe_.failed_value));
    if (!recipe_.error_path.empty()) put(body, recipe_.error_path, boost::json::value(words));
    return boost::json::serialize(body);
}

std::string RecipeServer::adding() const {
    if (!recipe_.read) return "create";
    return values.empty() && recipe_.write_new ? "write_new" : "write";
}

std::string RecipeServer::id_of(const std::string& value) const {
    // Whole record sets have one.
    return recipe_.read ? "id-of-set" : "id-of-" + value;
}

std::string RecipeServer::kind_of(const http::Request& request) const {
    const std::string base = path_of(recipe_.api_url);
    std::vector<std::pair<std::string, std::optional<std::size_t>>> candidates;
    const auto consider = [&](const char* name, const RecipeCall& call, const std::string& path) {
        candidates.emplace_back(name, likeness(request, call, path));
    };
    if (recipe_.authentication.yields_token() && request.path().ends_with("/token")) return "login";
    if (recipe_.login)
        consider("login", recipe_.login->call,
                 recipe_.login->api_url.empty() ? base : path_of(recipe_.login->api_url));
    if (recipe_.zone) consider("zone", recipe_.zone->call, base);
    if (recipe_.find) consider("find", recipe_.find->call, base);
    if (recipe_.read) consider("read", recipe_.read->call, base);
    for (const auto& [name, call] :
         {std::pair("create", &recipe_.create), std::pair("remove", &recipe_.remove),
          std::pair("write", &recipe_.write), std::pair("write_new", &recipe_.write_new),
          std::pair("clear", &recipe_.clear)})
        if (*call) consider(name, **call, base);
    const auto best =
        std::ranges::max_element(candidates, {}, [](const auto& each) { return each.second; });
    return best == candidates.end() || !best->second ? "?" : best->first;
}

http::Response RecipeServer::answer(const http::Request& request) {
    const auto kind = kind_of(request);
    asked.push_back(kind);
    std::string text = request.target + "\n";
    for (const auto& [name, value] : request.fields) text += name + ": " + value + "\n";
    texts.push_back(text + "\n" + request.body);
    if (auto& queue = instead[kind]; !queue.empty()) {
        const auto [status, body] = queue.front();
        queue.erase(queue.begin());
        return response(status, body);
    }
    if (kind == "?") return response(400, R"({"message":"no call of the recipe is like this"})");
    if (kind == "login") return token();
    if (kind == "zone") return zones(request);
    if (kind == "find" || kind == "read") return records(request);
    change(kind, request);
    return response(200, success());
}

http::Response RecipeServer::token() const {
    boost::json::value body = boost::json::parse(success());
    decltype(http::Response::fields) fields;
    if (!recipe_.login)
        return response(200, R"({"access_token":"granted-token","expires_in":3600})");
    const auto& login = *recipe_.login;
    if (login.token_field.empty())
        put(body, login.token, "granted-token");
    else
        fields.emplace_back(login.token_field, "granted-token");
    if (!login.lifetime.empty()) put(body, login.lifetime, 600);
    return response(200, boost::json::serialize(body), fields);
}

http::Response RecipeServer::zones(const http::Request& request) const {
    const auto& listing = *recipe_.zone;
    if (listing.name.empty()) {
        boost::json::value zone = boost::json::parse(success());
        if (!listing.id.empty()) put(zone, listing.id, "id-of-zone");
        return response(200, boost::json::serialize(zone));
    }
    std::vector<boost::json::value> elements;
    for (const auto& name : {std::string("other.test"), record_.zone}) {
        boost::json::value element;
        put(element, listing.name, boost::json::value(name));
        if (!listing.id.empty())
            put(element, listing.id, name == record_.zone ? "id-of-zone" : "id-of-other");
        elements.push_back(std::move(element));
    }
    return page(listing, request, elements);
}

http::Response RecipeServer::records(const http::Request& request) const {
    const auto& listing = recipe_.find ? *recipe_.find : *recipe_.read;
    std::vector<boost::json::value> elements;
    const auto add = [&](const std::string& name, const std::string& type, const std::string& id,
                         const std::vector<std::string>& all) {
        boost::json::value element;
        if (listing.values.empty()) {
            put(element, listing.value, boost::json::value(all.front()));
        } else {
            boost::json::array list;
            for (const auto& value : all) {
                boost::json::value one;
                put(one, listing.value, boost::json::value(value));
                list.push_back(std::move(one));
            }
            put(element, listing.values, std::move(list));
        }
        if (!listing.name.empty()) put(element, listing.name, boost::json::value(name));
        if (!listing.type.empty()) put(element, listing.type, boost::json::value(type));
        if (!listing.id.empty()) put(element, listing.id, boost::json::value(id));
        elements.push_back(std::move(element));
    };
    // Those that are not meant.
    if (!listing.name.empty()) add("www." + record_.zone, listing.type_value, "id-of-www", {"x"});
    if (!listing.type.empty()) add(record_.name, "A", "id-of-a", {"192.0.2.1"});
    if (!listing.values.empty() && !values.empty())
        add(record_.name, listing.type_value, id_of(values.front()), values);
    if (listing.values.empty())
        for (const auto& value : values)
            add(record_.name, listing.type_value, id_of(value), {value});
    return page(listing, request, elements);
}

http::Response RecipeServer::page(const RecipeListing& listing, const http::Request& request,
                                  const std::vector<boost::json::value>& elements) const {
    const bool is_paged = !listing.next.empty() || listing.by_link ||
                          !listing.page_parameter.empty() || !listing.cursor.empty();
    std::size_t number = 0;
    std::size_t size = 1;
    const auto mark = request.target.find('?');
    for (const auto& [name, value] : parameters_of(
             mark == std::string::npos ? std::string() : request.target.substr(mark + 1))) {
        if (name == listing.page_parameter)
            number = (std::stoul(value) - listing.first_page) / listing.page_step;
        if (name == "the-page" || (name == listing.cursor_parameter && !name.empty()))
            number = std::stoul(value);
    }
    // A short page is the last, so all but the last are as long as they may be.
    auto all = elements;
    if (listing.page_size > 1 && !all.empty()) {
        while (all.size() <= listing.page_size) all.insert(all.begin(), all.front());
        size = listing.page_size;
    }
    if (!is_paged) size = all.size();
    boost::json::array list;
    for (std::size_t i = number * size; i < all.size() && i < (number + 1) * size; ++i)
        list.push_back(all[i]);
    const bool has_next = (number + 1) * size < all.size();
    boost::json::value body =
        listing.list.empty() ? boost::json::value() : boost::json::parse(success());
    put(body, listing.list, std::move(list));
    decltype(http::Response::fields) fields;
    const auto plain = request.target.substr(0, request.target.find("the-page="));
    const auto next = fmt::format("{}{}the-page={}", plain,
                                  plain.ends_with('&') || plain.ends_with('?') ? ""
                                  : plain.find('?') == std::string::npos       ? "?"
                                                                               : "&",
                                  number + 1);
    if (is_paged && has_next) {
        if (!listing.next.empty()) put(body, listing.next, boost::json::value(origin_ + next));
        if (listing.by_link) fields.emplace_back("Link", "<" + next + ">; rel=\"next\"");
        if (!listing.cursor.empty())
            put(body, listing.cursor, boost::json::value(std::to_string(number + 1)));
    }
    if (!listing.tag.empty()) put(body, listing.tag, "tag-1");
    if (!listing.tag_field.empty()) fields.emplace_back(listing.tag_field, "tag-1");
    return response(200, boost::json::serialize(body), fields);
}

void RecipeServer::change(const std::string& kind, const http::Request& request) {
    const auto said = unescaped(request.target) + "\n" + unescaped(request.body);
    const auto is_said = [&](const std::string& word) {
        return said.find(word) != std::string::npos;
    };
    if (kind == "create" && is_said(record_.value)) values.push_back(record_.value);
    if (kind == "remove" && recipe_.find && !recipe_.find->id.empty())
        std::erase_if(values, [&](const std::string& value) { return is_said(id_of(value)); });
    else if (kind == "remove" && (is_said(record_.value) || recipe_.values_per_name == 1))
        std::erase(values, record_.value);
    if (kind == "clear") values.clear();
    if (kind != "write" && kind != "write_new") return;
    const auto before = values;
    values.clear();
    for (const auto& value : before)
        if (is_said(value)) values.push_back(value);
    if (is_said(record_.value) && std::ranges::find(before, record_.value) == before.end())
        values.push_back(record_.value);
}

}  // namespace cairn::client::testing
