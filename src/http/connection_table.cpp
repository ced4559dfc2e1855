#include "http/connection_table.h"

#include <algorithm>
#include <iterator>
#include <utility>
#include <vector>

#include <boost/asio/post.hpp>

namespace cairn::http {

using std::chrono::steady_clock;

namespace {

/// So large a part of all makes way at once: to look for them takes a while.
constexpr std::size_t part_at_once = 128;

}  // namespace

struct ConnectionTable::Client {
    explicit Client(const base::IpAddress& own_network) : network(own_network) {}

    base::IpAddress network;
    Places places;
    /// Without those that give way.
    std::size_t connections = 0, octets = 0;
};

ConnectionTable::ConnectionTable(Limits limits, std::function<void()> on_giving_way)
    : limits_(limits), on_giving_way_(std::move(on_giving_way)) {}

ConnectionTable::~ConnectionTable() = default;

std::shared_ptr<ConnectionTable::Place> ConnectionTable::take(
    base::Executor executor, const std::optional<base::IpAddress>& client, std::size_t octets) {
    auto place = std::make_shared<Place>(*this, std::move(executor));
    {
        Places own{place.get()};
        const std::scoped_lock lock(mutex_);
        places_.splice(places_.end(), own);
        place->in_all_ = std::prev(places_.end());
        place->is_listed_ = true;
        ++connections_;
        if (connections_ > limits_.connections && !make_room_in_all(1, 0, place.get())) {
            // It goes without the lock.
            place->is_leaving_ = true;
            --connections_;
        }
    }
    if (place->is_leaving_ || (client && !enter(*place, *client)) || !place->holds(octets))
        return nullptr;
    return place;
}

bool ConnectionTable::enter(Place& place, const base::IpAddress& network) {
    Places own{&place};
    const std::scoped_lock lock(mutex_);
    Client& client = clients_.try_emplace(network, network).first->second;
    client.places.splice(client.places.end(), own);
    place.in_client_ = std::prev(client.places.end());
    place.client_ = &client;
    if (place.is_leaving_) return true;
    ++client.connections;
    client.octets += place.octets_;
    const bool fits = make_room_for_client(client, 0, &place);
    if (!fits) {
        uncount(place);
        place.is_leaving_ = true;
    }
    return fits;
}

bool ConnectionTable::set_octets(Place& place, std::size_t octets) {
    const std::scoped_lock lock(mutex_);
    if (!place.is_leaving_ && octets > place.octets_) {
        const auto more = octets - place.octets_;
        if (place.client_ != nullptr && !make_room_for_client(*place.client_, more, &place))
            return false;
        if (octets_ + more > limits_.octets && !make_room_in_all(0, more, &place)) return false;
    }
    if (!place.is_leaving_) {
        octets_ += octets - place.octets_;
        if (place.client_ != nullptr) place.client_->octets += octets - place.octets_;
    }
    place.octets_ = octets;
    return true;
}

void ConnectionTable::remove(Place& place) {
    const std::scoped_lock lock(mutex_);
    if (!place.is_listed_) return;
    if (!place.is_leaving_) uncount(place);
    places_.erase(place.in_all_);
    if (place.client_ == nullptr) return;
    place.client_->places.erase(place.in_client_);
    if (place.client_->places.empty()) clients_.erase(clients_.find(place.client_->network));
}

void ConnectionTable::make_room() {
    const std::scoped_lock lock(mutex_);
    let_longest_go(places_.size() / 2 + 1, 0, nullptr);
}

bool ConnectionTable::make_room_for_client(Client& client, std::size_t octets, const Place* asker) {
    while (client.connections > limits_.connections_per_client ||
           client.octets + octets > limits_.octets_per_client) {
        const auto now = steady_clock::now().time_since_epoch().count();
        Place* longest = nullptr;
        for (Place* place : client.places) {
            if (place->is_leaving_ || place == asker) continue;
            const auto from = place->gives_way_from_.load(std::memory_order_relaxed);
            if (from <= now && (longest == nullptr || from < longest->gives_way_from_))
                longest = place;
        }
        if (longest == nullptr) return false;
        let_go(*longest);
    }
    return true;
}

bool ConnectionTable::make_room_in_all(std::size_t connections, std::size_t octets,
                                       const Place* asker) {
    const auto is_room = [&] {
        return connections_ <= limits_.connections && octets_ + octets <= limits_.octets;
    };
    if (!is_room()) {
        const auto at_once = std::max(connections, limits_.connections / part_at_once);
        let_longest_go(connections == 0 ? 0 : at_once, octets, asker);
    }
    return is_room();
}

void ConnectionTable::let_longest_go(std::size_t count, std::size_t octets, const Place* asker) {
    const auto now = steady_clock::now().time_since_epoch().count();
    std::vector<std::pair<Place::Ticks, Place*>> waiting;
    for (Place* place : places_) {
        const auto from = place->gives_way_from_.load(std::memory_order_relaxed);
        if (from <= now && !place->is_leaving_ && place != asker) waiting.emplace_back(from, place);
    }
    std::ranges::sort(waiting);
    for (const auto& [from, place] : waiting) {
        if (count == 0 && octets_ + octets <= limits_.octets) return;
        let_go(*place);
        if (count > 0) --count;
    }
}

void ConnectionTable::let_go(Place& place) {
    // It may go by itself at this very moment.
    boost::asio::post(place.executor_, [going = place.weak_from_this()] {
        const auto held = going.lock();
        if (held && held->on_giving_way) held->on_giving_way();
    });
    uncount(place);
    place.is_leaving_ = true;
    on_giving_way_();
}

void ConnectionTable::uncount(Place& place) {
    --connections_;
    octets_ -= place.octets_;
    if (place.client_ == nullptr) return;
    --place.client_->connections;
    place.client_->octets -= place.octets_;
}

}  // namespace cairn::http
