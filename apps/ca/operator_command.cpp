#include "apps/ca/operator_command.h"

#include <algorithm>
#include <iostream>
#include <map>
#include <stdexcept>

#include <CLI/CLI.hpp>
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "admin/operations.h"
#include "apps/ca/exit_status.h"
#include "apps/ca/operator_connection.h"
#include "apps/ca/table.h"
#include "apps/command_line/files.h"

namespace cairn::apps {
namespace fs = std::filesystem;
namespace json = boost::json;

namespace {

/// Where the command line puts the arguments of one operation.
struct Slots {
    const admin::Operation* operation = nullptr;
    fs::path folder;
    std::vector<std::string> overrides;
    bool as_json = false;
    std::map<std::string_view, std::string> words;
    std::map<std::string_view, std::vector<std::string>> lists;
    std::map<std::string_view, std::int64_t> counts;
    std::map<std::string_view, bool> flags;
    std::vector<std::pair<std::string_view, const CLI::Option*>> options;
};

std::string flag_of(const admin::Parameter& parameter) {
    if (parameter.place != admin::Parameter::Place::option) {
        std::string name(parameter.name);
        for (char& character : name)
            if (character >= 'a' && character <= 'z') character -= 'a' - 'A';
        return name;
    }
    std::string name = "--" + std::string(parameter.name);
    std::ranges::replace(name, '_', '-');
    return name;
}

void add_parameter(CLI::App& command, Slots& slots, const admin::Parameter& parameter) {
    using Kind = admin::Parameter::Kind;
    const auto flag = flag_of(parameter);
    const std::string help(parameter.help);
    CLI::Option* option = nullptr;
    switch (parameter.kind) {
        case Kind::word:
            option = command.add_option(flag, slots.words[parameter.name], help);
            break;
        case Kind::words:
            option = command.add_option(flag, slots.lists[parameter.name], help)
                         ->allow_extra_args(parameter.place != admin::Parameter::Place::option);
            break;
        case Kind::count:
            option = command.add_option(flag, slots.counts[parameter.name], help)
                         ->check(CLI::NonNegativeNumber);
            break;
        case Kind::flag:
            option = command.add_flag(flag, slots.flags[parameter.name], help);
            break;
    }
    if (parameter.place == admin::Parameter::Place::argument) option->required();
    slots.options.emplace_back(parameter.name, option);
}

/// One that was added already, for commands that are no operations; else null.
CLI::App* subcommand_of(CLI::App& program, std::string_view name) {
    const auto found = program.get_subcommands(
        [&](const CLI::App* command) { return command->get_name() == name; });
    return found.empty() ? nullptr : found.front();
}

/// The words that the files hold. Throws std::runtime_error naming the file that is wrong.
json::array words_of_files(const admin::Parameter& parameter,
                           const std::vector<std::string>& files) {
    constexpr std::size_t longest_file = std::size_t{16} << 20U;
    json::array words;
    for (const auto& file : files) {
        const auto found = parameter.words_of_file(read_file(file, longest_file));
        if (!found) throw std::runtime_error(file + ": " + found.error().message);
        words.insert(words.end(), found->begin(), found->end());
    }
    return words;
}

const admin::Parameter& parameter_of(const admin::Operation& operation, std::string_view name) {
    return *std::ranges::find(operation.parameters, name, &admin::Parameter::name);
}

/// The arguments that were given, as the JSON API takes them.
json::object arguments_of(const Slots& slots) {
    json::object arguments;
    for (const auto& [name, option] : slots.options) {
        if (option->count() == 0) continue;
        if (const auto word = slots.words.find(name); word != slots.words.end())
            arguments[name] = word->second;
        else if (const auto list = slots.lists.find(name); list != slots.lists.end()) {
            const auto& parameter = parameter_of(*slots.operation, name);
            arguments[name] = parameter.words_of_file != nullptr
                                  ? words_of_files(parameter, list->second)
                                  : json::array(list->second.begin(), list->second.end());
        } else if (const auto count = slots.counts.find(name); count != slots.counts.end())
            arguments[name] = count->second;
        else
            arguments[name] = slots.flags.at(name);
    }
    return arguments;
}

/// A value as a person reads it.
std::string text_of(const json::value& value) {
    if (const auto* text = value.if_string()) return std::string(*text);
    if (value.is_null()) return "";
    const auto* list = value.if_array();
    if (list == nullptr) return json::serialize(value);
    std::string joined;
    for (const auto& element : *list) joined += (joined.empty() ? "" : ", ") + text_of(element);
    return joined;
}

void print_rows(const admin::Operation& operation, const json::object& answer) {
    std::vector<std::string> titles;
    for (const auto column : operation.columns) titles.emplace_back(column);
    Table table(std::move(titles));
    for (const auto& row : answer.at(operation.rows).as_array()) {
        std::vector<std::string> cells;
        for (const auto column : operation.columns) {
            const auto* value = row.as_object().if_contains(column);
            cells.push_back(value == nullptr ? "" : text_of(*value));
        }
        table.add(std::move(cells));
    }
    std::cout << table.text();
    if (const auto* next = answer.if_contains("next"))
        std::cout << "There is more: --after " << text_of(*next) << "\n";
}

/// The objects that a value has, itself or in a list; none: it is a line.
std::vector<const json::object*> objects_in(const json::value& value) {
    if (const auto* object = value.if_object()) return {object};
    std::vector<const json::object*> objects;
    if (const auto* list = value.if_array())
        for (const auto& element : *list)
            if (const auto* object = element.if_object()) objects.push_back(object);
    return objects;
}

/// `depth`: in how many other objects it stands.
void print_facts(const json::object& answer, std::size_t depth = 0) {
    const std::string indent(2 * depth, ' ');
    std::size_t width = 0;
    for (const auto& [name, value] : answer)
        if (objects_in(value).empty()) width = std::max(width, name.size());
    for (const auto& [name, value] : answer) {
        if (depth == 0 && (name == "version" || name == "ok")) continue;
        const auto objects = objects_in(value);
        std::cout << indent << std::string(name) << ":";
        if (objects.empty())
            std::cout << std::string(width + 1 - name.size(), ' ')
                      << printable_line(text_of(value));
        std::cout << "\n";
        for (std::size_t i = 0; i < objects.size(); ++i) {
            if (i > 0) std::cout << "\n";
            print_facts(*objects[i], depth + 1);
        }
    }
}

int print_answer(const Slots& slots, const json::object& answer) {
    const bool is_done = answer.at("ok").as_bool();
    if (slots.as_json) {
        std::cout << json::serialize(answer) << "\n";
    } else if (!is_done) {
        std::cerr << "cairn-ca: " << slots.operation->noun << " " << slots.operation->verb << ": "
                  << text_of(answer.at("error").as_object().at("detail")) << "\n";
    } else if (!slots.operation->text.empty()) {
        std::cout << std::string_view(answer.at(slots.operation->text).as_string());
        if (const auto* next = answer.if_contains("next"))
            std::cerr << "There is more: --after " << text_of(*next) << "\n";
    } else if (!slots.operation->rows.empty()) {
        print_rows(*slots.operation, answer);
    } else {
        print_facts(answer);
    }
    std::cout.flush();
    if (is_done && !std::cout) {
        std::cerr << "cairn-ca: it is done, but the answer could not be written\n";
        return failed;
    }
    return is_done ? 0 : failed;
}

}  // namespace

struct OperatorCommands::Given {
    /// The program's options point into these.
    std::vector<std::unique_ptr<Slots>> slots;
    std::vector<std::pair<const CLI::App*, const Slots*>> commands;
};

fs::path operator_socket(const fs::path& folder) {
    return folder / "operator.sock";
}

OperatorCommands::OperatorCommands(CLI::App& program) : given_(std::make_unique<Given>()) {
    std::map<std::string_view, CLI::App*> nouns;
    for (const auto& operation : admin::operations()) {
        auto*& noun = nouns[operation.noun];
        if (noun == nullptr) {
            noun = subcommand_of(program, operation.noun);
            if (noun == nullptr)
                noun = program.add_subcommand(std::string(operation.noun),
                                              std::string(admin::summary_of_noun(operation.noun)));
            noun->require_subcommand(1);
        }
        auto* command =
            noun->add_subcommand(std::string(operation.verb), std::string(operation.summary));
        command->footer("Example:\n  " + std::string(operation.example));
        auto& slots = *given_->slots.emplace_back(std::make_unique<Slots>());
        slots.operation = &operation;
        command->add_option("DIR", slots.folder, "Folder that `init` created")->required();
        for (const auto& parameter : operation.parameters)
            add_parameter(*command, slots, parameter);
        command
            ->add_option("--set", slots.overrides,
                         "KEY=VALUE as for `serve`; it counts where no server runs (may be "
                         "repeated)")
            ->allow_extra_args(false);
        command->add_flag("--json", slots.as_json, "Answer with one JSON object");
        given_->commands.emplace_back(command, &slots);
    }
}

OperatorCommands::~OperatorCommands() = default;

bool OperatorCommands::was_given() const {
    return std::ranges::any_of(given_->commands,
                               [](const auto& command) { return command.first->parsed(); });
}

int OperatorCommands::run(const Adapters& adapters) const {
    const auto given = std::ranges::find_if(
        given_->commands, [](const auto& command) { return command.first->parsed(); });
    const Slots& slots = *given->second;
    json::object answer;
    try {
        answer =
            operate(slots.folder, slots.overrides, adapters, *slots.operation, arguments_of(slots));
    } catch (const std::exception& error) {
        answer = admin::refusal(admin::Refused(admin::Refused::Kind::failed, error.what()));
    }
    return print_answer(slots, answer);
}

void OperatorCommands::print_usage_error(const std::string& detail) {
    std::cout << json::serialize(
                     admin::refusal(admin::Refused(admin::Refused::Kind::usage, detail)))
              << "\n";
}

void OperatorCommands::print_failure(const std::string& detail) {
    std::cout << json::serialize(
                     admin::refusal(admin::Refused(admin::Refused::Kind::failed, detail)))
              << "\n";
}

}  // namespace cairn::apps
