#include "client/apache/challenge_server.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/bytes.h"
#include "client/apache/answerer.h"
#include "client/deploy/file_edits.h"
#include "crypto/digest.h"
#include "http/client.h"

namespace cairn::client::apache {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

/// For a run that is proving names itself, which takes as long as a CA takes.
constexpr auto lock_patience = 5min;
/// A busy server reads its configuration slowly, and its old children go on for a while.
constexpr auto seen_patience = 60s;
constexpr auto glance = 100ms;

Failure not_running() {
    return {{"have Apache answer a challenge", Phase::challenge},
            "it does not run",
            "start it (`systemctl start apache2`), or use the solver standalone while it does not "
            "run."};
}

/// The edits that make the files of `source` what `contents` says.
std::vector<FileEdit> edits_of(const ConfigEdits& changes, const ConfigSource& source) {
    const auto contents = changes.contents();
    std::vector<FileEdit> edits;
    for (const auto* file : source.files())
        if (const auto changed = contents.find(file->path); changed != contents.end())
            edits.push_back(FileEdit{file->path, file->tree.text(), changed->second});
    return edits;
}

/// What is seen in the place of the answer; empty: the answer itself.
std::string wrong_with(http::Client& client, const ChallengeAnswer& answer,
                       const net::SocketAddress& where) {
    const auto host =
        answer.name.find(':') == std::string::npos ? answer.name : "[" + answer.name + "]";
    const auto reply = client.exchange(
        {.method = "GET",
         .url = fmt::format("http://{}/.well-known/acme-challenge/{}", host, answer.token),
         .connect_to = where});
    if (!reply) return base::printable(reply.error().message, 300);
    if (reply->status != 200) {
        const auto location = reply->field("location");
        return fmt::format("status {}{}{}", reply->status, location.empty() ? "" : " to ",
                           base::printable(location));
    }
    if (reply->body != answer.key_authorization) return "status 200 with another text";
    return {};
}

}  // namespace

StateLock lock_configuration(const fs::path& state_folder, const Place& place, Timer& timer) {
    return StateDirectory(state_folder)
        .lock_record_set("apache " + place.folder.string(), timer, lock_patience);
}

fs::path ChallengeServer::journal() const {
    const auto folder = place_.folder.string();
    const auto digest = base::to_hex(crypto::sha256(base::bytes_of(folder)));
    // No lineage has a name that begins with a dot.
    return state_folder_ / "edits" / ".apache" / (digest.substr(0, 16) + ".json");
}

std::optional<Failure> ChallengeServer::obstacle() try {
    const auto server = Server::find(place_, timer_);
    server.test(timer_);
    ConfigSource source;
    const auto configuration = server.read(source);
    if (!server.is_running(configuration)) return not_running();
    static_cast<void>(lines_for(configuration, {}, place_.http_port));
    return std::nullopt;
} catch (const Failure& failure) {
    return failure;
}

void ChallengeServer::put_back() {
    FileEdits edits(journal());
    if (!edits.is_recorded()) return;
    try {
        edits.undo();
        return;
    } catch (const Failure&) {
        if (!edits.recorded()) throw;
    }
    // Somebody else has changed a file meanwhile: only the lines of ours are taken out of it. The
    // record goes when that is done.
    const auto recorded = edits.recorded();
    if (!recorded) return;
    std::vector<FileEdit> changed;
    for (const auto& edit : *recorded) {
        const auto now = read_file(edit.path, max_edited_file);
        if (!now) continue;
        auto without = without_challenge_lines(*now);
        if (without != *now) changed.push_back(FileEdit{edit.path, *now, std::move(without)});
    }
    FileEdits cutting(journal().string() + ".cut");
    if (cutting.is_recorded()) cutting.forget();
    if (!changed.empty()) {
        cutting.apply(changed);
        cutting.forget();
    }
    edits.forget();
}

void ChallengeServer::answer(const std::vector<ChallengeAnswer>& answers) {
    if (!lock_) lock_ = lock_configuration(state_folder_, place_, timer_);
    try {
        if (!server_) server_ = Server::find(place_, timer_);
        put_back();
        if (!has_read_lines_) server_->test(timer_);
        ConfigSource source;
        const auto configuration = server_->read(source);
        if (!server_->is_running(configuration)) throw not_running();
        const auto lines = lines_for(configuration, answers, place_.http_port);
        FileEdits(journal()).apply(edits_of(lines, source));
        server_->test(timer_);
        has_read_lines_ = true;
        if (!server_->reload(configuration, timer_)) throw not_running();
    } catch (const Failure&) {
        try {
            put_back();
            if (has_read_lines_) have_it_read();
        } catch (const Failure&) {
            // The record stays, and with it the next run tries again; what is told is the cause.
        }
        release();
        throw;
    }
}

void ChallengeServer::wait_until_seen(const ChallengeAnswer& answer) {
    ConfigSource source;
    const auto configuration = server_->read(source);
    auto places = answerers(configuration, answer.name, place_.http_port);
    http::ClientOptions options;
    options.user_agent = "Cairn";
    options.timeout = base::Milliseconds(5000);
    options.allow_plain_http = true;
    http::Client client(std::move(options));
    const auto deadline = timer_.now() + seen_patience;
    for (;;) {
        std::string wrong;
        bool is_seen = false;
        for (const auto& place : places) {
            auto what = wrong_with(client, answer, place.reached_at);
            is_seen = is_seen || what.empty();
            // An address of a virtual host may be none of this machine: it is behind a gateway.
            if (!what.empty() && !client.was_unanswered())
                wrong = fmt::format("{} at {}", what, place.reached_at.to_string());
            else if (!what.empty() && wrong.empty() && places.size() == 1)
                wrong = std::move(what);
        }
        if (wrong.empty() && is_seen) return;
        if (timer_.now() >= deadline)
            throw Failure({fmt::format("have Apache answer the challenge for {}", answer.name),
                           Phase::challenge},
                          wrong.empty() ? "it is reached at none of its addresses" : wrong,
                          "something in its configuration comes before (a module that refuses "
                          "requests?), or it does not read it again; its error log may say more. "
                          "The solver webroot or a DNS solver does without.");
        timer_.wait(glance);
    }
}

void ChallengeServer::have_it_read() {
    // Also of a run that is asked to stop.
    SystemTimer unstoppable;
    if (!server_) server_ = Server::find(place_, unstoppable);
    ConfigSource source;
    const auto configuration = server_->read(source);
    // One that was ended by somebody reads the former configuration when it starts.
    if (!server_->is_running(configuration)) return;
    server_->test(unstoppable);
    static_cast<void>(server_->reload(configuration, timer_));
}

void ChallengeServer::release() {
    has_read_lines_ = false;
    server_.reset();
    lock_.reset();
}

void ChallengeServer::restore() {
    if (!lock_) lock_ = lock_configuration(state_folder_, place_, timer_);
    put_back();
    have_it_read();
    release();
}

}  // namespace cairn::client::apache
