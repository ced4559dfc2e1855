#include "crypto/pkcs11/uri.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <utility>

#include "asn1/der.h"
#include "crypto/pem_block.h"

namespace cairn::crypto {
namespace {

constexpr std::size_t longest_uri = 4096;
constexpr std::size_t longest_id = 255;
constexpr std::string_view scheme = "pkcs11:";
constexpr std::string_view file_scheme = "file:";

bool is_unreserved(unsigned char octet) {
    return (octet >= 'a' && octet <= 'z') || (octet >= 'A' && octet <= 'Z') ||
           (octet >= '0' && octet <= '9') || octet == '-' || octet == '.' || octet == '_' ||
           octet == '~';
}

// RFC 7512 section 2.3: pk11-path-res-avail and pk11-query-res-avail, what stands for itself.
bool may_stand(unsigned char octet, bool is_query) {
    constexpr std::string_view path = ":[]@!$'()*+,=&";
    constexpr std::string_view query = ":[]@!$'()*+,=/?|";
    return is_unreserved(octet) || (is_query ? query : path).contains(static_cast<char>(octet));
}

int digit(char letter) {
    if (letter >= '0' && letter <= '9') return letter - '0';
    if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
    if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
    return -1;
}

base::Result<std::string> decoded(std::string_view text, bool is_query) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        if (octet != '%') {
            if (!may_stand(octet, is_query))
                return base::fail("has the character \"" + base::printable(text.substr(i, 1)) +
                                  "\", which is written as %XX");
            result += text[i];
            continue;
        }
        if (text.size() - i < 3 || digit(text[i + 1]) < 0 || digit(text[i + 2]) < 0)
            return base::fail("has a % without two hexadecimal digits behind it");
        result += static_cast<char>((digit(text[i + 1]) << 4) | digit(text[i + 2]));
        i += 2;
    }
    return result;
}

void add_encoded(std::string& text, std::string_view value, bool is_query, bool all = false) {
    constexpr std::string_view digits = "0123456789ABCDEF";
    for (const char letter : value) {
        const auto octet = static_cast<unsigned char>(letter);
        // Of what may stand, only what no other reader of URIs could take for a delimiter.
        const bool stands =
            !all && (is_unreserved(octet) || (is_query && (octet == '/' || octet == ':')));
        if (stands) {
            text += letter;
        } else {
            text += '%';
            text += digits[octet >> 4U];
            text += digits[octet & 15U];
        }
    }
}

/// Takes the attributes of a URI one by one.
class Reader {
  public:
    base::Result<Pkcs11Uri> read(std::string_view text) {
        if (!Pkcs11Uri::is_one(text)) return base::fail("does not begin with \"pkcs11:\"");
        if (text.size() > longest_uri) return base::fail("is longer than 4096 octets");
        text.remove_prefix(scheme.size());
        const auto mark = text.find('?');
        take_all(text.substr(0, mark), ';', false);
        if (mark != std::string_view::npos) take_all(text.substr(mark + 1), '&', true);
        if (!error_) check();
        if (error_) return std::unexpected(*error_);
        return std::move(uri_);
    }

  private:
    void refuse(std::string message) {
        if (!error_) error_ = base::Error{std::move(message)};
    }
    void take_all(std::string_view part, char delimiter, bool is_query) {
        while (!part.empty() && !error_) {
            const auto end = part.find(delimiter);
            take(part.substr(0, end), is_query);
            if (end == std::string_view::npos) return;
            part.remove_prefix(end + 1);
            if (part.empty()) refuse(std::string("ends with \"") + delimiter + "\"");
        }
    }
    void take(std::string_view attribute, bool is_query) {
        const auto equals = attribute.find('=');
        const auto name = attribute.substr(0, equals);
        if (equals == std::string_view::npos)
            return refuse("\"" + base::printable(name, 40) + "\" is no attribute with a value");
        // Nothing of a PIN may come into a message.
        if (name == "pin-value")
            return refuse(
                "has a PIN in it (pin-value), which others see in the list of processes and in "
                "files: write it into a file of mode 0600 and name that by pin-source=file:/PATH");
        if (!seen_.emplace(name).second)
            return refuse("has the attribute " + base::printable(name, 40) + " twice");
        auto value = decoded(attribute.substr(equals + 1), is_query);
        if (!value) return refuse(base::printable(name, 40) + " " + value.error().message);
        if (is_query)
            take_query(name, *std::move(value));
        else
            take_path(name, *std::move(value));
    }
    void take_path(std::string_view name, std::string value) {
        if (name == "token")
            uri_.token = std::move(value);
        else if (name == "manufacturer")
            uri_.manufacturer = std::move(value);
        else if (name == "serial")
            uri_.serial = std::move(value);
        else if (name == "model")
            uri_.model = std::move(value);
        else if (name == "object")
            uri_.object = std::move(value);
        else if (name == "id")
            uri_.id = base::copy_of(base::bytes_of(value));
        else if (name == "slot-id")
            take_slot(value);
        else if (name == "type" && value != "private")
            refuse("is of a " + base::printable(value, 20) + "; a private key is wanted");
        else if (name != "type" && name != "library-manufacturer" &&
                 name != "library-description" && name != "library-version" &&
                 name != "slot-manufacturer" && name != "slot-description")
            refuse("has the attribute " + base::printable(name, 40) +
                   ", which is none of RFC 7512's");
        else if (name != "type")
            refuse("has the attribute " + base::printable(name, 40) +
                   ", by which nothing is chosen here: name the token by token, serial, model, "
                   "manufacturer or slot-id");
    }
    void take_query(std::string_view name, std::string value) {
        if (name == "module-path")
            uri_.module_path = std::move(value);
        else if (name == "module-name")
            uri_.module_name = std::move(value);
        else if (name == "pin-source")
            uri_.pin_source = std::move(value);
        else
            refuse("has the attribute " + base::printable(name, 40) +
                   " behind the \"?\", which is none of module-path, module-name and pin-source");
    }
    void take_slot(const std::string& value) {
        unsigned long number = 0;
        const auto* const end = value.data() + value.size();
        const auto [stop, fault] = std::from_chars(value.data(), end, number);
        if (fault != std::errc() || stop != end)
            refuse("has a slot-id that is no number");
        else
            uri_.slot_id = number;
    }
    void check() {
        for (const auto* text :
             {&uri_.token, &uri_.manufacturer, &uri_.serial, &uri_.model, &uri_.object,
              &uri_.module_path, &uri_.module_name, &uri_.pin_source})
            if (text->find('\0') != std::string::npos) refuse("has an octet 0 in a text");
        if (uri_.id.size() > longest_id) refuse("has an id of more than 255 octets");
        if (!uri_.module_path.empty() && !uri_.module_path.starts_with('/'))
            refuse("has a module-path that is not absolute");
        if (!uri_.module_path.empty() && !uri_.module_name.empty())
            refuse("has both module-path and module-name");
        const auto is_plain = [](char letter) {
            return is_unreserved(static_cast<unsigned char>(letter));
        };
        if (!std::ranges::all_of(uri_.module_name, is_plain) || uri_.module_name.starts_with('.'))
            refuse("has a module-name that is no name of a file");
        if (uri_.pin_source.starts_with('|'))
            refuse(
                "has a program as the source of the PIN: none is run for it; name a file that "
                "holds the PIN, pin-source=file:/PATH");
        else if (!uri_.pin_source.empty() && !uri_.pin_file().starts_with('/'))
            refuse("has a pin-source that is no file:/PATH");
    }

    Pkcs11Uri uri_;
    std::set<std::string, std::less<>> seen_;
    std::optional<base::Error> error_;
};

}  // namespace

base::Result<Pkcs11Uri> Pkcs11Uri::from_text(std::string_view text) {
    auto uri = Reader().read(text);
    if (!uri) return base::fail("the PKCS #11 URI " + uri.error().message);
    return uri;
}

std::string Pkcs11Uri::text() const {
    std::string text(scheme);
    bool is_first = true;
    const auto add = [&](char delimiter, std::string_view name, std::string_view value, bool all) {
        if (value.empty()) return;
        if (!std::exchange(is_first, false)) text += delimiter;
        text += name;
        text += '=';
        add_encoded(text, value, delimiter == '&', all);
    };
    add(';', "token", token, false);
    add(';', "manufacturer", manufacturer, false);
    add(';', "serial", serial, false);
    add(';', "model", model, false);
    if (slot_id) add(';', "slot-id", std::to_string(*slot_id), false);
    add(';', "object", object, false);
    add(';', "id", base::text_of(id), true);
    if (names_key()) add(';', "type", "private", false);
    if (module_path.empty() && module_name.empty() && pin_source.empty()) return text;
    text += '?';
    is_first = true;
    add('&', "module-path", module_path, false);
    add('&', "module-name", module_name, false);
    add('&', "pin-source", pin_source, false);
    return text;
}

std::string Pkcs11Uri::provider_pem() const {
    constexpr std::uint8_t visible_string = 0x1a;
    asn1::Writer writer;
    writer.nested(asn1::tag::sequence, [&] {
        writer.element(visible_string, "PKCS#11 Provider URI v1.0");
        writer.element(asn1::tag::utf8_string, text());
    });
    return to_pem("PKCS#11 PROVIDER URI", writer.view());
}

std::string Pkcs11Uri::pin_file() const {
    std::string_view file = pin_source;
    if (file.starts_with(file_scheme)) file.remove_prefix(file_scheme.size());
    // "file:///PATH" names this machine by nothing.
    if (file.starts_with("///")) file.remove_prefix(2);
    return std::string(file);
}

}  // namespace cairn::crypto
