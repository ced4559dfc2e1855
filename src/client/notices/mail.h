#pragma once

#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "client/notices/notice_message.h"
#include "client/settings.h"
#include "client/timer.h"

namespace cairn::client {

/// The mail (RFC 5322) as it goes to a server or a program, with `line_end` after each line.
[[nodiscard]] std::string mail_text(const MailSettings& settings, const NoticeMessage& message,
                                    const std::string& host, base::Time now,
                                    std::string_view line_end);

/// Hands the mail to the server or the program of the settings. With a server TLS is verified, and
/// done without only where the server is this machine. The error says what came back.
[[nodiscard]] base::Result<void> send_mail(const MailSettings& settings,
                                           const NoticeMessage& message, const std::string& host,
                                           base::Time now, Timer& timer);

}  // namespace cairn::client
