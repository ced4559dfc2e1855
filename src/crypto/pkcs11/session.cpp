#include "crypto/pkcs11/session.h"

#include <algorithm>
#include <span>

#include "crypto/passphrase.h"

namespace cairn::crypto {
namespace {

constexpr CK_ULONG most_slots = 1024;
constexpr CK_ULONG most_objects = 64;
constexpr CK_ULONG longest_attribute = 16384;
constexpr CK_ULONG longest_signature = 4096;

// A text of a fixed place, which blanks fill up.
template <std::size_t size>
std::string text_in(const unsigned char (&place)[size]) {
    std::string text(reinterpret_cast<const char*>(place), size);
    text.erase(text.find_last_not_of(std::string_view(" \0", 2)) + 1);
    return text;
}

bool is_token_of(const Pkcs11Uri& uri, CK_SLOT_ID slot, const CK_TOKEN_INFO& facts) {
    const auto is = [](const std::string& wanted, const std::string& present) {
        return wanted.empty() || wanted == present;
    };
    return (facts.flags & CKF_TOKEN_INITIALIZED) != 0 && is(uri.token, text_in(facts.label)) &&
           is(uri.serial, text_in(facts.serialNumber)) && is(uri.model, text_in(facts.model)) &&
           is(uri.manufacturer, text_in(facts.manufacturerID)) &&
           (!uri.slot_id || *uri.slot_id == slot);
}

/// The token of a URI, and where it is.
struct Place {
    CK_SLOT_ID slot;
    CK_TOKEN_INFO facts;
};

Place place_of(const Pkcs11Module::Use& use, const Pkcs11Module& module, const Pkcs11Uri& uri) {
    const auto what = "looking for the token in " + module.path();
    CK_ULONG count = 0;
    require_ok(use->C_GetSlotList(CK_TRUE, nullptr, &count), what);
    std::vector<CK_SLOT_ID> slots(std::min(count + 8, most_slots));
    count = slots.size();
    require_ok(use->C_GetSlotList(CK_TRUE, slots.data(), &count), what);
    slots.resize(std::min<CK_ULONG>(count, slots.size()));
    std::vector<Place> found;
    std::string others;
    for (const auto slot : slots) {
        CK_TOKEN_INFO facts{};
        if (use->C_GetTokenInfo(slot, &facts) != CKR_OK) continue;
        if (is_token_of(uri, slot, facts))
            found.push_back({slot, facts});
        else if ((facts.flags & CKF_TOKEN_INITIALIZED) != 0)
            others += (others.empty() ? "" : ", ") + base::printable(text_in(facts.label), 32);
    }
    if (found.size() == 1) return found.front();
    Pkcs11Uri wanted = uri;
    wanted.object.clear();
    wanted.id.clear();
    wanted.module_name = wanted.module_path = wanted.pin_source = {};
    if (found.empty())
        throw KeyUnavailable("no token there is " + wanted.text() + " (" + module.path() +
                             (others.empty() ? " has none" : " has " + others) + ")");
    throw KeyUnavailable(std::to_string(found.size()) + " tokens are " + wanted.text() +
                         ": tell which by its serial or slot-id");
}

}  // namespace

Pkcs11Session::Pkcs11Session(std::shared_ptr<Pkcs11Module> module, const Pkcs11Uri& uri,
                             Access access)
    : module_(std::move(module)), uri_(uri) {
    const auto use = module_->use();
    generation_ = use.generation();
    const auto [slot, facts] = place_of(use, *module_, uri_);
    slot_ = slot;
    token_ = text_in(facts.label);
    const CK_FLAGS flags = CKF_SERIAL_SESSION | (access == Access::write ? CKF_RW_SESSION : 0UL);
    require_ok(use->C_OpenSession(slot, flags, nullptr, nullptr, &handle_),
               asked("opening a session with"));
    try {
        if ((facts.flags & CKF_LOGIN_REQUIRED) != 0) log_in(use, facts);
    } catch (...) {
        (void)use->C_CloseSession(handle_);
        throw;
    }
}

Pkcs11Session::~Pkcs11Session() {
    const auto use = module_->use();
    if (use.generation() == generation_) (void)use->C_CloseSession(handle_);
}

bool Pkcs11Session::is_current() const {
    return module_->use().generation() == generation_;
}

std::string Pkcs11Session::asked(const std::string& what) const {
    return what + " the token " + base::printable(token_, 32);
}

base::SecretBytes Pkcs11Session::pin() const {
    if (uri_.pin_source.empty())
        throw KeyUnavailable("the token " + base::printable(token_, 32) +
                             " wants a PIN: write it into a file of mode 0600, and name that in "
                             "the URI, pin-source=file:/PATH");
    try {
        return read_secret_line(uri_.pin_file(), "the PIN");
    } catch (const std::runtime_error& error) {
        throw KeyUnavailable(error.what());
    }
}

void Pkcs11Session::log_in(const Pkcs11Module::Use& use, const CK_TOKEN_INFO& facts) {
    CK_SESSION_INFO session{};
    if (use->C_GetSessionInfo(handle_, &session) == CKR_OK &&
        (session.state == CKS_RO_USER_FUNCTIONS || session.state == CKS_RW_USER_FUNCTIONS))
        return;
    if ((facts.flags & CKF_USER_PIN_LOCKED) != 0)
        throw KeyUnavailable(asked("the PIN is locked of") +
                             ": unlock it by the tool that came with the token");
    const auto what = asked("logging in to");
    has_own_pad_ =
        (facts.flags & CKF_PROTECTED_AUTHENTICATION_PATH) != 0 && uri_.pin_source.empty();
    if (has_own_pad_) {
        const auto code = use->C_Login(handle_, CKU_USER, nullptr, 0);
        if (code != CKR_USER_ALREADY_LOGGED_IN) require_ok(code, what);
        return;
    }
    auto secret = pin();
    const auto name = token_ + "/" + text_in(facts.serialNumber);
    if (module_->has_refused(name, secret))
        throw KeyUnavailable(what + ": the PIN of " + uri_.pin_file() +
                             " was refused before, and is not tried again before the file has "
                             "another");
    if ((facts.flags & CKF_USER_PIN_FINAL_TRY) != 0)
        throw KeyUnavailable(what +
                             ": one try is left before its PIN is locked, and is not spent here: "
                             "log in by the tool that came with the token");
    const auto code = use->C_Login(handle_, CKU_USER, secret.data(), secret.size());
    if (code == CKR_PIN_INCORRECT || code == CKR_PIN_LEN_RANGE || code == CKR_PIN_INVALID)
        module_->note_refusal(name, secret);
    if (code != CKR_USER_ALREADY_LOGGED_IN)
        require_ok(code, what + " with the PIN of " + uri_.pin_file());
}

std::vector<CK_OBJECT_HANDLE> Pkcs11Session::objects(CK_OBJECT_CLASS kind) const {
    const auto use = module_->use();
    std::string label = uri_.object;
    auto id = uri_.id;
    std::vector<CK_ATTRIBUTE> wanted{{CKA_CLASS, &kind, sizeof kind}};
    if (!label.empty()) wanted.push_back({CKA_LABEL, label.data(), label.size()});
    if (!id.empty()) wanted.push_back({CKA_ID, id.data(), id.size()});
    const auto what = asked("looking for a key in");
    require_ok(use->C_FindObjectsInit(handle_, wanted.data(), wanted.size()), what);
    std::vector<CK_OBJECT_HANDLE> found(most_objects);
    CK_ULONG count = 0;
    const auto code = use->C_FindObjects(handle_, found.data(), found.size(), &count);
    (void)use->C_FindObjectsFinal(handle_);
    require_ok(code, what);
    found.resize(std::min<CK_ULONG>(count, found.size()));
    return found;
}

std::optional<base::Bytes> Pkcs11Session::attribute(CK_OBJECT_HANDLE object,
                                                    CK_ATTRIBUTE_TYPE type) const {
    const auto use = module_->use();
    CK_ATTRIBUTE wanted{type, nullptr, 0};
    const auto code = use->C_GetAttributeValue(handle_, object, &wanted, 1);
    if (code == CKR_ATTRIBUTE_TYPE_INVALID || code == CKR_ATTRIBUTE_SENSITIVE) return std::nullopt;
    require_ok(code, asked("reading a key's attribute from"));
    if (wanted.ulValueLen == static_cast<CK_ULONG>(-1) || wanted.ulValueLen > longest_attribute)
        return std::nullopt;
    base::Bytes value(wanted.ulValueLen);
    wanted.pValue = value.data();
    require_ok(use->C_GetAttributeValue(handle_, object, &wanted, 1),
               asked("reading a key's attribute from"));
    value.resize(std::min<CK_ULONG>(wanted.ulValueLen, value.size()));
    return value;
}

Pkcs11Session::FoundKey Pkcs11Session::private_key() const {
    const auto found = objects(CKO_PRIVATE_KEY);
    const auto uri = [&] {
        auto text = uri_;
        text.module_name = text.module_path = text.pin_source = {};
        return text.text();
    };
    if (found.empty())
        throw KeyUnavailable("the token " + base::printable(token_, 32) +
                             " has no private key that is " + uri());
    if (found.size() > 1)
        throw KeyUnavailable(std::to_string(found.size()) + " private keys in the token are " +
                             uri() + ": tell which by its id");
    const auto always = attribute(found.front(), CKA_ALWAYS_AUTHENTICATE);
    return {found.front(), always && always->size() == 1 && always->front() != CK_FALSE};
}

base::Bytes Pkcs11Session::sign(const FoundKey& key, CK_MECHANISM_TYPE mechanism,
                                base::BytesView data) const {
    const auto use = module_->use();
    const auto what = asked("signing by");
    CK_MECHANISM wanted{mechanism, nullptr, 0};
    require_ok(use->C_SignInit(handle_, &wanted, key.handle), what);
    if (key.is_always_authenticated) {
        auto secret = has_own_pad_ ? base::SecretBytes() : pin();
        require_ok(use->C_Login(handle_, CKU_CONTEXT_SPECIFIC,
                                has_own_pad_ ? nullptr : secret.data(), secret.size()),
                   what + " (its PIN for one signature)");
    }
    base::Bytes signature(longest_signature);
    CK_ULONG size = signature.size();
    base::Bytes octets(data.begin(), data.end());
    require_ok(use->C_Sign(handle_, octets.data(), octets.size(), signature.data(), &size), what);
    signature.resize(std::min<CK_ULONG>(size, signature.size()));
    return signature;
}

void Pkcs11Session::generate(CK_MECHANISM_TYPE mechanism, std::vector<CK_ATTRIBUTE> of_public,
                             std::vector<CK_ATTRIBUTE> of_private) const {
    const auto use = module_->use();
    CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
    std::string label = uri_.object;
    auto id = uri_.id;
    for (auto* const list : {&of_public, &of_private}) {
        list->push_back({CKA_TOKEN, &yes, sizeof yes});
        list->push_back({CKA_LABEL, label.data(), label.size()});
        list->push_back({CKA_ID, id.data(), id.size()});
    }
    of_public.push_back({CKA_VERIFY, &yes, sizeof yes});
    of_private.push_back({CKA_PRIVATE, &yes, sizeof yes});
    of_private.push_back({CKA_SENSITIVE, &yes, sizeof yes});
    of_private.push_back({CKA_EXTRACTABLE, &no, sizeof no});
    of_private.push_back({CKA_SIGN, &yes, sizeof yes});
    CK_MECHANISM wanted{mechanism, nullptr, 0};
    CK_OBJECT_HANDLE public_half = 0, private_half = 0;
    require_ok(
        use->C_GenerateKeyPair(handle_, &wanted, of_public.data(), of_public.size(),
                               of_private.data(), of_private.size(), &public_half, &private_half),
        asked("making a key in"));
}

void Pkcs11Session::destroy(CK_OBJECT_HANDLE object) const {
    require_ok(module_->use()->C_DestroyObject(handle_, object), asked("removing a key from"));
}

}  // namespace cairn::crypto
