#pragma once

#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "client/failure.h"
#include "client/progress.h"

namespace cairn::client {

/// A failure for programs, one JSON object: `phase`, `tried`, `came_back`, and where they are known
/// `next`, `identifier`, `status`, `problem` (RFC 8555 section 6.7), `retry_at` (RFC 3339) and
/// `findings`, a list of objects with `identifier`, `challenge` and `problem`. Words of a CA are
/// bounded.
[[nodiscard]] std::string to_json(const Failure& failure);
/// The failure, shortened where its JSON would be longer than 64 KiB: as much as is kept of one.
[[nodiscard]] Failure bounded(const Failure& failure);
/// The reverse of `to_json`. What is not known here is left out.
[[nodiscard]] base::Result<Failure> failure_from_json(base::BytesView json);
/// An event for programs, one JSON object in one line: `event` (the name of its kind), `phase` and
/// `warning`, and of `lineage`, `identifiers`, `ca` (host and port), `challenge`, `problem`,
/// `failure`, `place`, `number`, `text` and `subject` those that go with its kind.
[[nodiscard]] std::string to_json(const ProgressEvent& event);
/// The reverse, without what is not known here. An event of a kind that is not known is an error.
[[nodiscard]] base::Result<ProgressEvent> progress_event_from_json(base::BytesView json);

}  // namespace cairn::client
