#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "net/event_loops.h"

namespace cairn::bench {

/// The zone that all names of the benchmark are in.
inline constexpr const char* bench_zone = "bench.test";

/// The TXT records at a name in lower case.
using TextRecords = std::function<std::vector<std::string>(const std::string& owner)>;

/// The response to a DNS query, authoritative for `bench_zone`: A 127.0.0.1 for every name, TXT
/// what `texts` says, of every other type nothing, for names outside of it REFUSED. Nothing for
/// what is no query with one question.
[[nodiscard]] std::optional<base::Bytes> answer_dns_query(base::BytesView query,
                                                          const TextRecords& texts);

/// A DNS server over UDP on a free port of the loopback, that costs next to nothing beside the CA
/// that is measured.
class NameServer {
  public:
    NameServer(const base::Executor& executor, TextRecords texts);
    /// Closes; the executor's loop must still run or be gone.
    ~NameServer();
    NameServer(const NameServer&) = delete;
    NameServer& operator=(const NameServer&) = delete;
    [[nodiscard]] unsigned port() const;

  private:
    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace cairn::bench
