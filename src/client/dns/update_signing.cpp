#include "client/dns/update_signing.h"

#include <string>
#include <utility>

#include "crypto/base64.h"
#include "dns/tkey.h"
#include "dns/tsig_key_file.h"
#include "net/socket_address.h"

namespace cairn::client {
namespace {

constexpr std::size_t max_key_file = 65536;

base::Result<dns::TsigKey> key_from(const DnsCredentials& credentials) {
    if (credentials.has("tsig_file")) {
        const auto text = read_private_file(credentials.text("tsig_file"), max_key_file);
        if (!text) return std::unexpected(text.error().within("tsig_file"));
        auto key = dns::tsig_key_from_file(*text);
        if (!key) return std::unexpected(key.error().within("tsig_file"));
        return key;
    }
    auto algorithm = credentials.text("tsig_algorithm");
    if (algorithm.empty()) algorithm = "hmac-sha256";
    const auto function = dns::tsig_function_from(algorithm);
    if (!function) return std::unexpected(function.error().within("tsig_algorithm"));
    const auto secret = crypto::from_base64(credentials.text("tsig_secret"));
    if (!secret) return std::unexpected(secret.error().within("tsig_secret"));
    return dns::TsigKey{.name = credentials.text("tsig_name"),
                        .function = *function,
                        .secret = {secret->begin(), secret->end()}};
}

base::Result<GssOptions> kerberos_from(const DnsCredentials& credentials) {
    GssOptions options{.host = credentials.text("kerberos_host"),
                       .principal = credentials.text("kerberos_principal"),
                       .keytab = credentials.text("kerberos_keytab")};
    if (options.host.empty()) {
        const auto server = credentials.text("server");
        if (net::SocketAddress::from_text(server, 1))
            return base::fail(
                "kerberos_host is missing: the host of the server's service DNS/HOST");
        options.host = server.substr(0, server.rfind(':'));
    }
    if (!options.keytab.empty())
        if (const auto text = read_private_file(options.keytab, max_key_file); !text)
            return std::unexpected(text.error().within("kerberos_keytab"));
    return options;
}

}  // namespace

base::Result<UpdateSigning> UpdateSigning::from(const DnsCredentials& credentials) {
    UpdateSigning signing;
    const bool has_key = credentials.has("tsig_name") || credentials.has("tsig_secret");
    if (credentials.text("tsig_algorithm") == dns::gss_tsig) {
        if (has_key || credentials.has("tsig_file"))
            return base::fail("gss-tsig has no tsig_name, tsig_secret or tsig_file");
        auto kerberos = kerberos_from(credentials);
        if (!kerberos) return std::unexpected(kerberos.error());
        signing.kerberos = std::move(*kerberos);
        return signing;
    }
    for (const auto* name : {"kerberos_host", "kerberos_principal", "kerberos_keytab"})
        if (credentials.has(name))
            return base::fail(std::string(name) + " goes with tsig_algorithm = \"gss-tsig\"");
    if (credentials.has("tsig_name") != credentials.has("tsig_secret"))
        return base::fail("tsig_name and tsig_secret go together");
    if (has_key && credentials.has("tsig_file"))
        return base::fail("tsig_file stands in the place of tsig_name and tsig_secret");
    if (!has_key && !credentials.has("tsig_file")) return signing;
    auto key = key_from(credentials);
    if (!key) return std::unexpected(key.error());
    signing.key = std::move(*key);
    return signing;
}

}  // namespace cairn::client
