#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "client/dns/credentials.h"
#include "client/timer.h"
#include "crypto/random.h"
#include "net/socket_address.h"

namespace cairn::client {

class Progress;

/// What a TXT record is to prove, for programs and servers that work the record out by themselves.
struct TxtProof {
    /// Without "*.", whatever the record is called; empty: nothing is known of the proof.
    std::string domain{};
    /// Of dns-01; empty: it is another method.
    std::string token{};
    std::string key_authorization{};
    /// Hears of programs that are run for it; null: nobody does.
    Progress* progress = nullptr;
};

/// A TXT record that is to be there for a while. Names in lower case, without a final dot.
struct TxtRecord {
    std::string zone;
    std::string name;   ///< the zone's or one below it
    std::string value;  ///< without quotes
    TxtProof proof{};
    /// The name as it is within the zone: "_acme-challenge.www"; "@" for the zone's own.
    [[nodiscard]] std::string relative_name() const;
};

/// In seconds, where a provider does not want more.
inline constexpr int default_time_to_live = 60;

/// Whoever keeps zones and lets records be changed. Thread-safe. What goes wrong is thrown as
/// Failure.
class DnsProvider {
  public:
    virtual ~DnsProvider() = default;
    /// Makes the value stand under the name, besides any others; one that stands already is fine.
    virtual void set(const TxtRecord& record) = 0;
    /// Takes this value away and leaves others alone; one that is gone already is fine.
    virtual void remove(const TxtRecord& record) = 0;

    /// Whether this account has the zone; nothing if the provider cannot tell.
    [[nodiscard]] virtual std::optional<bool> has_zone(const std::string& zone) {
        static_cast<void>(zone);
        return std::nullopt;
    }
    /// A name server that the provider itself changes, and that knows its zones better than
    /// resolvers do.
    [[nodiscard]] virtual std::optional<net::SocketAddress> authority() const {
        return std::nullopt;
    }
    /// How long its servers may take to show a change, if it knows better than its kind does.
    [[nodiscard]] virtual std::optional<std::chrono::seconds> longest_propagation() {
        return std::nullopt;
    }
};

/// Hears what is said to a provider and what it answers, without secrets.
class DnsTrace {
  public:
    virtual ~DnsTrace() = default;
    /// `text` may have several lines.
    virtual void tell(std::string_view text) = 0;
};

/// What providers work with; it outlives them.
struct ProviderContext {
    const base::Clock& clock;
    Timer& timer;
    crypto::Random& random;
    /// For requests over HTTP.
    std::string user_agent{};
    /// Null: nobody wants to hear.
    DnsTrace* trace = nullptr;
};

/// How much one change at a provider writes anew, and so what is locked meanwhile.
enum class ChangeScope { record_set, zone };

/// A provider that can be named on the command line.
struct ProviderKind {
    std::string name;   ///< "cloudflare"
    std::string title;  ///< "Cloudflare"
    /// The least that an access key must be allowed to do, and where it is made; a sentence.
    std::string access{};
    /// Address of the documentation, and the day on which this was written.
    std::string documentation{};
    std::vector<CredentialKey> keys{};
    ChangeScope scope = ChangeScope::record_set;
    /// How long its servers may take to show a change.
    std::chrono::seconds patience{300};
    /// Whether it was tried against the real service or server.
    enum class Trial { real, by_documentation };
    Trial trial = Trial::by_documentation;
    /// Whether a key that is not among `keys` may stand among the credentials too; null: none may.
    bool (*accepts)(std::string_view key) = nullptr;
    /// The error says what is wrong with the credentials.
    std::function<base::Result<std::unique_ptr<DnsProvider>>(
        const ProviderKind&, const DnsCredentials&, const ProviderContext&)>
        make{};
};

class RecordPlaces;
struct RecordPlace;
/// Where the TXT record of this name belongs, in a zone that the provider has: the one found, or
/// one above it, since a network may have zones inside that the provider does not know. Throws
/// Failure.
[[nodiscard]] RecordPlace place_at_provider(RecordPlaces& places, const std::string& name,
                                            DnsProvider& provider, const ProviderKind& kind);

/// All providers that come with the program, by name. A new one is a file in providers/ and a line
/// in providers.list, or a file in recipes/.
[[nodiscard]] const std::vector<ProviderKind>& provider_kinds();
/// One of them, or recipes/NAME.toml of the folder of settings, which comes first, or a script of
/// the user's own acme.sh ("acme.sh-dns_cf"). The error names the nearest one, or says what is
/// wrong with the file. What is returned stays for good.
[[nodiscard]] base::Result<const ProviderKind*> find_provider_kind(
    std::string_view name, const std::filesystem::path& settings_folder = {});

}  // namespace cairn::client
