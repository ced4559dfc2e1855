#include "client/notices/notifier.h"

#include <exception>

#include <fmt/format.h>

#include "client/child_process.h"
#include "client/command_words.h"
#include "client/durable_file.h"
#include "client/notices/mail.h"
#include "http/client.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_ledger = std::size_t{16} << 20;
constexpr std::chrono::milliseconds patience = std::chrono::seconds{30};
constexpr std::size_t max_reply = std::size_t{1} << 16;
/// The system takes 128 KiB for one variable.
constexpr std::size_t max_variable = 90000;

base::Result<void> post(const WebhookSettings& settings, const NoticeMessage& message,
                        const std::string& user_agent) {
    const auto secret = settings.secret.read();
    if (!secret) return std::unexpected(secret.error());
    http::Client client({.user_agent = user_agent,
                         .root_file = settings.root_file,
                         .timeout = patience,
                         .max_body = max_reply});
    http::ClientRequest request{.method = "POST",
                                .url = settings.url,
                                .fields = {{"Content-Type", "application/json"}},
                                .body = message.json};
    if (!secret->empty()) request.fields.emplace_back(settings.header, *secret);
    const auto reply = client.exchange(std::move(request));
    if (!reply) return std::unexpected(reply.error());
    if (reply->status >= 200 && reply->status < 300) return {};
    return base::fail(
        fmt::format("it answered {}: \"{}\"", reply->status, base::printable(reply->body, 300)));
}

base::Result<void> run(const std::string& command_line, const NoticeMessage& message,
                       Timer& timer) {
    const auto command = CommandWords::find(command_line);
    if (!command) return std::unexpected(command.error());
    const auto result =
        run_program({.path = command->program(),
                     .arguments = command->arguments(),
                     .environment = {{"CAIRN_SUBJECT", message.subject},
                                     {"CAIRN_TEXT", message.text.substr(0, max_variable)}},
                     .deadline = patience,
                     .input = message.json + "\n"},
                    timer);
    if (!result) return std::unexpected(result.error());
    if (result->status == 0) return {};
    return base::fail(fmt::format("it ended with status {}: \"{}\"", result->status,
                                  base::printable(result->output, 500)));
}

}  // namespace

NoticeLedger Notifier::known() const {
    const auto text = read_file(state_.notices(), max_ledger);
    if (!text) return {};
    // What cannot be read is as good as nothing: people are told once more.
    return NoticeLedger::from_json(base::bytes_of(*text)).value_or(NoticeLedger());
}

std::vector<Failure> Notifier::send(const NoticeMessage& message) {
    std::vector<Failure> failures;
    const auto note = [&](std::string tried, const base::Result<void>& result) {
        if (!result)
            failures.emplace_back(Aim(std::move(tried)),
                                  base::printable(result.error().message, 900),
                                  "mend [notify] in cairn.toml; `cairn notify test` tries it.");
    };
    if (settings_.mail)
        note("send a mail",
             send_mail(*settings_.mail, message, name_of_host(), clock_.now(), timer_));
    // Of its URL the path may be as secret as a password.
    if (settings_.webhook)
        note("post to the webhook", post(*settings_.webhook, message, user_agent_));
    if (!settings_.program.empty())
        note(fmt::format("run {}", settings_.program), run(settings_.program, message, timer_));
    return failures;
}

void Notifier::tell(const TroubleReport& report, Progress& progress) noexcept try {
    if (!settings_.is_anybody_told()) return;
    const auto lock = state_.lock_notices();
    const auto now = clock_.now();
    const auto before = known();
    auto next = before.after(report, now, settings_.repeat);
    if (next.notices.empty()) return;
    const std::size_t ways = (settings_.mail ? 1U : 0U) + (settings_.webhook ? 1U : 0U) +
                             (settings_.program.empty() ? 0U : 1U);
    const auto failures = send(NoticeMessage::about(next.notices, name_of_host(), now));
    for (const auto& failure : failures)
        progress.tell({.kind = ProgressKind::notice_not_sent, .failure = failure});
    if (failures.size() == ways) return;
    write_durably(state_.notices(), next.ledger.to_json(), FileAccess::owner);
} catch (const Failure& failure) {
    progress.tell({.kind = ProgressKind::notice_not_sent, .failure = failure});
} catch (const std::exception& fault) {
    progress.tell({.kind = ProgressKind::notice_not_sent,
                   .failure = Failure("tell people of trouble", fault.what())});
}

}  // namespace cairn::client
