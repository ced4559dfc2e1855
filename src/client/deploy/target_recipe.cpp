#include "client/deploy/target_recipe.h"

#include <algorithm>
#include <array>
#include <set>

#include <fmt/format.h>
#include <sys/stat.h>

#include "base/toml_section.h"
#include "client/command_words.h"
#include "client/deploy/target_options.h"
#include "client/durable_file.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_recipe = 65536;
constexpr std::size_t max_rows = 20;

/// What every target that has files of a server takes as an option.
constexpr std::array taken_names = {"check",       "reload",  "probe",    "starttls",
                                    "server-name", "timeout", "key-type", "owner",
                                    "group",       "mode",    "lineage"};

bool is_option_name(std::string_view text) {
    return !text.empty() && text.size() <= 40 && std::ranges::all_of(text, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

/// Reads the tables of one recipe.
class Reader {
  public:
    Reader(const toml::table& table, TargetRecipe& recipe)
        : root_(&table, "", reading_), recipe_(recipe) {}

    std::optional<base::Error> read() {
        root_.take("summary", recipe_.summary);
        root_.take("setup", recipe_.setup);
        read_options();
        for (auto& row : rows("files")) read_file(row);
        for (auto& row : rows("probe")) read_probe(row);
        root_.take("check", recipe_.check);
        root_.take("reload", recipe_.reload);
        base::Seconds timeout = recipe_.timeout;
        root_.take_duration("timeout", timeout);
        recipe_.timeout = std::chrono::duration_cast<std::chrono::seconds>(timeout);
        if (recipe_.timeout > std::chrono::minutes{10}) root_.find("timeout", "is beyond 10m");
        if (recipe_.summary.empty()) root_.find("summary", "is missing");
        if (recipe_.files.empty()) root_.find("files", "must have one at least: [[files]]");
        check_text(root_, "setup", recipe_.setup);
        for (const auto& [key, line] :
             {std::pair{"check", &recipe_.check}, std::pair{"reload", &recipe_.reload}}) {
            check_text(root_, key, *line);
            if (line->empty()) continue;
            if (const auto words = CommandWords::from_text(with_values_left_out(*line)); !words)
                root_.find(key, words.error().message);
        }
        root_.report_unknown();
        reading_.report_unknown();
        if (reading_.findings.empty()) return std::nullopt;
        std::string all;
        for (const auto& finding : reading_.findings)
            all += (all.empty() ? "" : "; ") + finding.message;
        return base::Error{all};
    }

  private:
    void read_options() {
        auto section = root_.section("options");
        for (const auto& name : section.keys()) {
            TargetRecipe::Option option{name, {}};
            section.take(name, option.usual);
            if (!is_option_name(name) ||
                std::ranges::find(taken_names, std::string_view(name)) != taken_names.end())
                section.find(name, "is no name for an option, or that of another");
            recipe_.options.push_back(std::move(option));
        }
        section.report_unknown();
    }

    std::vector<base::TomlSection> rows(const std::string& key) {
        std::vector<base::TomlSection> result;
        const auto* node = root_.node_at(key);
        if (node == nullptr) return result;
        const auto* list = node->as_array();
        std::size_t number = 0;
        if (list != nullptr)
            for (const auto& element : *list)
                if (const auto* row = element.as_table(); row != nullptr && number < max_rows)
                    result.emplace_back(row, fmt::format("{}[{}].", key, number++), reading_);
        if (list == nullptr || result.size() != list->size())
            root_.find(key,
                       fmt::format("must be a list of {} tables at most: [[{}]]", max_rows, key));
        return result;
    }

    void read_file(base::TomlSection& row) {
        TargetRecipe::File file;
        std::string holds = "fullchain";
        row.take("path", file.path);
        row.take("holds", holds);
        row.take("owner", file.owner);
        row.take("group", file.group);
        row.take("mode", file.mode);
        if (const auto contents = file_contents_from(holds))
            file.contents = *contents;
        else
            row.find("holds", contents.error().message);
        if (!file.path.starts_with('/') && !file.path.starts_with('{'))
            row.find("path", "must begin with / or an option");
        check_text(row, "path", file.path);
        check_text(row, "owner", file.owner);
        check_text(row, "group", file.group);
        if (!file.mode.empty())
            if (const auto mode = mode_from(file.mode); !mode)
                row.find("mode", mode.error().message);
        row.report_unknown();
        recipe_.files.push_back(std::move(file));
    }

    void read_probe(base::TomlSection& row) {
        TargetRecipe::Probe probe;
        std::string kind = "none";
        row.take("address", probe.address);
        row.take("starttls", kind);
        row.take("server_name", probe.server_name);
        if (const auto start_tls = start_tls_from(kind))
            probe.start_tls = *start_tls;
        else
            row.find("starttls", start_tls.error().message);
        check_text(row, "address", probe.address);
        if (probe.address.empty()) row.find("address", "is missing");
        row.report_unknown();
        recipe_.probes.push_back(std::move(probe));
    }

    /// Every placeholder has to be one that is filled.
    void check_text(const base::TomlSection& section, const std::string& key,
                    const std::string& text) {
        for (std::size_t at = text.find('{'); at != std::string::npos;
             at = text.find('{', at + 1)) {
            const auto end = text.find('}', at);
            const auto name =
                end == std::string::npos ? std::string() : text.substr(at + 1, end - at - 1);
            const bool is_known =
                name == "lineage" ||
                std::ranges::find(recipe_.options, name, &TargetRecipe::Option::name) !=
                    recipe_.options.end();
            if (!is_known)
                section.find(key,
                             fmt::format("has {{{}}}, which nothing fills: add it to [options]",
                                         base::printable(name, 40)));
        }
    }

    static std::string with_values_left_out(const std::string& line) {
        std::string text;
        bool is_within = false;
        for (const char character : line) {
            if (character == '{') {
                is_within = true;
                text += 'x';
            } else if (character == '}') {
                is_within = false;
            } else if (!is_within) {
                text += character;
            }
        }
        return text;
    }

    base::TomlReading reading_;
    base::TomlSection root_;
    TargetRecipe& recipe_;
};

}  // namespace

base::Result<TargetRecipe> TargetRecipe::from_toml(const std::string& text,
                                                   const std::string& name) {
    if (text.size() > max_recipe) return base::fail("is larger than any recipe");
    const auto table = base::parse_toml(text);
    if (!table) return std::unexpected(table.error());
    TargetRecipe recipe{.name = name};
    if (const auto error = Reader(*table, recipe).read()) return std::unexpected(*error);
    return recipe;
}

std::optional<base::Result<TargetRecipe>> find_target_recipe(const fs::path& settings_folder,
                                                             std::string_view name) {
    if (!is_option_name(name)) return std::nullopt;
    const auto file = settings_folder / "deploy" / fmt::format("{}.toml", name);
    struct stat status{};
    if (!settings_folder.empty() && ::stat(file.c_str(), &status) == 0) {
        // Who can write it can have programs run.
        if ((status.st_mode & 0022) != 0)
            return base::fail(fmt::format("{}: others may write it: chmod go-w {}", file.string(),
                                          shell_quoted(file.string())));
        const auto text = read_file(file, max_recipe);
        if (!text) return std::unexpected(text.error());
        auto recipe = TargetRecipe::from_toml(*text, std::string(name));
        if (!recipe) return std::unexpected(recipe.error().within(file.string()));
        return recipe;
    }
    const auto shipped = shipped_target_recipes();
    const auto found = std::ranges::find(shipped, name, &ShippedTargetRecipe::name);
    if (found == shipped.end()) return std::nullopt;
    return TargetRecipe::from_toml(std::string(found->text), std::string(name));
}

std::vector<std::string> target_recipe_names(const fs::path& settings_folder) {
    std::set<std::string> names;
    for (const auto& recipe : shipped_target_recipes()) names.emplace(recipe.name);
    std::error_code error;
    for (fs::directory_iterator entry(settings_folder / "deploy", error), end;
         !error && entry != end; entry.increment(error))
        if (entry->path().extension() == ".toml" && is_option_name(entry->path().stem().string()))
            names.insert(entry->path().stem().string());
    return {names.begin(), names.end()};
}

}  // namespace cairn::client
