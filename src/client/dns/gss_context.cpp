#include "client/dns/gss_context.h"

#include <utility>

#include "dns/tkey.h"

#ifdef CAIRN_WITH_GSSAPI
#include <atomic>

#include <fmt/format.h>
#include <gssapi/gssapi.h>
#include <gssapi/gssapi_ext.h>
#include <unistd.h>
#endif

namespace cairn::client {

#ifdef CAIRN_WITH_GSSAPI

namespace {

// SPNEGO, 1.3.6.1.5.5.2, as RFC 3645 section 3.1.1 wants it.
constexpr std::string_view spnego = "\x2b\x06\x01\x05\x05\x02";

gss_OID_desc oid_of(std::string_view octets) {
    return {static_cast<OM_uint32>(octets.size()), const_cast<char*>(octets.data())};
}

bool has_failed(OM_uint32 major) {
    return (major & 0xffff0000U) != 0;
}

/// Octets for GSS-API, which does not change them.
gss_buffer_desc lent(base::BytesView octets) {
    return {octets.size(), const_cast<std::uint8_t*>(octets.data())};
}

/// Octets of GSS-API's.
class Buffer {
  public:
    Buffer() = default;
    ~Buffer() {
        OM_uint32 minor = 0;
        gss_release_buffer(&minor, &buffer_);
    }
    Buffer(const Buffer&) = delete;
    Buffer& operator=(const Buffer&) = delete;
    [[nodiscard]] gss_buffer_t place() { return &buffer_; }
    [[nodiscard]] base::BytesView octets() const {
        return {static_cast<const std::uint8_t*>(buffer_.value), buffer_.length};
    }

  private:
    gss_buffer_desc buffer_{0, nullptr};
};

void add_status(std::string& text, OM_uint32 status, int kind) {
    OM_uint32 more = 0;
    do {
        OM_uint32 minor = 0;
        Buffer words;
        if (has_failed(gss_display_status(&minor, status, kind, nullptr, &more, words.place())))
            return;
        text += (text.empty() ? "" : ": ") + base::printable(base::text_of(words.octets()));
    } while (more != 0);
}

std::unexpected<base::Error> failure(std::string_view what, OM_uint32 major, OM_uint32 minor) {
    std::string text;
    add_status(text, major, GSS_C_GSS_CODE);
    if (minor != 0) add_status(text, minor, GSS_C_MECH_CODE);
    return base::fail(fmt::format("Kerberos cannot {}: {}", what, text));
}

/// A name of GSS-API's.
class Name {
  public:
    ~Name() {
        OM_uint32 minor = 0;
        gss_release_name(&minor, &name_);
    }
    Name() = default;
    Name(const Name&) = delete;
    Name& operator=(const Name&) = delete;
    base::Result<void> read(const std::string& text, gss_OID kind) {
        OM_uint32 minor = 0;
        auto octets = lent(base::bytes_of(text));
        const auto major = gss_import_name(&minor, &octets, kind, &name_);
        if (has_failed(major)) return failure("read the name " + text, major, minor);
        return {};
    }
    [[nodiscard]] gss_name_t name() const { return name_; }

  private:
    gss_name_t name_ = nullptr;
};

class KerberosContext final : public GssContext {
  public:
    explicit KerberosContext(std::string key_name) : key_name_(std::move(key_name)) {}
    ~KerberosContext() override {
        OM_uint32 minor = 0;
        gss_delete_sec_context(&minor, &context_, nullptr);
        gss_release_cred(&minor, &credential_);
    }

    base::Result<void> prepare(const GssOptions& options) {
        if (auto read = service_.read("DNS@" + options.host, GSS_C_NT_HOSTBASED_SERVICE); !read)
            return read;
        if (options.keytab.empty() && options.principal.empty()) return {};
        Name principal;
        if (!options.principal.empty())
            if (auto read = principal.read(options.principal, GSS_C_NT_USER_NAME); !read)
                return read;
        // A cache of its own, so that no ticket of somebody else is taken.
        static std::atomic<unsigned> count = 0;
        const auto cache = fmt::format("MEMORY:cairn-{}-{}", ::getpid(), ++count);
        const auto keytab = options.keytab.string();
        gss_key_value_element_desc elements[] = {{"client_keytab", keytab.c_str()},
                                                 {"ccache", cache.c_str()}};
        const gss_key_value_set_desc store{options.keytab.empty() ? 0U : 2U, elements};
        auto mechanism = oid_of(spnego);
        gss_OID_set_desc mechanisms{1, &mechanism};
        OM_uint32 minor = 0;
        const auto major =
            gss_acquire_cred_from(&minor, principal.name(), GSS_C_INDEFINITE, &mechanisms,
                                  GSS_C_INITIATE, &store, &credential_, nullptr, nullptr);
        if (has_failed(major)) return failure("find the credentials", major, minor);
        return {};
    }

    base::Result<base::Bytes> step(base::BytesView from_server) override {
        auto mechanism = oid_of(spnego);
        auto input = lent(from_server);
        Buffer output;
        OM_uint32 minor = 0;
        OM_uint32 granted = 0;
        constexpr OM_uint32 wanted = GSS_C_MUTUAL_FLAG | GSS_C_REPLAY_FLAG | GSS_C_INTEG_FLAG;
        const auto major = gss_init_sec_context(&minor, credential_, &context_, service_.name(),
                                                &mechanism, wanted, GSS_C_INDEFINITE, nullptr,
                                                from_server.empty() ? nullptr : &input, nullptr,
                                                output.place(), &granted, nullptr);
        if (has_failed(major)) return failure("speak with the server", major, minor);
        is_complete_ = major == GSS_S_COMPLETE;
        if (is_complete_ && (granted & wanted) != wanted)
            return base::fail("Kerberos does not assure that it is the server who answers");
        return base::copy_of(output.octets());
    }
    bool is_complete() const override { return is_complete_; }

    const std::string& key_name() const override { return key_name_; }
    std::string algorithm() const override { return std::string(dns::gss_tsig); }
    base::Result<base::Bytes> mac_of(base::BytesView text) override {
        auto message = lent(text);
        Buffer mac;
        OM_uint32 minor = 0;
        const auto major = gss_get_mic(&minor, context_, GSS_C_QOP_DEFAULT, &message, mac.place());
        if (has_failed(major)) return failure("sign", major, minor);
        return base::copy_of(mac.octets());
    }
    bool is_mac_of(base::BytesView text, base::BytesView mac) override {
        auto message = lent(text);
        auto token = lent(mac);
        OM_uint32 minor = 0;
        return gss_verify_mic(&minor, context_, &message, &token, nullptr) == GSS_S_COMPLETE;
    }

  private:
    const std::string key_name_;
    Name service_;
    gss_cred_id_t credential_ = nullptr;
    gss_ctx_id_t context_ = nullptr;
    bool is_complete_ = false;
};

}  // namespace

base::Result<std::unique_ptr<GssContext>> GssContext::begin(const GssOptions& options,
                                                            std::string key_name) {
    auto context = std::make_unique<KerberosContext>(std::move(key_name));
    if (auto prepared = context->prepare(options); !prepared)
        return std::unexpected(prepared.error());
    return context;
}

#else

base::Result<std::unique_ptr<GssContext>> GssContext::begin(const GssOptions&, std::string) {
    return base::fail("this program was built without Kerberos (libkrb5-dev)");
}

#endif

}  // namespace cairn::client
