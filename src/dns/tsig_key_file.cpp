#include "dns/tsig_key_file.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "crypto/base64.h"

namespace cairn::dns {
namespace {

constexpr std::size_t max_file = 16384;
constexpr std::size_t max_name = 255;

constexpr bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

/// Takes words, strings in quotes, and the characters { } ; one after the other.
class Words {
  public:
    explicit Words(std::string_view text) : rest_(text) {}

    /// Nothing at the end. A string may be empty, a word is not.
    base::Result<std::optional<std::string_view>> next() {
        if (auto skipped = skip(); !skipped) return std::unexpected(skipped.error());
        if (rest_.empty()) return std::nullopt;
        if (rest_.front() == '"') {
            const auto end = rest_.find('"', 1);
            if (end == std::string_view::npos) return base::fail("a quote is not closed");
            return take(1, end - 1, end + 1);
        }
        if (is_mark(rest_.front())) return take(0, 1, 1);
        std::size_t length = 0;
        while (length < rest_.size() && !is_space(rest_[length]) && !is_mark(rest_[length]) &&
               rest_[length] != '"')
            ++length;
        return take(0, length, length);
    }

  private:
    static bool is_mark(char c) { return c == '{' || c == '}' || c == ';'; }
    std::string_view take(std::size_t start, std::size_t length, std::size_t whole) {
        const auto word = rest_.substr(start, length);
        rest_.remove_prefix(whole);
        return word;
    }
    base::Result<void> skip() {
        for (;;) {
            while (!rest_.empty() && is_space(rest_.front())) rest_.remove_prefix(1);
            std::size_t end = 0;
            if (rest_.starts_with('#') || rest_.starts_with("//")) {
                end = std::min(rest_.find('\n'), rest_.size());
            } else if (rest_.starts_with("/*")) {
                end = rest_.find("*/", 2);
                if (end == std::string_view::npos) return base::fail("a comment is not closed");
                end += 2;
            } else {
                return {};
            }
            rest_.remove_prefix(end);
        }
    }
    std::string_view rest_;
};

/// Reads the one key of a file. Used once.
class KeyReader {
  public:
    explicit KeyReader(std::string_view text) : words_(text) {}

    base::Result<TsigKey> read() {
        if (auto start = expect("key"); !start) return std::unexpected(start.error());
        auto name = word("the name of the key");
        if (!name) return std::unexpected(name.error());
        if (name->empty() || name->size() > max_name) return base::fail("the key has no name");
        if (auto open = expect("{"); !open) return std::unexpected(open.error());
        for (;;) {
            const auto member = word("algorithm, secret or }");
            if (!member) return std::unexpected(member.error());
            if (*member == "}") break;
            if (auto taken = take(*member); !taken) return std::unexpected(taken.error());
            if (auto end = expect(";"); !end) return std::unexpected(end.error());
        }
        if (auto end = expect(";"); !end) return std::unexpected(end.error());
        const auto more = words_.next();
        if (!more) return std::unexpected(more.error());
        if (*more) return base::fail("something stands behind the key; one file has one key");
        if (!function_) return base::fail("the key has no algorithm");
        if (!secret_) return base::fail("the key has no secret");
        return TsigKey{
            .name = std::string(*name), .function = *function_, .secret = std::move(*secret_)};
    }

  private:
    base::Result<std::string_view> word(std::string_view what) {
        const auto found = words_.next();
        if (!found) return std::unexpected(found.error());
        if (!*found) return base::fail(fmt::format("it ends where {} should be", what));
        return **found;
    }
    base::Result<void> expect(std::string_view wanted) {
        const auto found = word(wanted);
        if (!found) return std::unexpected(found.error());
        // What stands there instead may be the secret.
        if (*found != wanted)
            return base::fail(fmt::format("something else stands where {} should be", wanted));
        return {};
    }
    base::Result<void> take(std::string_view member) {
        const auto value = word(member);
        if (!value) return std::unexpected(value.error());
        if (member == "algorithm" && !function_) {
            const auto function = tsig_function_from(*value);
            if (!function) return std::unexpected(function.error());
            function_ = *function;
            return {};
        }
        if (member == "secret" && !secret_) {
            const auto octets = crypto::from_base64(*value);
            if (!octets || octets->empty()) return base::fail("its secret is no base64");
            secret_.emplace(octets->begin(), octets->end());
            return {};
        }
        return base::fail("a key has one algorithm and one secret, and nothing else");
    }

    Words words_;
    std::optional<crypto::HashFunction> function_;
    std::optional<base::SecretBytes> secret_;
};

}  // namespace

base::Result<TsigKey> tsig_key_from_file(std::string_view text) {
    if (text.size() > max_file) return base::fail("longer than 16384 octets");
    return KeyReader(text).read();
}

}  // namespace cairn::dns
