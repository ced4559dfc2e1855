#include "client/deploy/served_probe.h"

#include <algorithm>

#include <fmt/format.h>

#include "client/served_check.h"
#include "net/host_addresses.h"
#include "pki/certificate.h"

namespace cairn::client {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t max_addresses = 4;
/// For one handshake.
constexpr auto glance = 5s;
constexpr auto first_pause = 100ms;
constexpr auto longest_pause = 1000ms;

/// What a certificate is, in few words.
std::string words_for(const base::Bytes& der) {
    const auto shown = pki::Certificate::from_der(der);
    if (!shown) return "a certificate that cannot be read";
    return fmt::format("the certificate {} of {}, which expires on {}", shown->serial().to_hex(),
                       base::printable(shown->issuer_common_name(), 100),
                       base::to_rfc3339(shown->not_after()));
}

}  // namespace

ServedProbe::ServedProbe(std::vector<DeployProbe> probes, const DeployMaterial& material)
    : probes_(std::move(probes)), material_(material) {}

const DeployCertificate& ServedProbe::expected(const DeployProbe& probe) const {
    if (probe.key_type)
        for (const auto& certificate : material_.certificates)
            if (certificate.key_type == *probe.key_type) return certificate;
    return material_.first();
}

std::vector<ServedProbe::Sight> ServedProbe::look_at_former(const DeployProbe& probe) const {
    return look(probe, material_.certificates.size() > 1 ? Keys::expected : Keys::any);
}

std::vector<ServedProbe::Sight> ServedProbe::look(const DeployProbe& probe, Keys keys) const {
    const auto addresses = net::addresses_of_host(probe.host, glance);
    if (!addresses)
        return {{probe.to_string(), {}, "it has no address here: " + addresses.error().message}};
    const auto& certificate = expected(probe).generation.chain.front();
    std::vector<Sight> sights;
    for (const auto& address : *addresses) {
        if (sights.size() == max_addresses) break;
        const auto seen = net::look_at_tls(
            {.target = {address, probe.port},
             .server_name =
                 probe.server_name.empty() ? name_to_ask_for(certificate) : probe.server_name,
             .key_kind = keys == Keys::any ? net::TlsProbe::KeyKind::any
                                           : key_kind_of(certificate.public_key()),
             .start_tls = probe.start_tls,
             .patience = glance});
        if (seen)
            sights.push_back({probe.to_string(), seen->certificates.front(), {}});
        else
            sights.push_back({probe.to_string(), {}, seen.error().message});
    }
    return sights;
}

void ServedProbe::note_former() {
    former_.clear();
    for (const auto& probe : probes_) former_.push_back(look_at_former(probe));
}

std::string ServedProbe::await_new(std::chrono::milliseconds patience, const std::string& text,
                                   const TargetRun& run) const {
    const auto deadline = run.timer.now() + patience;
    std::string told;
    std::string where;
    auto pause = std::chrono::milliseconds(first_pause);
    for (;;) {
        std::string missing;
        where.clear();
        for (const auto& probe : probes_) {
            const auto& wanted = expected(probe).generation.chain.front().der();
            bool is_shown = false;
            std::string wrong;
            std::string silent;
            for (const auto& sight : look(probe, Keys::expected)) {
                if (sight.shown == wanted)
                    is_shown = true;
                else if (!sight.shown.empty())
                    wrong = fmt::format("{} shows {}", sight.place, words_for(sight.shown));
                else
                    silent = fmt::format("{}: {}", sight.place, sight.why);
            }
            // Of the addresses of a name, a server may listen at one alone.
            const auto& fault = wrong.empty() && !is_shown ? silent : wrong;
            if (!fault.empty()) missing += (missing.empty() ? "" : "; ") + fault;
            where += fmt::format("{}{} shows it", where.empty() ? "" : ", ", probe.to_string());
        }
        if (missing.empty()) return where;
        if (run.timer.now() >= deadline)
            throw Failure(
                {"see the new certificate served", Phase::deploy},
                fmt::format("{}, {} seconds after it was told to read the new one", missing,
                            std::chrono::duration_cast<std::chrono::seconds>(patience).count()));
        if (missing != told)
            run.progress.tell(
                {.kind = ProgressKind::target_waiting, .place = text, .text = missing});
        told = missing;
        run.timer.wait(pause);
        pause = std::min(pause * 2, std::chrono::milliseconds(longest_pause));
    }
}

std::string ServedProbe::await_former(std::chrono::milliseconds patience,
                                      const TargetRun& run) const {
    const auto deadline = run.timer.now() + patience;
    for (;;) {
        std::string again;
        std::string other;
        for (std::size_t i = 0; i < probes_.size() && i < former_.size(); ++i) {
            const auto now = look_at_former(probes_[i]);
            for (const auto& before : former_[i]) {
                if (before.shown.empty()) continue;
                if (std::ranges::find(now, before.shown, &Sight::shown) != now.end())
                    again += fmt::format("{}{} shows {} again", again.empty() ? "" : ", ",
                                         before.place, words_for(before.shown));
                else
                    other += fmt::format("{}{} does not show {} again", other.empty() ? "" : ", ",
                                         before.place, words_for(before.shown));
            }
        }
        if (other.empty())
            return again.empty() && !probes_.empty() ? "nothing was shown before either" : again;
        if (run.timer.now() >= deadline) return other;
        run.timer.wait(500ms);
    }
}

}  // namespace cairn::client
