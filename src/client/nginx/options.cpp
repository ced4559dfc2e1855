#include "client/nginx/options.h"

#include <charconv>
#include <vector>

#include <fmt/format.h>

#include "client/command_words.h"

namespace cairn::client::nginx {
namespace {

namespace fs = std::filesystem;

/// As certbot and Mozilla have it: two years, of which preload lists want one at least.
constexpr std::uint32_t usual_hsts = 63072000;
constexpr std::uint32_t max_hsts = 63072000U * 5;

template <class Number>
std::optional<Number> number_from(std::string_view text) {
    Number number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return number;
}

/// Parted by commas. A command at the end keeps its own.
std::vector<std::string_view> parted(std::string_view text) {
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto end =
            text.starts_with("reload=") ? text.size() : std::min(text.find(','), text.size());
        words.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return words;
}

class Reader {
  public:
    explicit Reader(NginxOptions::Use use) : use_(use) {}

    void take(std::string_view word) {
        const auto equals = word.find('=');
        const auto key = word.substr(0, equals);
        const auto value =
            equals == std::string_view::npos ? std::string_view() : word.substr(equals + 1);
        const bool is_target = use_ == NginxOptions::Use::target;
        if (word.starts_with('/') || word.starts_with("./") || word.starts_with("../"))
            options_.configuration = fs::absolute(word).lexically_normal();
        else if (key == "program" && !value.empty())
            options_.program =
                value.contains('/') ? fs::absolute(value).string() : std::string(value);
        else if (key == "prefix" && !value.empty())
            options_.prefix = fs::absolute(value).lexically_normal();
        else if (key == "http-port")
            take_port(word, value, options_.http_port);
        else if (key == "https-port" && is_target)
            take_port(word, value, options_.https_port);
        else if (key == "reload" && !value.empty())
            take_command(value);
        else if (word == "redirect" && is_target)
            options_.redirects = true;
        else if (key == "hsts" && is_target)
            take_hsts(word, value);
        else
            refuse(fmt::format("\"{}\" is no option of it", base::printable(word)));
    }

    base::Result<NginxOptions> result() {
        if (errors_.empty()) return options_;
        return base::fail(fmt::format("{}; it is {}", errors_,
                                      use_ == NginxOptions::Use::target
                                          ? NginxOptions::target_usage
                                          : NginxOptions::solver_usage));
    }

  private:
    void refuse(const std::string& what) { errors_ += (errors_.empty() ? "" : "; ") + what; }

    void take_port(std::string_view word, std::string_view value, std::uint16_t& port) {
        const auto number = number_from<std::uint16_t>(value);
        if (number && *number > 0)
            port = *number;
        else
            refuse(fmt::format("\"{}\" has no port", base::printable(word)));
    }
    void take_hsts(std::string_view word, std::string_view value) {
        options_.hsts = value.empty() ? usual_hsts : number_from<std::uint32_t>(value);
        if (!options_.hsts || *options_.hsts > max_hsts)
            refuse(fmt::format("\"{}\" has no number of seconds up to {}", base::printable(word),
                               max_hsts));
    }
    void take_command(std::string_view value) {
        const auto words = CommandWords::from_text(value);
        if (words)
            options_.reload = value;
        else
            refuse("reload: " + words.error().message);
    }

    NginxOptions::Use use_;
    NginxOptions options_;
    std::string errors_;
};

}  // namespace

base::Result<NginxOptions> NginxOptions::from_text(std::string_view text, Use use) {
    Reader reader(use);
    for (const auto word : parted(text)) reader.take(word);
    return reader.result();
}

std::string NginxOptions::to_string() const {
    const NginxOptions usual;
    std::string text;
    const auto add = [&text](const std::string& word) { text += (text.empty() ? "" : ",") + word; };
    if (!configuration.empty()) add(configuration.string());
    if (redirects) add("redirect");
    if (hsts) add(*hsts == usual_hsts ? "hsts" : fmt::format("hsts={}", *hsts));
    if (program != usual.program) add("program=" + program);
    if (!prefix.empty()) add("prefix=" + prefix.string());
    if (http_port != usual.http_port) add(fmt::format("http-port={}", http_port));
    if (https_port != usual.https_port) add(fmt::format("https-port={}", https_port));
    if (!reload.empty()) add("reload=" + reload);
    return text;
}

}  // namespace cairn::client::nginx
