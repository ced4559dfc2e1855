#include "client/dns/credentials.h"

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/nearest_word.h"
#include "base/toml_section.h"
#include "client/child_process.h"
#include "client/dns/certbot_credentials.h"
#include "client/dns/provider.h"
#include "client/durable_file.h"
#include "client/failure.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = 65536;
constexpr std::size_t max_words = 32;
constexpr std::chrono::seconds program_patience{30};

using Values = std::map<std::string, std::string>;

fs::path file_in(const fs::path& folder, const ProviderKind& kind) {
    return folder / (kind.name + ".toml");
}

const CredentialKey* find_key(const ProviderKind& kind, std::string_view name) {
    const auto found = std::ranges::find(kind.keys, name, &CredentialKey::name);
    return found == kind.keys.end() ? nullptr : &*found;
}

bool is_known(const ProviderKind& kind, std::string_view name) {
    return find_key(kind, name) != nullptr || (kind.accepts != nullptr && kind.accepts(name));
}

bool has_variable(const ProviderKind& kind, const std::string& name) {
    return std::ranges::any_of(kind.keys, [&](const CredentialKey& key) {
        return std::ranges::find(key.variables, name) != key.variables.end();
    });
}

/// A key that the environment holds.
struct FoundVariable {
    const CredentialKey& key;
    std::string name;
    std::string value;
    /// Whether the value is the name of a file that holds it.
    bool is_file = false;
};

/// The first variable of each key; also NAME_FILE in the place of NAME, as lego has it.
std::vector<FoundVariable> found_variables(const ProviderKind& kind,
                                           const EnvironmentReader& variable) {
    std::vector<FoundVariable> found;
    const auto take = [&](const CredentialKey& key, const std::string& name, bool is_file) {
        auto value = variable(name);
        if (!value || value->empty()) return false;
        found.push_back({key, name, std::move(*value), is_file});
        return true;
    };
    for (const auto& key : kind.keys)
        for (const auto& name : key.variables) {
            if (take(key, name, false)) break;
            const auto file = name + "_FILE";
            if (!has_variable(kind, file) && take(key, file, true)) break;
        }
    return found;
}

/// Reads credentials of one kind for one run.
class Reader {
  public:
    Reader(const ProviderKind& kind, std::string place, Timer& timer)
        : kind_(kind), place_(std::move(place)), timer_(timer) {}

    [[noreturn]] void refuse(const std::string& why, std::string next = {}) const {
        throw Failure(fmt::format("read the credentials for {} in {}", kind_.title, place_), why,
                      std::move(next));
    }

    Values of_toml(const std::string& text) {
        const auto table = base::parse_toml(text);
        if (!table) refuse(table.error().message);
        Values values;
        for (const auto& [key, node] : *table) {
            const std::string name(key.str());
            if (name == "from")
                values.merge(of_output(output_of(words(node, "from"))));
            else
                values.insert_or_assign(known(name), value_of(node, name));
        }
        return values;
    }

    /// What a program that stands for all keys has written.
    Values of_output(const std::string& output) {
        const auto start = output.find_first_not_of(" \t\r\n");
        if (start == std::string::npos) refuse("the program of `from` wrote nothing");
        if (output[start] == '{') return of_json(output);
        const bool is_one_value =
            output.find('=') == std::string::npos ||
            (output.find('\n') == std::string::npos && output.find(" = ") == std::string::npos);
        if (!is_one_value) return of_toml_without_from(output);
        std::vector<std::string> secrets;
        for (const auto& key : kind_.keys)
            if (key.need == CredentialKey::Need::required &&
                key.kind == CredentialKey::Kind::secret)
                secrets.push_back(key.name);
        if (secrets.size() != 1)
            refuse("the program of `from` wrote one value, and several are wanted",
                   "have it write lines KEY = \"VALUE\", or JSON.");
        return {{secrets.front(), trimmed(output)}};
    }

    Values of_variables(const std::vector<FoundVariable>& found) const {
        Values values;
        for (const auto& [key, name, value, is_file] : found)
            values.emplace(
                key.name,
                is_file ? trimmed(private_file(value, CredentialSource::Kind::named)) : value);
        return values;
    }

    /// Throws unless only the owner may read the file.
    std::string private_file(const fs::path& file, CredentialSource::Kind source) const {
        // systemd grants by access lists, which show as the group's rights.
        auto text = source == CredentialSource::Kind::systemd ? read_file(file, max_file)
                                                              : read_private_file(file, max_file);
        if (!text) refuse(text.error().message);
        return std::move(*text);
    }

  private:
    static std::string trimmed(std::string text) {
        while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
        return text;
    }

    const std::string& known(const std::string& name) const {
        if (is_known(kind_, name)) return name;
        std::vector<std::string> names;
        for (const auto& key : kind_.keys) names.push_back(key.name);
        const auto nearest = base::nearest_word(name, names);
        refuse(fmt::format("{} is not a known key{}", base::printable(name),
                           nearest ? fmt::format("; did you mean {}?", *nearest) : ""),
               fmt::format("`cairn dns show {}` has all keys.", kind_.name));
    }

    std::vector<std::string> words(const toml::node& node, const std::string& name) const {
        std::vector<std::string> words;
        if (const auto* array = node.as_array())
            for (const auto& element : *array)
                if (auto word = element.value_exact<std::string>()) words.push_back(*word);
        const auto* array = node.as_array();
        if (array == nullptr || words.size() != array->size() || words.empty() ||
            words.size() > max_words)
            refuse(fmt::format("{} must be a list of words: a program and its arguments", name));
        return words;
    }

    std::string output_of(std::vector<std::string> words) const {
        ChildProgram program;
        program.path = words.front();
        words.erase(words.begin());
        program.arguments = std::move(words);
        program.deadline = program_patience;
        program.errors = ErrorOutput::apart;
        const auto result = run_program(program, timer_);
        if (!result) refuse(result.error().message);
        if (result->status != 0)
            refuse(fmt::format("{} ended with status {}: \"{}\"", program.path.string(),
                               result->status, base::printable(result->errors, 1000)),
                   "run it by hand as the same user.");
        return result->output;
    }

    std::string value_of(const toml::node& node, const std::string& name) const {
        if (auto text = node.value_exact<std::string>()) return std::move(*text);
        if (auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
        if (auto truth = node.value_exact<bool>()) return *truth ? "true" : "false";
        const auto* table = node.as_table();
        if (table != nullptr && table->size() == 1) {
            if (const auto* from = table->get("from"))
                return trimmed(output_of(words(*from, name + ".from")));
            if (const auto* file = table->get("file"))
                if (auto path = file->value_exact<std::string>())
                    return trimmed(private_file(*path, CredentialSource::Kind::named));
        }
        refuse(fmt::format(
            "{} must be a string, {{ from = [\"PROGRAM\", ...] }} or {{ file = \"...\" }}", name));
    }

    Values of_toml_without_from(const std::string& text) {
        const auto table = base::parse_toml(text);
        if (!table) refuse("the program of `from` wrote what is " + table.error().message);
        Values values;
        for (const auto& [key, node] : *table) {
            const std::string name(key.str());
            auto value = node.value_exact<std::string>();
            if (!value)
                refuse(fmt::format("the program of `from` wrote no string for {}",
                                   base::printable(name)));
            values.insert_or_assign(known(name), std::move(*value));
        }
        return values;
    }

    /// A flat object; the values may be in "data", or in a "data" within it, as vaults write them.
    Values of_json(const std::string& text) {
        const auto whole = protocol::parse_json_object(base::bytes_of(text));
        if (!whole) refuse("the program of `from` wrote what is no JSON object");
        const auto* object = &*whole;
        for (int depth = 0; depth < 2; ++depth) {
            const auto* inner = object->if_contains("data");
            if (inner == nullptr || !inner->is_object() || find_key(kind_, "data") != nullptr)
                break;
            object = &inner->get_object();
        }
        Values values;
        for (const auto& member : *object) {
            const std::string name(member.key());
            if (object != &*whole && !is_known(kind_, name)) continue;
            const auto& value = member.value();
            if (!value.is_string())
                refuse(fmt::format("the program of `from` wrote no string for {}",
                                   base::printable(name)));
            values.insert_or_assign(known(name), std::string(value.get_string()));
        }
        return values;
    }

    const ProviderKind& kind_;
    std::string place_;
    Timer& timer_;
};

bool has_required(const ProviderKind& kind, const Values& values) {
    return std::ranges::all_of(kind.keys, [&](const CredentialKey& key) {
        return key.need == CredentialKey::Need::optional || values.contains(key.name);
    });
}

}  // namespace

base::Result<std::string> read_private_file(const fs::path& file, std::size_t limit) {
    struct ::stat facts{};
    if (::stat(file.c_str(), &facts) != 0)
        return base::fail(fmt::format("{}: {}; is the name of the file right?", file.string(),
                                      std::generic_category().message(errno)));
    if ((facts.st_mode & 0077U) != 0)
        return base::fail(
            fmt::format("others may read it: its mode is {:04o}; run chmod 600 {}, and if others "
                        "have read it, replace the secrets too",
                        facts.st_mode & 07777U, file.string()));
    return read_file(file, limit);
}

std::optional<std::string> variable_of_process(const std::string& name) {
    // Read by threads, and written by none.
    const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe)
    if (value == nullptr) return std::nullopt;
    return value;
}

std::string CredentialSource::text() const {
    if (kind == Kind::none) return "nowhere";
    if (kind != Kind::environment) return file.string();
    std::string names;
    for (const auto& name : variables) names += (names.empty() ? "" : ", ") + name;
    return fmt::format("the environment ({})", names);
}

CredentialSource DnsCredentials::find(const ProviderKind& kind, const fs::path& named_file,
                                      const fs::path& settings_folder,
                                      const EnvironmentReader& variable) {
    using Kind = CredentialSource::Kind;
    if (!named_file.empty()) return {.kind = Kind::named, .file = named_file};
    std::error_code ignored;
    if (const auto folder = variable("CREDENTIALS_DIRECTORY"); folder && !folder->empty()) {
        auto file = file_in(*folder, kind);
        if (fs::exists(file, ignored)) return {.kind = Kind::systemd, .file = std::move(file)};
    }
    auto file = file_in(settings_folder / "credentials", kind);
    // What is there and may not be looked at is no reason to take something else.
    if (fs::exists(file, ignored) || ignored == std::errc::permission_denied)
        return {.kind = Kind::settings, .file = std::move(file)};
    CredentialSource source;
    for (auto& found : found_variables(kind, variable))
        source.variables.push_back(std::move(found.name));
    if (!source.variables.empty()) source.kind = Kind::environment;
    return source;
}

DnsCredentials DnsCredentials::read(const ProviderKind& kind, const CredentialSource& source,
                                    const EnvironmentReader& variable, Timer& timer) {
    Reader reader(kind, source.text(), timer);
    Values values;
    using Kind = CredentialSource::Kind;
    if (source.kind == Kind::environment)
        values = reader.of_variables(found_variables(kind, variable));
    else if (source.kind != Kind::none) {
        const auto text = reader.private_file(source.file, source.kind);
        auto theirs = certbot_credentials(kind.name, text);
        if (!theirs) reader.refuse(theirs.error().message);
        values = *theirs ? std::move(**theirs) : reader.of_toml(text);
    }
    std::erase_if(values, [](const auto& value) { return value.second.empty(); });
    if (has_required(kind, values)) return DnsCredentials(std::move(values));
    std::string missing;
    for (const auto& key : kind.keys)
        if (key.need == CredentialKey::Need::required && !values.contains(key.name))
            missing += (missing.empty() ? "" : ", ") + key.name;
    const auto advice = fmt::format("`cairn dns show {}` says how to give them.", kind.name);
    if (source.kind == Kind::none)
        throw Failure(fmt::format("find the credentials for {}", kind.title),
                      "there is neither a file nor a variable with them", advice);
    reader.refuse(fmt::format("{} is missing", missing), advice);
}

std::string DnsCredentials::text(const std::string& key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? std::string() : found->second;
}

std::vector<std::string> DnsCredentials::names() const {
    std::vector<std::string> names;
    for (const auto& [name, value] : values_) names.push_back(name);
    return names;
}

std::vector<std::string> DnsCredentials::secrets(const ProviderKind& kind) const {
    std::vector<std::string> secrets;
    for (const auto& [name, value] : values_) {
        const auto* key = find_key(kind, name);
        if (key == nullptr || key->kind == CredentialKey::Kind::secret) secrets.push_back(value);
    }
    return secrets;
}

std::string DnsCredentials::to_toml() const {
    toml::table table;
    for (const auto& [name, value] : values_) table.insert(name, value);
    std::ostringstream text;
    text << table << "\n";
    return text.str();
}

std::string credential_advice(const ProviderKind& kind, const fs::path& settings_folder) {
    std::string keys;
    for (const auto& key : kind.keys)
        if (key.need == CredentialKey::Need::required)
            keys += fmt::format("{}{} = \"...\"", keys.empty() ? "" : ", ", key.name);
    return fmt::format("write {} (mode 0600) with {}.",
                       file_in(settings_folder / "credentials", kind).string(), keys);
}

}  // namespace cairn::client
