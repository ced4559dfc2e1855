#include "client/dns/propagation.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/duration.h"
#include "client/failure.h"
#include "client/side_by_side.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;
using dns::RecordType;
using dns::Recursion;

constexpr std::size_t max_servers_at_a_time = 8;
constexpr auto first_pause = 500ms;
constexpr std::chrono::milliseconds longest_pause = 5s;
/// How long a value is missed before it is set again; then twice as long, and so on.
constexpr std::chrono::seconds first_setting_again = 20s;
constexpr std::chrono::seconds silence_borne = 30s;
constexpr int least_looks_at_silence = 3;
constexpr std::chrono::seconds telling_interval = 15s;

bool shows(const dns::Response& response, const TextMatch& is_wanted) {
    return std::ranges::any_of(response.answers, [&](const dns::ResourceRecord& record) {
        return record.type == RecordType::txt && is_wanted(record.text);
    });
}

std::string list(const std::vector<std::string>& texts) {
    constexpr std::size_t max_told = 5;
    std::string text;
    for (std::size_t i = 0; i < texts.size() && i < max_told; ++i)
        text += (i == 0 ? "" : "; ") + texts[i];
    if (texts.size() > max_told) text += fmt::format("; and {} more", texts.size() - max_told);
    return text;
}

}  // namespace

base::Result<Propagation> Propagation::from_text(std::string_view text) {
    if (text == "authoritative") return Propagation{.kind = Kind::authoritative};
    if (text == "resolver") return Propagation{.kind = Kind::resolver};
    if (text == "none") return Propagation{.kind = Kind::none};
    const auto duration = base::duration_from(text);
    if (!duration || *duration > std::chrono::days{1})
        return base::fail(fmt::format(
            "\"{}\" is none of authoritative, resolver, none, and a duration such as 90s of a day "
            "at most",
            base::printable(text)));
    return Propagation{.kind = Kind::duration, .duration = *duration};
}

std::string Propagation::to_text() const {
    switch (kind) {
        case Kind::authoritative:
            return "authoritative";
        case Kind::resolver:
            return "resolver";
        case Kind::duration:
            return base::duration_text(duration);
        case Kind::none:
            return "none";
    }
    return {};
}

/// What one round of questions has shown.
struct PropagationWatch::Look {
    std::size_t showing = 0;
    /// Who answered without the value, and who did not answer.
    std::vector<std::string> lacking, silent;
    [[nodiscard]] bool is_done() const { return lacking.empty() && silent.empty() && showing > 0; }
    [[nodiscard]] std::string text() const {
        auto all = lacking;
        all.insert(all.end(), silent.begin(), silent.end());
        return all.empty() ? "there is nobody to ask" : list(all);
    }
};

PropagationWatch::Look PropagationWatch::look_at_servers(const RecordPlace& place,
                                                         const TextMatch& is_wanted) const {
    std::vector<base::Result<dns::Response, dns::ServerError>> answers(place.servers.size());
    side_by_side(place.servers.size(), max_servers_at_a_time, [&](std::size_t i) {
        answers[i] = ask_(place.servers[i].address, place.name, RecordType::txt, Recursion::none);
    });
    Look look;
    for (std::size_t i = 0; i < answers.size(); ++i) {
        const auto& server = place.servers[i];
        const auto& answer = answers[i];
        if (!answer) {
            // A server may have an address of a family that this machine cannot reach at all.
            const bool has_other = std::ranges::any_of(place.servers, [&](const ZoneServer& other) {
                return other.name == server.name &&
                       !(other.address.address == server.address.address);
            });
            if (answer.error().kind == dns::ServerError::Kind::unreachable && has_other) continue;
            look.silent.push_back(
                fmt::format("{} does not answer: {}", server.text(), answer.error().message));
        } else if (answer->is_authoritative && shows(*answer, is_wanted)) {
            ++look.showing;
        } else if (answer->response_code != 0 && answer->response_code != 3) {
            look.lacking.push_back(fmt::format("{} answers {}", server.text(),
                                               dns::response_code_text(answer->response_code)));
        } else if (!answer->is_authoritative) {
            look.lacking.push_back(
                fmt::format("{} answers without authority for the zone", server.text()));
        } else {
            look.lacking.push_back(fmt::format("{} does not show it yet", server.text()));
        }
    }
    return look;
}

PropagationWatch::Look PropagationWatch::look_at_resolvers(const RecordPlace& place,
                                                           const TextMatch& is_wanted) const {
    Look look;
    for (const auto& resolver : resolvers_) {
        const auto answer = ask_(resolver, place.name, RecordType::txt, Recursion::desired);
        const auto name = "the resolver " + resolver.to_string();
        if (!answer)
            look.silent.push_back(
                fmt::format("{} does not answer: {}", name, answer.error().message));
        else if (shows(*answer, is_wanted))
            ++look.showing;
        else
            look.lacking.push_back(name + " does not show it yet");
    }
    return look;
}

bool PropagationWatch::is_shown(const RecordPlace& place, const TextMatch& is_wanted,
                                const Propagation& propagation) const {
    const auto look = propagation.kind == Propagation::Kind::resolver
                          ? look_at_resolvers(place, is_wanted)
                          : look_at_servers(place, is_wanted);
    return look.lacking.empty() && look.showing > 0;
}

void PropagationWatch::wait(const RecordPlace& place, const TextMatch& is_wanted,
                            const Propagation& propagation, std::chrono::seconds patience,
                            const Hooks& hooks) const {
    using Kind = Propagation::Kind;
    if (propagation.kind == Kind::none) return;
    if (propagation.kind == Kind::duration) {
        timer_.wait(propagation.duration);
        return;
    }
    if (propagation.kind == Kind::authoritative && place.servers.empty()) {
        hooks.leave_out("no server of its zone is known here, so nobody was asked for it");
        return;
    }
    const auto start = timer_.now();
    auto next_setting = start + first_setting_again;
    auto setting_interval = first_setting_again;
    auto next_telling = start;
    int looks_at_silence = 0;
    for (auto pause = std::chrono::milliseconds(first_pause);;
         pause = std::min(pause * 2, longest_pause)) {
        const bool is_authoritative = propagation.kind == Kind::authoritative;
        const auto look = is_authoritative ? look_at_servers(place, is_wanted)
                                           : look_at_resolvers(place, is_wanted);
        if (look.is_done()) return;
        const auto now = timer_.now();
        if (look.lacking.empty() && look.showing > 0) {
            // All that answer show it.
            if (++looks_at_silence >= least_looks_at_silence && now - start >= silence_borne) {
                hooks.leave_out(list(look.silent));
                return;
            }
        } else {
            looks_at_silence = 0;
        }
        if (now - start >= patience)
            throw Failure(
                {fmt::format("see the TXT record {} at every server of {}", place.name, place.zone),
                 Phase::challenge},
                fmt::format(
                    "after {}, {}",
                    base::duration_text(std::chrono::duration_cast<base::Seconds>(patience)),
                    look.text()),
                is_authoritative ? "if a server cannot be asked from here, use --propagation "
                                   "resolver, or a duration such as --propagation 120s."
                                 : "is it the right resolver (--resolver ADDR)?");
        if (now >= next_telling) {
            hooks.tell(look.text());
            next_telling = now + telling_interval;
        }
        if (now >= next_setting && !look.lacking.empty()) {
            hooks.set_again();
            setting_interval *= 2;
            next_setting = now + setting_interval;
        }
        timer_.wait(pause);
    }
}

}  // namespace cairn::client
