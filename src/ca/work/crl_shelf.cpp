#include "ca/work/crl_shelf.h"

#include <utility>

#include <boost/asio/this_coro.hpp>

#include "ca/ports/repository.h"
#include "ca/rules/crl_names.h"

namespace cairn::ca {

namespace {

/// Announcements may be lost.
constexpr base::Milliseconds between_looks{2000};

}  // namespace

CrlShelf::CrlShelf(CrlStore& store, base::Announcements& announcements, base::Log& log)
    : store_(store),
      announcements_(announcements),
      log_(log),
      tasks_([this](std::exception_ptr error) {
          try {
              std::rethrow_exception(std::move(error));
          } catch (const std::exception& exception) {
              log_.error("revocation lists are not kept up", {{"reason", exception.what()}});
          }
      }) {}

void CrlShelf::start(const base::Executor& executor) {
    tasks_.spawn(executor, keep_up());
}

void CrlShelf::stop() {
    tasks_.close(base::Milliseconds(0));
}

base::Task<void> CrlShelf::keep_up() {
    const auto executor = co_await boost::asio::this_coro::executor;
    for (;;) {
        // Taken first, so that no list is missed.
        auto ticket = announcements_.ticket(executor, crl_announcement);
        try {
            co_await refresh();
            waits_for_store_ = false;
        } catch (const StoreFailure& error) {
            if (!std::exchange(waits_for_store_, true))
                log_.warning("revocation lists wait for the store", {{"reason", error.what()}});
        }
        co_await ticket.wait(between_looks);
    }
}

base::Task<void> CrlShelf::refresh() {
    const auto states = co_await store_.crl_states();
    for (const auto& state : states) {
        if (!state.present) continue;
        const auto path = crl_path(state.list);
        const auto former = find(path);
        if (former && former->head.number >= state.present->number) continue;
        auto crl = co_await store_.find_crl(state.list.id);
        if (!crl) continue;
        auto fresh = std::make_shared<const Crl>(
            Crl{state.list, crl->head, std::string(base::text_of(crl->der))});
        const std::scoped_lock lock(mutex_);
        by_path_.insert_or_assign(path, std::move(fresh));
    }
}

CrlShelf::Pointer CrlShelf::find(std::string_view path) const {
    const std::scoped_lock lock(mutex_);
    const auto found = by_path_.find(path);
    return found == by_path_.end() ? nullptr : found->second;
}

std::vector<CrlShelf::Pointer> CrlShelf::all() const {
    const std::scoped_lock lock(mutex_);
    std::vector<Pointer> crls;
    for (const auto& [path, crl] : by_path_) crls.push_back(crl);
    return crls;
}

}  // namespace cairn::ca
