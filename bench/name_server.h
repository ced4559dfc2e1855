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
/// Where the domains black-hole-1.test, black-hole-2.test ... and all names below them are. For the
/// domains silent-1.test, silent-2.test ... no question is answered.
inline constexpr const char* black_hole_address = "127.0.0.2";

/// The TXT records at a name in lower case.
using TextRecords = std::function<std::vector<std::string>(const std::string& owner)>;

/// The response to a DNS query, authoritative for `bench_zone`: A 127.0.0.1 for every name, TXT
/// what `texts` says, of every other type nothing; in domains that are black holes A alone; for
/// "test" nothing, for all other names REFUSED. No response to what is no query with one question,
/// and in silent domains.
[[nodiscard]] std::optional<base::Bytes> answer_dns_query(base::BytesView query,
                                                          const TextRecords& texts);

/// A DNS server over UDP on a free port of the loopback, that costs next to nothing beside the CA
/// that is measured.
class NameServer {
  public:
    /// Each answer leaves after `delay`, as if the server were that far away.
    NameServer(const base::Executor& executor, TextRecords texts,
               base::Milliseconds delay = base::Milliseconds(0));
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
