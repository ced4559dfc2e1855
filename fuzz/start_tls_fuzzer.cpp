#include <algorithm>
#include <cstdlib>

#include "base/bytes.h"
#include "base/enum_table.h"
#include "fuzz/target.h"
#include "net/start_tls.h"

using namespace cairn;

namespace {

/// The octets in parts, of which the first octet of each says how long it is.
class Parts final : public net::PlainStream {
  public:
    explicit Parts(std::string_view octets) : rest_(octets) {}
    base::Result<std::string> receive() override {
        if (rest_.size() < 2) return base::fail("nothing more");
        const auto size =
            std::clamp<std::size_t>(static_cast<unsigned char>(rest_[0]), 1, rest_.size() - 1);
        std::string part(rest_.substr(1, size));
        rest_.remove_prefix(1 + size);
        return part;
    }
    base::Result<void> send(std::string_view) override { return {}; }

  private:
    std::string_view rest_;
};

}  // namespace

// A server says what it likes before TLS begins.
CAIRN_FUZZ_TARGET(start_tls) {
    if (size == 0) return 0;
    constexpr auto& kinds = base::enumerators<net::StartTls>;
    Parts parts(base::text_of({data + 1, size - 1}));
    const auto begun = net::begin_start_tls(parts, kinds[data[0] % kinds.size()], "a.example");
    if (!begun && begun.error().message.empty()) std::abort();
    return 0;
}
