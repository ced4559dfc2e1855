#pragma once
// Private to http: who has how many of a server's connections, and how much of its memory.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <limits>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>

#include "base/ip_address.h"
#include "base/task.h"

namespace cairn::http {

/// The connections of a server, and the octets that each holds, bounded in all and for each client.
/// When a bound is reached, the connection that has waited longest for its peer is closed: of that
/// client, or of all. Thread-safe.
class ConnectionTable {
  public:
    struct Limits {
        std::size_t connections, connections_per_client;
        std::size_t octets, octets_per_client;
    };
    /// `on_giving_way` is called for each connection that has to, with the table locked.
    ConnectionTable(Limits limits, std::function<void()> on_giving_way);
    ~ConnectionTable();
    ConnectionTable(const ConnectionTable&) = delete;
    ConnectionTable& operator=(const ConnectionTable&) = delete;

    using SteadyTime = std::chrono::steady_clock::time_point;
    class Place;
    /// A place for a connection of `client` (see `net::client_network`), or of nobody in
    /// particular, which holds `octets`; null if there is none. `executor` is where it will be
    /// served.
    [[nodiscard]] std::shared_ptr<Place> take(base::Executor executor,
                                              const std::optional<base::IpAddress>& client,
                                              std::size_t octets);
    /// When memory is short, closes connections that wait for their peers, up to half of all.
    void make_room();

  private:
    struct Client;
    using Places = std::list<Place*>;

    [[nodiscard]] bool enter(Place& place, const base::IpAddress& network);
    [[nodiscard]] bool set_octets(Place& place, std::size_t octets);
    void remove(Place& place);
    [[nodiscard]] bool make_room_for_client(Client& client, std::size_t octets, const Place* asker);
    [[nodiscard]] bool make_room_in_all(std::size_t connections, std::size_t octets,
                                        const Place* asker);
    void let_longest_go(std::size_t count, std::size_t octets, const Place* asker);
    void let_go(Place& place);
    void uncount(Place& place);

    const Limits limits_;
    const std::function<void()> on_giving_way_;
    std::mutex mutex_;
    Places places_;
    std::map<base::IpAddress, Client> clients_;
    /// Without those that give way.
    std::size_t connections_ = 0, octets_ = 0;
};

/// A connection's place. What it does is told without a lock.
class ConnectionTable::Place : public std::enable_shared_from_this<Place> {
  public:
    Place(ConnectionTable& table, base::Executor executor)
        : table_(table), executor_(std::move(executor)) {}
    ~Place() { table_.remove(*this); }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;

    /// The connection waits for its peer, and may have to give way from `when`.
    void waits_from(SteadyTime when) {
        gives_way_from_.store(when.time_since_epoch().count(), std::memory_order_relaxed);
    }
    /// It works for its peer, and does not give way.
    void works() { gives_way_from_.store(never, std::memory_order_relaxed); }

    /// It is a connection of `client` now; false if that has too many.
    [[nodiscard]] bool belongs_to(const base::IpAddress& client) {
        return table_.enter(*this, client);
    }
    /// It holds so many octets now; false, and nothing changes, if there is no room.
    [[nodiscard]] bool holds(std::size_t octets) {
        return octets == octets_ || table_.set_octets(*this, octets);
    }

    /// What is to be done when it has to give way; on the executor, where the connection also
    /// empties it before it goes.
    std::function<void()> on_giving_way;

  private:
    friend class ConnectionTable;
    using Ticks = std::chrono::steady_clock::rep;
    static constexpr Ticks never = std::numeric_limits<Ticks>::max();

    ConnectionTable& table_;
    const base::Executor executor_;
    std::atomic<Ticks> gives_way_from_ = never;
    // With the table locked, but for the octets, which only the connection itself changes:
    std::size_t octets_ = 0;
    bool is_listed_ = false, is_leaving_ = false;
    Client* client_ = nullptr;
    std::list<Place*>::iterator in_all_, in_client_;
};

}  // namespace cairn::http
