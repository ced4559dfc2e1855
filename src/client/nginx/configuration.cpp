#include "client/nginx/configuration.h"

#include <algorithm>
#include <optional>
#include <span>
#include <system_error>

#include <fmt/format.h>
#include <glob.h>
#include <unistd.h>

#include "client/durable_file.h"

namespace cairn::client::nginx {
namespace {

namespace fs = std::filesystem;

/// Includes in includes; nginx itself ends where it has no more descriptors.
constexpr std::size_t max_includes = 50;

std::size_t line_of(const PlacedDirective& place) {
    const auto before = std::string_view(place.file->text).substr(0, place.directive->begin);
    return 1 + static_cast<std::size_t>(std::ranges::count(before, '\n'));
}

std::string host_name() {
    std::string name(256, '\0');
    if (::gethostname(name.data(), name.size() - 1) != 0) return {};
    name.resize(name.find('\0'));
    return name;
}

}  // namespace

std::vector<const PlacedDirective*> ServerBlock::find(std::string_view name) const {
    std::vector<const PlacedDirective*> found;
    for (const auto& each : directives)
        if (each.directive->is(name)) found.push_back(&each);
    return found;
}

std::string ServerBlock::description() const {
    const auto where = fmt::format("{}:{}", place.file->path.string(), line_of(place));
    for (const auto& name : names)
        if (!name.said.empty())
            return fmt::format("\"{}\" ({})", base::printable(name.said, 80), where);
    return fmt::format("without a name ({})", where);
}

bool Configuration::has_in_http(std::string_view name) const {
    return std::ranges::any_of(
        http_, [name](const PlacedDirective& each) { return each.directive->is(name); });
}

/// Reads files and follows includes. What is wrong is kept as the first error.
class Configuration::Loader {
  public:
    explicit Loader(Configuration& configuration) : configuration_(configuration) {}

    std::optional<base::Error> run(const fs::path& main_file) {
        folder_ = main_file.parent_path();
        const auto* const main = file_at(main_file);
        if (main == nullptr) return error_;
        expand(*main, main->tree.directives(), {}, configuration_.top_);
        bool has_http = false;
        for (const auto& each : configuration_.top_) {
            if (error_) break;
            if (each.directive->is("http")) {
                has_http = true;
                expand_block(each, configuration_.http_);
            }
            if (each.directive->is("stream") || each.directive->is("mail")) read_others(each);
        }
        if (!has_http && !error_)
            error_ = base::Error{fmt::format("{} has no http block", main_file.string())};
        for (const auto& each : configuration_.http_) {
            if (error_) break;
            if (each.directive->is("server") && each.directive->body == Directive::Body::directives)
                read_server(each);
        }
        return error_;
    }

  private:
    void refuse(std::string what) {
        if (!error_) error_ = base::Error{std::move(what)};
    }

    const ConfigurationFile* file_at(const fs::path& path) {
        if (const auto known = known_.find(path); known != known_.end()) return known->second;
        auto text = read_file(path, SyntaxTree::max_text);
        if (!text) {
            refuse(text.error().message);
            return nullptr;
        }
        octets_ += text->size();
        if (octets_ > max_octets || configuration_.files_.size() == max_files) {
            refuse(fmt::format("the configuration has more than {} files or {} octets", max_files,
                               max_octets));
            return nullptr;
        }
        auto tree = SyntaxTree::parse(*text);
        if (!tree) {
            refuse(fmt::format("{}: {}", path.string(), tree.error().message));
            return nullptr;
        }
        configuration_.files_.push_back(std::make_unique<ConfigurationFile>(
            ConfigurationFile{path, std::move(*text), std::move(*tree)}));
        known_[path] = configuration_.files_.back().get();
        return configuration_.files_.back().get();
    }

    /// The files that an `include` names, in nginx's order.
    std::vector<fs::path> included(const Directive& directive) {
        const auto pattern = (folder_ / directive.parameter(1)).string();
        if (pattern.find_first_of("*?[") == std::string::npos) return {pattern};
        std::vector<fs::path> paths;
        ::glob_t found{};
        const int result = ::glob(pattern.c_str(), 0, nullptr, &found);
        if (result == 0) {
            for (const char* const path : std::span(found.gl_pathv, found.gl_pathc))
                paths.emplace_back(path);
        } else if (result != GLOB_NOMATCH) {
            refuse(fmt::format("include {} cannot be followed", pattern));
        }
        ::globfree(&found);
        return paths;
    }

    void expand(const ConfigurationFile& file, const std::vector<Directive>& directives,
                const std::vector<std::pair<const ConfigurationFile*, const Directive*>>& way,
                std::vector<PlacedDirective>& all) {
        for (const auto& directive : directives) {
            if (error_) return;
            if (!directive.is("include") || directive.words.size() != 2) {
                all.push_back({&file, &directive, way});
                // A file that includes itself twice grows without end before it is deep.
                if (all.size() > max_directives)
                    refuse("the configuration has too many directives");
                continue;
            }
            if (way.size() == max_includes) {
                refuse(fmt::format("{} includes itself", file.path.string()));
                return;
            }
            auto further = way;
            further.emplace_back(&file, &directive);
            for (const auto& path : included(directive))
                if (const auto* const next = file_at(path); next != nullptr)
                    expand(*next, next->tree.directives(), further, all);
        }
    }

    void expand_block(const PlacedDirective& block, std::vector<PlacedDirective>& all) {
        expand(*block.file, block.directive->children, {}, all);
    }

    void read_server(const PlacedDirective& place) {
        ServerBlock server;
        server.place = place;
        expand_block(place, server.directives);
        bool is_tls = false;
        for (const auto& each : server.directives) {
            const auto& directive = *each.directive;
            if (directive.is("listen")) {
                auto address = ListenAddress::from(directive);
                if (!address)
                    refuse(fmt::format("{}:{}: {}", each.file->path.string(), line_of(each),
                                       address.error().message));
                else
                    server.listens.push_back(std::move(*address));
            }
            // Until nginx 1.25.
            if (directive.is("ssl")) is_tls = directive.parameter(1) == "on";
            if (directive.is("server_name"))
                for (std::size_t i = 1; i < directive.words.size(); ++i)
                    server.names.push_back(ServerName::from_text(
                        directive.parameter(i) == "$hostname" ? host_name()
                                                              : directive.parameter(i)));
        }
        if (server.listens.empty()) {
            server.listens_by_default = true;
            server.listens.emplace_back();
            // As nginx does for those who may not listen below 1024.
            if (::geteuid() != 0)
                server.listens.back().first_port = server.listens.back().last_port = 8000;
        }
        for (auto& listen : server.listens) listen.is_tls |= is_tls;
        configuration_.servers_.push_back(std::move(server));
    }

    void read_others(const PlacedDirective& block) {
        std::vector<PlacedDirective> inside;
        expand_block(block, inside);
        for (const auto& server : inside) {
            if (!server.directive->is("server")) continue;
            std::vector<PlacedDirective> directives;
            expand_block(server, directives);
            for (const auto& each : directives)
                if (each.directive->is("listen"))
                    if (const auto address = ListenAddress::from(*each.directive))
                        configuration_.others_.push_back(*address);
        }
    }

    static constexpr std::size_t max_directives = 500000;

    Configuration& configuration_;
    fs::path folder_;
    std::map<fs::path, const ConfigurationFile*> known_;
    std::size_t octets_ = 0;
    std::optional<base::Error> error_;
};

base::Result<Configuration> Configuration::load(const fs::path& main_file) {
    Configuration configuration;
    if (auto error = Loader(configuration).run(main_file)) return std::unexpected(*error);
    return configuration;
}

}  // namespace cairn::client::nginx
