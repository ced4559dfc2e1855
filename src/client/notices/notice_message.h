#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "client/notices/notice_ledger.h"

namespace cairn::client {

/// What people are told at one time, in the forms that it is sent in. Words of a CA are printable
/// and bounded.
struct NoticeMessage {
    /// One line.
    std::string subject;
    /// Lines of ASCII, each at most 900 characters.
    std::string text;
    /// One JSON object: `version` (1), `host`, `time`, `text`, and `notices`, of which each has
    /// `kind` ("failure", "expiry", "served"), `state` ("began", "lasts", "over"), `lineage`,
    /// `since`, `summary`, and where there are such `came_back`, `next` and `not_after`.
    std::string json;

    /// About these, of which there is at least one.
    [[nodiscard]] static NoticeMessage about(const std::vector<Notice>& notices,
                                             const std::string& host, base::Time now);
    /// To find out whether it arrives.
    [[nodiscard]] static NoticeMessage of_test(const std::string& host, base::Time now);
};

/// The name of this machine.
[[nodiscard]] std::string name_of_host();

}  // namespace cairn::client
