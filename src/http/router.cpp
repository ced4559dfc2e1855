#include "http/router.h"

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>

namespace cairn::http {

namespace {

constexpr std::string_view any = "{}";
constexpr std::string_view any_pair = "{.}";
constexpr std::string_view any_rest = "{*}";
constexpr std::size_t longest_segment = 160;
constexpr std::size_t most_segments = 8;

template <class Take>
void for_each_segment(std::string_view path, Take take) {
    if (path.starts_with('/')) path.remove_prefix(1);
    for (;;) {
        const auto slash = path.find('/');
        take(path.substr(0, slash));
        if (slash == std::string_view::npos) return;
        path.remove_prefix(slash + 1);
    }
}

bool is_plain(std::string_view segment) {
    return !segment.empty() && segment.size() <= longest_segment &&
           std::ranges::all_of(segment, [](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      c == '-' || c == '_';
           });
}

bool is_pair(std::string_view segment) {
    const auto dot = segment.find('.');
    return segment.size() <= longest_segment && dot != std::string_view::npos &&
           is_plain(segment.substr(0, dot)) && is_plain(segment.substr(dot + 1));
}

bool is_hole(std::string_view segment) {
    return segment == any || segment == any_pair;
}

/// A path taken apart, without memory of its own: every request passes here.
class Segments {
  public:
    explicit Segments(std::string_view path) {
        for_each_segment(path, [this](std::string_view segment) {
            if (count_ < segments_.size()) segments_[count_] = segment;
            ++count_;
        });
    }
    /// None if there are more than any pattern has.
    [[nodiscard]] std::span<const std::string_view> all() const {
        return count_ <= segments_.size() ? std::span(segments_).first(count_)
                                          : std::span<const std::string_view>();
    }

  private:
    std::array<std::string_view, most_segments> segments_;
    std::size_t count_ = 0;
};

bool matches(const std::vector<std::string>& pattern, std::span<const std::string_view> path) {
    return pattern.size() == path.size() &&
           std::equal(pattern.begin(), pattern.end(), path.begin(),
                      [](const std::string& wanted, std::string_view given) {
                          if (wanted == any_pair) return is_pair(given);
                          return wanted == any ? is_plain(given) : wanted == given;
                      });
}

/// What stands in `path` in the place of the "{*}" of a pattern; empty if nothing does.
std::string_view rest_behind(std::string_view pattern, std::string_view path) {
    if (!pattern.ends_with(any_rest)) return {};
    pattern.remove_suffix(any_rest.size());
    return path.starts_with(pattern) ? path.substr(pattern.size()) : std::string_view();
}

}  // namespace

void Router::add(std::string_view method, std::string_view pattern, Handler handler) {
    Route route{.method = std::string(method),
                .pattern = std::string(pattern),
                .segments = {},
                .handler = std::move(handler)};
    for_each_segment(pattern,
                     [&](std::string_view segment) { route.segments.emplace_back(segment); });
    if (route.segments.size() > most_segments)
        throw std::logic_error("a pattern has too many segments: " + route.pattern);
    routes_.push_back(std::move(route));
}

Router::Match Router::find(std::string_view method, std::string_view path) const {
    Match match;
    if (!path.starts_with('/')) return match;
    const Segments segments_of_path(path);
    const auto segments = segments_of_path.all();
    for (const auto& route : routes_) {
        const auto rest = rest_behind(route.pattern, path);
        if (rest.empty() && !matches(route.segments, segments)) continue;
        match.methods.push_back(route.method);
        match.pattern = route.pattern;
        if (route.method != method || match.handler != nullptr) continue;
        match.handler = &route.handler;
        if (!rest.empty()) match.parameters.emplace_back(rest);
        for (std::size_t i = 0; i < segments.size() && rest.empty(); ++i) {
            if (is_hole(route.segments[i])) match.parameters.emplace_back(segments[i]);
        }
    }
    return match;
}

}  // namespace cairn::http
