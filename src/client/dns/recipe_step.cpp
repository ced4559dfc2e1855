#include "client/dns/recipe_step.h"

#include <array>
#include <optional>

#include <fmt/chrono.h>
#include <fmt/format.h>

#include "base/base64url.h"
#include "base/bytes.h"
#include "base/enum_table.h"
#include "client/dns/query_text.h"
#include "crypto/base64.h"
#include "crypto/mac.h"
#include "crypto/signature.h"
#include "http/http_date.h"
#include "net/ascii.h"

namespace cairn::client {
namespace {

struct FunctionFacts {
    std::string_view name{};
    StepForm usual = StepForm::raw;
    bool is_keyed = false;
    std::optional<crypto::HashFunction> hash{};
    /// Of a signature.
    std::optional<crypto::SignatureAlgorithm> algorithm{};
};

constexpr base::EnumTable<StepFunction, FunctionFacts> functions({
    {StepFunction::text, {"text"}},
    {StepFunction::join, {"join"}},
    {StepFunction::now, {"now"}},
    {StepFunction::nonce, {"nonce"}},
    {StepFunction::md5, {"md5", StepForm::hex, false, crypto::HashFunction::md5}},
    {StepFunction::sha1, {"sha1", StepForm::hex, false, crypto::HashFunction::sha1}},
    {StepFunction::sha256, {"sha256", StepForm::hex, false, crypto::HashFunction::sha256}},
    {StepFunction::sha512, {"sha512", StepForm::hex, false, crypto::HashFunction::sha512}},
    {StepFunction::hmac_md5, {"hmac_md5", StepForm::hex, true, crypto::HashFunction::md5}},
    {StepFunction::hmac_sha1, {"hmac_sha1", StepForm::hex, true, crypto::HashFunction::sha1}},
    {StepFunction::hmac_sha256, {"hmac_sha256", StepForm::hex, true, crypto::HashFunction::sha256}},
    {StepFunction::hmac_sha512, {"hmac_sha512", StepForm::hex, true, crypto::HashFunction::sha512}},
    {StepFunction::rsa_sha256,
     {"rsa_sha256", StepForm::base64, true, {}, crypto::SignatureAlgorithm::rs256}},
    {StepFunction::rsa_sha512,
     {"rsa_sha512", StepForm::base64, true, {}, crypto::SignatureAlgorithm::rs512}},
});

constexpr base::EnumTable<StepForm, std::string_view> forms({
    {StepForm::raw, "raw"},
    {StepForm::hex, "hex"},
    {StepForm::base64, "base64"},
    {StepForm::base64url, "base64url"},
    {StepForm::percent, "percent"},
    {StepForm::lower, "lower"},
    {StepForm::upper, "upper"},
});

constexpr base::EnumTable<StepTime, std::string_view> times({
    {StepTime::unix, "unix"},
    {StepTime::unix_ms, "unix_ms"},
    {StepTime::iso, "iso"},
    {StepTime::basic, "basic"},
    {StepTime::basic_offset, "basic_offset"},
    {StepTime::date, "date"},
    {StepTime::compact_date, "compact_date"},
    {StepTime::http, "http"},
});

std::string in_form(std::string_view octets, StepForm form) {
    switch (form) {
        case StepForm::raw:
            break;
        case StepForm::hex:
            return base::to_hex(base::bytes_of(octets));
        case StepForm::base64:
            return crypto::base64(base::bytes_of(octets));
        case StepForm::base64url:
            return base::base64url(base::bytes_of(octets));
        case StepForm::percent:
            return percent_encoded(octets);
        case StepForm::lower:
            return net::ascii_lower(octets);
        case StepForm::upper: {
            std::string text(octets);
            for (char& character : text)
                if (character >= 'a' && character <= 'z')
                    character = static_cast<char>(character - 'a' + 'A');
            return text;
        }
    }
    return std::string(octets);
}

std::string time_text(StepTime form, base::Time now) {
    switch (form) {
        case StepTime::unix:
            break;
        case StepTime::unix_ms:
            return fmt::format("{}000", now.time_since_epoch().count());
        case StepTime::iso:
            return fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", now);
        case StepTime::basic:
            return fmt::format("{:%Y%m%dT%H%M%SZ}", now);
        case StepTime::basic_offset:
            return fmt::format("{:%Y%m%dT%H:%M:%S+0000}", now);
        case StepTime::date:
            return fmt::format("{:%Y-%m-%d}", now);
        case StepTime::compact_date:
            return fmt::format("{:%Y%m%d}", now);
        case StepTime::http:
            return http::http_date(now);
    }
    return fmt::format("{}", now.time_since_epoch().count());
}

std::string text_of(const base::Bytes& octets) {
    return std::string(base::text_of(octets));
}

base::Result<std::string> octets_of(const RecipeStep& step, const ValueOf& value_of, base::Time now,
                                    crypto::Random& random) {
    if (step.function == StepFunction::now) return time_text(step.time, now + step.plus);
    if (step.function == StepFunction::nonce)
        return base::to_hex(random.octets((step.length + 1) / 2)).substr(0, step.length);
    std::size_t taken = 0;
    const ValueOf bounded = [&](std::string_view name) {
        if (taken > max_step) return std::string();
        auto value = value_of(name);
        taken += value.size();
        return taken > max_step ? std::string() : value;
    };
    std::string text;
    for (std::size_t i = 0; i < step.parts.size(); ++i)
        text += (i == 0 ? "" : step.with) + filled(step.parts[i], bounded, TemplateUse::text);
    if (taken > max_step || text.size() > max_step)
        return base::fail(fmt::format("it is applied to more than {} octets", max_step));
    const auto& facts = functions[step.function];
    const auto data = base::bytes_of(text);
    if (facts.algorithm) {
        const auto key =
            crypto::PrivateKey::from_pem(filled(step.key, value_of, TemplateUse::text));
        if (!key) return std::unexpected(key.error().within("the private key"));
        if (!crypto::fits(*facts.algorithm, key->public_key()))
            return base::fail("the private key is no RSA key");
        return text_of(crypto::sign(*key, *facts.algorithm, data));
    }
    if (!facts.hash) return text;
    if (!facts.is_keyed) return text_of(crypto::digest(*facts.hash, data));
    const auto key = filled(step.key, value_of, TemplateUse::text);
    return text_of(crypto::hmac(*facts.hash, base::bytes_of(key), data));
}

template <class Enum, class Table>
base::Result<Enum> named(std::string_view text, const Table& table) {
    if (const auto found = table.find(text)) return *found;
    return base::fail("is none of " + base::listed(table));
}

}  // namespace

base::Result<StepFunction> step_function_from(std::string_view text) {
    if (const auto found = functions.find(text, &FunctionFacts::name)) return *found;
    return base::fail("is none of " + base::listed(functions, &FunctionFacts::name));
}
base::Result<StepForm> step_form_from(std::string_view text) {
    return named<StepForm>(text, forms);
}
base::Result<StepTime> step_time_from(std::string_view text) {
    return named<StepTime>(text, times);
}

bool is_keyed(StepFunction function) {
    return functions[function].is_keyed;
}
StepForm usual_form(StepFunction function) {
    return functions[function].usual;
}

base::Result<std::string> result_of(const RecipeStep& step, const ValueOf& value_of, base::Time now,
                                    crypto::Random& random) {
    const auto octets = octets_of(step, value_of, now, random);
    if (!octets) return std::unexpected(octets.error());
    return in_form(*octets, step.form);
}

}  // namespace cairn::client
