#include <algorithm>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "client/apache/condition.h"
#include "client/apache/configuration.h"
#include "net/ascii.h"

namespace cairn::client::apache {
namespace {

namespace fs = std::filesystem;

/// As httpd has it for files (AP_MAX_INCLUDE_DEPTH), and for macros that use one another.
constexpr int max_depth = 20;
/// A macro that uses another several times, and so on, is short and yields very many.
constexpr std::size_t max_statements = 500'000;

/// The parameters of a macro that is being used, with what stands for them.
using Parameters = std::vector<std::pair<std::string, std::string>>;

std::string with_parameters(std::string_view text, const Parameters& parameters) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {
        const std::pair<std::string, std::string>* longest = nullptr;
        for (const auto& each : parameters)
            if (!each.first.empty() && text.substr(at).starts_with(each.first) &&
                (longest == nullptr || each.first.size() > longest->first.size()))
                longest = &each;
        if (longest == nullptr) {
            out += text[at++];
            continue;
        }
        out += longest->second;
        at += longest->first.size();
    }
    return out;
}

struct Macro {
    const ConfigFile* file = nullptr;
    const ConfigNode* node = nullptr;
    std::vector<std::string> parameters;
};

/// Where statements belong that are being read.
struct Context {
    const ConfigFile* file = nullptr;
    /// Its number; nothing: outside of virtual hosts.
    std::optional<std::size_t> host{};
    Parameters parameters{};
    int depth = 0;
};

/// [scheme://]name[:port]
std::string name_of(std::string_view text) {
    if (const auto scheme = text.find("://"); scheme != std::string_view::npos)
        text.remove_prefix(scheme + 3);
    const auto bracket = text.rfind(']');
    const auto colon = text.rfind(':');
    const bool has_port = colon != std::string_view::npos && text.find(':') == colon;
    if (bracket != std::string_view::npos)
        text = text.starts_with('[') ? text.substr(1, bracket - 1) : text;
    else if (has_port)
        text = text.substr(0, colon);
    return net::ascii_lower(text);
}

}  // namespace

/// Reads a configuration from its first file on, in httpd's order: conditions, includes, macros and
/// variables take effect where they stand.
class ConfigurationReader {
  public:
    ConfigurationReader(ConfigSource& source, const ServerFacts& facts)
        : source_(source), facts_(facts), defines_(facts.defines.begin(), facts.defines.end()) {
        configuration_.server_root_ = facts.server_root;
        configuration_.modules_.insert(facts.modules.begin(), facts.modules.end());
    }

    base::Result<Configuration> read() {
        const auto file = source_.file(facts_.config_file);
        if (!file) return std::unexpected(file.error());
        configuration_.main_file_ = *file;
        Context context;
        context.file = *file;
        if (auto done = enter((*file)->tree.nodes(), context); !done)
            return std::unexpected(std::move(done.error()));
        for (auto& listener : configuration_.listeners_)
            if (listener.protocol.empty())
                listener.protocol = listener.address.port == 443 ? "https" : "http";
        return std::move(configuration_);
    }

  private:
    using Done = base::Result<void>;

    base::Error at(const ConfigFile* file, const ConfigNode& node, std::string_view what) const {
        return {
            fmt::format("{}:{}: {}", base::printable(file->path.string(), 400), node.line, what)};
    }

    /// `${NAME}` (ap_resolve_env): what is not known stays.
    std::string with_variables(std::string_view text) const {
        std::string out;
        for (std::size_t at = 0; at < text.size();) {
            const auto open = text.find("${", at);
            const auto close = open == std::string_view::npos ? open : text.find('}', open);
            if (close == std::string_view::npos) {
                out += text.substr(at);
                break;
            }
            out += text.substr(at, open - at);
            const std::string name(text.substr(open + 2, close - open - 2));
            if (const auto known = variables_.find(name); known != variables_.end())
                out += known->second;
            else if (const auto set = facts_.environment.find(name);
                     set != facts_.environment.end())
                out += set->second;
            else
                out += text.substr(open, close + 1 - open);
            at = close + 1;
        }
        return out;
    }

    Statement statement_of(const ConfigNode& node, const Context& context) const {
        Statement statement;
        statement.file = context.file;
        statement.node = &node;
        const auto& parameters = context.parameters;
        statement.name = net::ascii_lower(with_parameters(node.name, parameters));
        statement.words = split_words(with_parameters(node.arguments, parameters));
        for (auto& word : statement.words) word = with_variables(word);
        return statement;
    }

    Done enter(const std::vector<ConfigNode>& nodes, const Context& context) {
        for (const auto& node : nodes) {
            if (node.kind == ConfigNode::Kind::silent) continue;
            if (++count_ > max_statements)
                return std::unexpected(at(context.file, node, "the configuration is too large"));
            auto statement = statement_of(node, context);
            auto done = node.kind == ConfigNode::Kind::section
                            ? take_section(std::move(statement), context)
                            : take_directive(std::move(statement), context);
            if (!done) return done;
        }
        return {};
    }

    Done take_section(Statement statement, const Context& context) {
        const auto& node = *statement.node;
        if (const auto holds = is_condition_met(statement))
            return *holds ? enter(node.children, context) : Done();
        if (statement.name == "macro") {
            auto words = split_words(node.arguments);
            if (words.empty())
                return std::unexpected(at(context.file, node, "<Macro> has no name"));
            const auto name = net::ascii_lower(words.front());
            words.erase(words.begin());
            macros_.insert_or_assign(name, Macro{context.file, &node, std::move(words)});
            return {};
        }
        if (statement.name == "virtualhost" && !context.host) return take_host(statement, context);
        add(std::move(statement), context);
        return {};
    }

    /// Nothing for a section that is no condition that is decided when it is read.
    std::optional<bool> is_condition_met(const Statement& statement) const {
        const auto& name = statement.name;
        if (name == "ifversion") return holds_for_version(statement.words, facts_.version);
        // They ask what httpd knows, and which sections are around: nobody asks for less.
        if (name == "ifdirective" || name == "ifsection")
            return !statement.word(0).starts_with('!');
        if (name != "ifmodule" && name != "ifdefine" && name != "iffile") return std::nullopt;
        auto word = statement.word(0);
        const bool is_reversed = word.starts_with('!');
        if (is_reversed) word.remove_prefix(1);
        bool holds = false;
        if (name == "ifmodule")
            holds = configuration_.has_module(word);
        else if (name == "ifdefine")
            holds = defines_.contains(word);
        else {
            std::error_code ignored;
            holds = fs::exists(configuration_.absolute(word), ignored);
        }
        return holds != is_reversed;
    }

    Done take_host(const Statement& statement, const Context& context) {
        VirtualHost host{.opening = statement};
        for (const auto& word : statement.words) {
            const auto address = host_address_from(word);
            if (!address)
                return std::unexpected(
                    at(context.file, *statement.node,
                       fmt::format("{} is no address of a virtual host", base::printable(word))));
            host.addresses.push_back(*address);
        }
        auto inside = context;
        inside.host = configuration_.hosts_.size();
        configuration_.hosts_.push_back(std::move(host));
        return enter(statement.node->children, inside);
    }

    Done take_directive(Statement statement, const Context& context) {
        const auto& name = statement.name;
        if (name == "include" || name == "includeoptional") return include(statement, context);
        if (name == "use") return use(statement, context);
        if (name == "undefmacro") {
            macros_.erase(net::ascii_lower(statement.word(0)));
        } else if (name == "define") {
            defines_.insert(std::string(statement.word(0)));
            if (statement.words.size() > 1)
                variables_.insert_or_assign(std::string(statement.word(0)), statement.words[1]);
        } else if (name == "undefine") {
            defines_.erase(std::string(statement.word(0)));
            variables_.erase(std::string(statement.word(0)));
        } else if (name == "serverroot" && !statement.words.empty()) {
            configuration_.server_root_ = statement.words.front();
        } else if (name == "loadmodule") {
            for (auto& module : module_names(statement.word(0), statement.word(1)))
                configuration_.modules_.insert(std::move(module));
        } else if (name == "listen" && !context.host) {
            if (const auto address = host_address_from(statement.word(0)))
                configuration_.listeners_.push_back(
                    {statement, *address, net::ascii_lower(statement.word(1))});
        } else if (context.host) {
            note_name(statement, configuration_.hosts_[*context.host]);
        }
        add(std::move(statement), context);
        return {};
    }

    static void note_name(const Statement& statement, VirtualHost& host) {
        if (statement.name == "servername") host.server_name = name_of(statement.word(0));
        if (statement.name == "serveralias")
            for (const auto& word : statement.words) host.aliases.push_back(net::ascii_lower(word));
    }

    void add(Statement statement, const Context& context) {
        auto& statements = context.host ? configuration_.hosts_[*context.host].statements
                                        : configuration_.statements_;
        statements.push_back(std::move(statement));
    }

    Done include(const Statement& statement, const Context& context) {
        const auto& node = *statement.node;
        if (context.depth == max_depth)
            return std::unexpected(at(context.file, node, "files include one another too deep"));
        const auto pattern = statement.word(0);
        auto paths = source_.matches(configuration_.absolute(pattern));
        if (!paths) return std::unexpected(at(context.file, node, paths.error().message));
        if (paths->empty() && statement.name == "include")
            return std::unexpected(
                at(context.file, node,
                   fmt::format("there is no file {}", base::printable(pattern, 400))));
        for (const auto& path : *paths) {
            const auto file = source_.file(path);
            if (!file) return std::unexpected(at(context.file, node, file.error().message));
            auto inside = context;
            inside.file = *file;
            inside.parameters.clear();
            ++inside.depth;
            if (auto done = enter((*file)->tree.nodes(), inside); !done) return done;
        }
        return {};
    }

    Done use(const Statement& statement, const Context& context) {
        const auto& node = *statement.node;
        const auto macro = macros_.find(net::ascii_lower(statement.word(0)));
        if (macro == macros_.end())
            return std::unexpected(
                at(context.file, node,
                   fmt::format("there is no macro {}", base::printable(statement.word(0)))));
        if (context.depth == max_depth)
            return std::unexpected(at(context.file, node, "macros use one another too deep"));
        if (statement.words.size() != macro->second.parameters.size() + 1)
            return std::unexpected(at(
                context.file, node,
                fmt::format("the macro {} takes {} arguments", base::printable(statement.word(0)),
                            macro->second.parameters.size())));
        Context inside{.file = macro->second.file, .host = context.host};
        inside.depth = context.depth + 1;
        for (std::size_t i = 0; i < macro->second.parameters.size(); ++i)
            inside.parameters.emplace_back(macro->second.parameters[i], statement.words[i + 1]);
        return enter(macro->second.node->children, inside);
    }

    ConfigSource& source_;
    const ServerFacts& facts_;
    std::set<std::string, std::less<>> defines_;
    std::map<std::string, std::string> variables_;
    std::map<std::string, Macro> macros_;
    std::size_t count_ = 0;
    Configuration configuration_;
};

base::Result<Configuration> Configuration::read(ConfigSource& source, const ServerFacts& facts) {
    return ConfigurationReader(source, facts).read();
}

}  // namespace cairn::client::apache
