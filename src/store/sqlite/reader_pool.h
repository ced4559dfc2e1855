#pragma once
// Private to the .cpp files of store.

#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "store/sqlite/connection.h"

namespace cairn::store {

/// Connections that only read, as many as there are threads that read at the same time.
/// Thread-safe.
class ReaderPool {
  public:
    explicit ReaderPool(std::string path) : path_(std::move(path)) {}

    /// `read(connection)`, run on the calling thread. It never waits for the writer.
    template <class Read>
    std::invoke_result_t<Read&, Connection&> read(Read read) {
        auto connection = take();
        const Return back{*this, connection};
        return read(*connection);
    }

  private:
    using Reader = std::unique_ptr<Connection>;
    struct Return {
        ReaderPool& pool;
        Reader& connection;
        ~Return() { pool.give_back(std::move(connection)); }
    };

    [[nodiscard]] Reader take();
    void give_back(Reader connection);

    const std::string path_;
    std::mutex mutex_;
    std::vector<Reader> idle_;
};

}  // namespace cairn::store
