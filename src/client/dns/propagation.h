#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/result.h"
#include "client/dns/record_place.h"
#include "client/timer.h"

namespace cairn::client {

/// What is waited for between the change of a record and the CA's look at it.
struct Propagation {
    enum class Kind {
        authoritative,  ///< every server of the zone shows it
        resolver,       ///< a resolver shows it
        duration,       ///< so much time has gone by
        none
    };
    Kind kind = Kind::authoritative;
    base::Seconds duration{0};

    /// "authoritative", "resolver", "90s" and its kin, "none".
    [[nodiscard]] static base::Result<Propagation> from_text(std::string_view text);
    [[nodiscard]] std::string to_text() const;
    friend bool operator==(const Propagation&, const Propagation&) = default;
};

/// Whether a TXT record's text is what is waited for.
using TextMatch = std::function<bool(const std::string& text)>;

/// Waits until a value can be seen. Several may wait at the same time.
class PropagationWatch {
  public:
    struct Hooks {
        /// Told from time to time who does not show the value yet: half a sentence.
        std::function<void(const std::string& who_lacks_it)> tell;
        /// Sets the value again, since another writer may have overwritten it.
        std::function<void()> set_again;
        /// Told of servers that never answered and were not waited for: half a sentence.
        std::function<void(const std::string& who_is_silent)> leave_out;
    };
    PropagationWatch(AskServer ask, Timer& timer, std::vector<net::SocketAddress> resolvers)
        : ask_(std::move(ask)), timer_(timer), resolvers_(std::move(resolvers)) {}

    /// Waits for the value at this place. Throws Failure after `patience`, which names who lacks
    /// it. A server that is silent all the time is left out after half a minute if others show the
    /// value: a CA would come to them. Where no server is known, nobody is waited for, and that is
    /// told.
    void wait(const RecordPlace& place, const TextMatch& is_wanted, const Propagation& propagation,
              std::chrono::seconds patience, const Hooks& hooks) const;
    /// The same for exactly this value.
    void wait(const RecordPlace& place, const std::string& value, const Propagation& propagation,
              std::chrono::seconds patience, const Hooks& hooks) const {
        wait(
            place, [&](const std::string& text) { return text == value; }, propagation, patience,
            hooks);
    }
    /// Whether all servers of the zone that answer now show such a text, and one does; or the
    /// resolvers, if `propagation` is about them.
    [[nodiscard]] bool is_shown(const RecordPlace& place, const TextMatch& is_wanted,
                                const Propagation& propagation) const;

  private:
    struct Look;
    [[nodiscard]] Look look_at_servers(const RecordPlace& place, const TextMatch& is_wanted) const;
    [[nodiscard]] Look look_at_resolvers(const RecordPlace& place,
                                         const TextMatch& is_wanted) const;

    AskServer ask_;
    Timer& timer_;
    std::vector<net::SocketAddress> resolvers_;
};

}  // namespace cairn::client
