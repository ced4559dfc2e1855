#include "apps/cairn/prometheus_text.h"

#include <array>
#include <functional>
#include <optional>

#include <fmt/format.h>

namespace cairn {
namespace {

/// The standings that a certificate can have, each a value of the label `state`.
constexpr std::array standings = {"ok",      "due",     "ordered",       "broken",
                                  "revoked", "expired", "not-yet-valid", "not-renewed"};

std::string labels_of(const CertificateView& view) {
    return fmt::format("lineage=\"{}\",key_type=\"{}\"", escaped_label(view.name()),
                       escaped_label(view.key_type()));
}

/// A family of gauges with a sample for each certificate of which there is something to say.
template <class Value>
void add_family(std::string& text, const std::vector<CertificateView>& views, std::string_view name,
                std::string_view help, Value value_of) {
    std::string samples;
    for (const auto& view : views)
        if (const std::optional<std::int64_t> value = value_of(view))
            samples +=
                fmt::format("cairn_certificate_{}{{{}}} {}\n", name, labels_of(view), *value);
    if (samples.empty()) return;
    text += fmt::format("# HELP cairn_certificate_{} {}\n# TYPE cairn_certificate_{} gauge\n{}",
                        name, help, name, samples);
}

/// A family of gauges with a sample for each deploy target of which there is something to say.
template <class Value>
void add_target_family(std::string& text, const std::vector<CertificateView>& views,
                       std::string_view name, std::string_view help, Value value_of) {
    std::string samples;
    for (const auto& view : views)
        for (const auto& target : view.targets)
            if (const std::optional<std::int64_t> value = value_of(target))
                samples +=
                    fmt::format("cairn_deploy_target_{}{{{},target=\"{}\"}} {}\n", name,
                                labels_of(view), escaped_label(target.target.text()), *value);
    if (samples.empty()) return;
    text += fmt::format("# HELP cairn_deploy_target_{} {}\n# TYPE cairn_deploy_target_{} gauge\n{}",
                        name, help, name, samples);
}

std::optional<std::int64_t> seconds(std::optional<base::Time> time) {
    if (!time) return std::nullopt;
    return time->time_since_epoch().count();
}

/// When the last attempt ended that `matches`.
template <class Matches>
std::optional<std::int64_t> last_attempt(const CertificateView& view, Matches matches) {
    std::optional<base::Time> last;
    if (view.facts)
        for (const auto& attempt : view.facts->attempts)
            if (matches(attempt)) last = attempt.ended;
    return seconds(last);
}

}  // namespace

std::string escaped_label(std::string_view value) {
    std::string text;
    for (const char c : value) {
        if (c == '\\' || c == '"') text += '\\';
        if (c == '\n')
            text += "\\n";
        else
            text += c;
    }
    return text;
}

std::string prometheus_text(const std::vector<CertificateView>& views, base::Time now) {
    std::string text;
    add_family(text, views, "not_after_timestamp_seconds", "When the certificate expires.",
               [](const CertificateView& view) -> std::optional<std::int64_t> {
                   if (!view.generation) return std::nullopt;
                   return seconds(view.generation->chain.front().not_after());
               });
    add_family(text, views, "renewal_due_timestamp_seconds",
               "When the certificate is due; not there where nothing renews it.",
               [](const CertificateView& view) -> std::optional<std::int64_t> {
                   if (!view.due) return std::nullopt;
                   return seconds(view.due->at);
               });
    add_family(text, views, "last_attempt_timestamp_seconds",
               "When the last attempt to obtain or deploy it ended.",
               [](const CertificateView& view) {
                   return last_attempt(view, [](const client::Attempt&) { return true; });
               });
    add_family(text, views, "last_success_timestamp_seconds",
               "When the last attempt ended that came to its end.",
               [](const CertificateView& view) {
                   return last_attempt(
                       view, [](const client::Attempt& attempt) { return !attempt.failure; });
               });
    add_family(text, views, "last_failure_timestamp_seconds",
               "When the last attempt ended that failed.", [](const CertificateView& view) {
                   return last_attempt(view, [](const client::Attempt& attempt) {
                       return attempt.failure.has_value();
                   });
               });
    add_family(text, views, "failing", "1 if the last attempt has failed.",
               [](const CertificateView& view) -> std::optional<std::int64_t> {
                   return view.last_failure() != nullptr ? 1 : 0;
               });
    add_family(text, views, "served_matches",
               "1 if what is served is what is stored, 0 if it is something else.",
               [](const CertificateView& view) -> std::optional<std::int64_t> {
                   using enum client::ServedVerdict;
                   if (!view.served || view.served->verdict == not_looked_at ||
                       view.served->verdict == unreachable)
                       return std::nullopt;
                   return view.served->verdict == matches ? 1 : 0;
               });
    using State = client::TargetState;
    add_target_family(text, views, "current", "1 if the deploy target has what is live.",
                      [](const State& target) -> std::optional<std::int64_t> {
                          return target.kind == State::Kind::current ? 1 : 0;
                      });
    add_target_family(text, views, "last_success_timestamp_seconds",
                      "When the deploy target has last learnt of a certificate.",
                      [](const State& target) -> std::optional<std::int64_t> {
                          if (target.number == 0) return std::nullopt;
                          return seconds(target.since);
                      });
    add_target_family(text, views, "failed_since_timestamp_seconds",
                      "Since when each deployment to the target has failed; not there if the last "
                      "has not.",
                      [](const State& target) -> std::optional<std::int64_t> {
                          if (!target.failure) return std::nullopt;
                          return seconds(target.failure->since);
                      });
    std::string states;
    for (const auto& view : views) {
        const auto standing = view.standing(now);
        for (const std::string_view each : standings)
            states += fmt::format("cairn_certificate_state{{{},state=\"{}\"}} {}\n",
                                  labels_of(view), each, standing == each ? 1 : 0);
    }
    if (!states.empty())
        text +=
            "# HELP cairn_certificate_state How the certificate stands: 1 for its state.\n"
            "# TYPE cairn_certificate_state gauge\n" +
            states;
    text += fmt::format(
        "# HELP cairn_status_timestamp_seconds When this was written.\n"
        "# TYPE cairn_status_timestamp_seconds gauge\ncairn_status_timestamp_seconds {}\n",
        now.time_since_epoch().count());
    return text;
}

}  // namespace cairn
