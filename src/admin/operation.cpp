#include "admin/operation.h"

#include <algorithm>

#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "base/nearest_word.h"
#include "base/result.h"

namespace cairn::admin {
namespace json = boost::json;

namespace {

constexpr int answer_version = 1;
constexpr std::size_t longest_word = 4096;
constexpr std::size_t most_words = 10'000;

std::optional<std::string> word_of(const json::value& value) {
    const auto* text = value.if_string();
    if (text == nullptr || text->size() > longest_word) return std::nullopt;
    return std::string(*text);
}

std::optional<std::vector<std::string>> words_of(const json::value& value) {
    const auto* array = value.if_array();
    if (array == nullptr || array->size() > most_words) return std::nullopt;
    std::vector<std::string> words;
    for (const auto& element : *array) {
        auto word = word_of(element);
        if (!word) return std::nullopt;
        words.push_back(std::move(*word));
    }
    return words;
}

std::string_view wanted(Parameter::Kind kind) {
    switch (kind) {
        case Parameter::Kind::word:
            return "must be a text of at most 4096 octets";
        case Parameter::Kind::words:
            return "must be a list of texts";
        case Parameter::Kind::count:
            return "must be a whole number, not negative";
        case Parameter::Kind::flag:
            return "must be true or false";
    }
    return {};
}

std::string unknown(std::string_view name, std::span<const Parameter> parameters) {
    std::vector<std::string> known;
    for (const auto& parameter : parameters) known.emplace_back(parameter.name);
    std::string text = base::printable(name) + " is not an argument of this operation";
    if (const auto nearest = base::nearest_word(std::string(name), known))
        text += "; did you mean " + *nearest + "?";
    return text;
}

/// Arguments as the logs have them: thousands of keys are not told one by one, and secrets not at
/// all.
std::string told(const Operation& operation, json::object arguments) {
    constexpr std::size_t longest = 4096;
    for (const auto& parameter : operation.parameters)
        if (parameter.kept == Parameter::Kept::secret && arguments.contains(parameter.name))
            arguments[parameter.name] = "(not told)";
    const auto text = json::serialize(arguments);
    return text.size() > longest ? base::printable(text, longest) + "..." : text;
}

json::object failure(std::string_view code, std::string_view detail) {
    return {{"version", answer_version},
            {"ok", false},
            {"error", json::object{{"code", code}, {"detail", detail}}}};
}

ca::AuditEntry begin_of(const Context& context, const Operation& operation, std::string_view name,
                        const json::object& arguments) {
    ca::AuditEntry entry(ca::AuditEvent::operation_begin);
    entry.add("operator", std::string_view(context.operator_name)).add("operation", name);
    entry.add("arguments", std::string_view(told(operation, arguments)));
    return entry;
}

ca::AuditEntry end_of(const Context& context, std::string_view name,
                      const std::optional<json::object>& refused) {
    ca::AuditEntry entry(ca::AuditEvent::operation_end);
    entry.add("operator", std::string_view(context.operator_name)).add("operation", name);
    entry.add("outcome", refused ? std::string_view(refused->at("error").at("code").as_string())
                                 : std::string_view("done"));
    return entry;
}

}  // namespace

std::string_view Refused::code() const {
    switch (kind_) {
        case Kind::usage:
            return "usage";
        case Kind::not_found:
            return "notFound";
        case Kind::conflict:
            return "conflict";
        case Kind::failed:
            return "failed";
    }
    return {};
}

base::Result<Arguments, std::vector<base::Error>> Arguments::from_json(
    const json::object& object, std::span<const Parameter> parameters) {
    Arguments arguments;
    std::vector<base::Error> findings;
    for (const auto& [key, value] : object) {
        const std::string_view name(key);
        const auto parameter = std::ranges::find(parameters, name, &Parameter::name);
        if (parameter == parameters.end()) {
            findings.push_back({unknown(name, parameters)});
            continue;
        }
        const auto put = [&](auto&& found) {
            if (found)
                arguments.values_.emplace(name, std::move(*found));
            else
                findings.push_back(
                    {std::string(name) + " " + std::string(wanted(parameter->kind))});
        };
        switch (parameter->kind) {
            case Parameter::Kind::word:
                put(word_of(value));
                break;
            case Parameter::Kind::words:
                put(words_of(value));
                break;
            case Parameter::Kind::flag:
                put(value.is_bool() ? std::optional(value.as_bool()) : std::nullopt);
                break;
            case Parameter::Kind::count:
                put(value.is_int64() && value.as_int64() >= 0 ? std::optional(value.as_int64())
                                                              : std::nullopt);
                break;
        }
    }
    for (const auto& parameter : parameters) {
        if (parameter.place == Parameter::Place::argument && !object.contains(parameter.name))
            findings.push_back({std::string(parameter.name) + " is missing"});
    }
    if (!findings.empty()) return std::unexpected(std::move(findings));
    return arguments;
}

std::string Arguments::word(std::string_view name) const {
    const auto entry = values_.find(name);
    return entry == values_.end() ? std::string() : std::get<std::string>(entry->second);
}

std::vector<std::string> Arguments::words(std::string_view name) const {
    const auto entry = values_.find(name);
    if (entry == values_.end()) return {};
    return std::get<std::vector<std::string>>(entry->second);
}

std::optional<std::int64_t> Arguments::count(std::string_view name) const {
    const auto entry = values_.find(name);
    if (entry == values_.end()) return std::nullopt;
    return std::get<std::int64_t>(entry->second);
}

bool Arguments::flag(std::string_view name) const {
    const auto entry = values_.find(name);
    return entry != values_.end() && std::get<bool>(entry->second);
}

json::object refusal(const Refused& refused) {
    return failure(refused.code(), refused.what());
}

base::Task<json::object> perform(const Context& context, const Operation& operation,
                                 const json::object& object) {
    const auto arguments = Arguments::from_json(object, operation.parameters);
    if (!arguments) {
        std::string detail;
        for (const auto& finding : arguments.error())
            detail += (detail.empty() ? "" : "; ") + finding.message;
        co_return refusal(Refused(Refused::Kind::usage, detail));
    }
    const std::string name = std::string(operation.noun) + " " + std::string(operation.verb);
    json::object answer{{"version", answer_version}, {"ok", true}};
    std::optional<json::object> refused;
    try {
        if (operation.effect == Operation::Effect::acts) {
            auto recording = context.audit.record(begin_of(context, operation, name, object));
            (void)co_await std::move(recording);
        }
        for (auto& [member, value] : co_await operation.run(context, *arguments))
            answer.emplace(member, std::move(value));
    } catch (const Refused& error) {
        refused = refusal(error);
    } catch (const ca::OutcomeUnknown& error) {
        refused = failure("outcomeUnknown",
                          std::string("whether it took place is not known; look, and say it "
                                      "again: ") +
                              error.what());
    } catch (const ca::StoreFailure& error) {
        refused = failure("failed", std::string("the store cannot serve now: ") + error.what());
    } catch (const std::exception& error) {
        refused = failure("failed", error.what());
    }
    if (operation.effect == Operation::Effect::acts) {
        context.audit.note(end_of(context, name, refused));
        if (refused)
            context.log.warning("operator failed", {{"operator", context.operator_name},
                                                    {"operation", name},
                                                    {"arguments", told(operation, object)},
                                                    {"error", json::serialize(*refused)}});
        else
            context.log.info("operator acted", {{"operator", context.operator_name},
                                                {"operation", name},
                                                {"arguments", told(operation, object)}});
    }
    co_return refused ? std::move(*refused) : std::move(answer);
}

}  // namespace cairn::admin
