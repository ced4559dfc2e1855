#include "crypto/pkcs11/module.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <utility>
#include <vector>

#include <dlfcn.h>

#include "crypto/digest.h"

namespace cairn::crypto {
namespace {

namespace fs = std::filesystem;

constexpr std::chrono::seconds between_starts{3};

constexpr std::array<std::pair<CK_RV, const char*>, 41> names{{
    {CKR_HOST_MEMORY, "CKR_HOST_MEMORY"},
    {CKR_SLOT_ID_INVALID, "CKR_SLOT_ID_INVALID"},
    {CKR_GENERAL_ERROR, "CKR_GENERAL_ERROR"},
    {CKR_FUNCTION_FAILED, "CKR_FUNCTION_FAILED"},
    {CKR_ARGUMENTS_BAD, "CKR_ARGUMENTS_BAD"},
    {CKR_ATTRIBUTE_READ_ONLY, "CKR_ATTRIBUTE_READ_ONLY"},
    {CKR_ATTRIBUTE_TYPE_INVALID, "CKR_ATTRIBUTE_TYPE_INVALID"},
    {CKR_ATTRIBUTE_VALUE_INVALID, "CKR_ATTRIBUTE_VALUE_INVALID"},
    {CKR_DATA_INVALID, "CKR_DATA_INVALID"},
    {CKR_DATA_LEN_RANGE, "CKR_DATA_LEN_RANGE"},
    {CKR_DEVICE_ERROR, "CKR_DEVICE_ERROR"},
    {CKR_DEVICE_MEMORY, "CKR_DEVICE_MEMORY"},
    {CKR_DEVICE_REMOVED, "CKR_DEVICE_REMOVED"},
    {CKR_FUNCTION_CANCELED, "CKR_FUNCTION_CANCELED"},
    {CKR_FUNCTION_NOT_SUPPORTED, "CKR_FUNCTION_NOT_SUPPORTED"},
    {CKR_KEY_HANDLE_INVALID, "CKR_KEY_HANDLE_INVALID"},
    {CKR_KEY_SIZE_RANGE, "CKR_KEY_SIZE_RANGE"},
    {CKR_KEY_TYPE_INCONSISTENT, "CKR_KEY_TYPE_INCONSISTENT"},
    {CKR_KEY_FUNCTION_NOT_PERMITTED, "CKR_KEY_FUNCTION_NOT_PERMITTED"},
    {CKR_MECHANISM_INVALID, "CKR_MECHANISM_INVALID"},
    {CKR_MECHANISM_PARAM_INVALID, "CKR_MECHANISM_PARAM_INVALID"},
    {CKR_OBJECT_HANDLE_INVALID, "CKR_OBJECT_HANDLE_INVALID"},
    {CKR_OPERATION_ACTIVE, "CKR_OPERATION_ACTIVE"},
    {CKR_OPERATION_NOT_INITIALIZED, "CKR_OPERATION_NOT_INITIALIZED"},
    {CKR_PIN_INCORRECT, "CKR_PIN_INCORRECT"},
    {CKR_PIN_INVALID, "CKR_PIN_INVALID"},
    {CKR_PIN_LEN_RANGE, "CKR_PIN_LEN_RANGE"},
    {CKR_PIN_EXPIRED, "CKR_PIN_EXPIRED"},
    {CKR_PIN_LOCKED, "CKR_PIN_LOCKED"},
    {CKR_SESSION_CLOSED, "CKR_SESSION_CLOSED"},
    {CKR_SESSION_COUNT, "CKR_SESSION_COUNT"},
    {CKR_SESSION_HANDLE_INVALID, "CKR_SESSION_HANDLE_INVALID"},
    {CKR_SESSION_READ_ONLY, "CKR_SESSION_READ_ONLY"},
    {CKR_TEMPLATE_INCONSISTENT, "CKR_TEMPLATE_INCONSISTENT"},
    {CKR_TOKEN_NOT_PRESENT, "CKR_TOKEN_NOT_PRESENT"},
    {CKR_TOKEN_NOT_RECOGNIZED, "CKR_TOKEN_NOT_RECOGNIZED"},
    {CKR_TOKEN_WRITE_PROTECTED, "CKR_TOKEN_WRITE_PROTECTED"},
    {CKR_USER_NOT_LOGGED_IN, "CKR_USER_NOT_LOGGED_IN"},
    {CKR_USER_PIN_NOT_INITIALIZED, "CKR_USER_PIN_NOT_INITIALIZED"},
    {CKR_USER_TYPE_INVALID, "CKR_USER_TYPE_INVALID"},
    {CKR_CRYPTOKI_NOT_INITIALIZED, "CKR_CRYPTOKI_NOT_INITIALIZED"},
}};

// Where Debian's packages put modules, below the folder of this machine's libraries.
constexpr std::array module_folders = {"pkcs11", "softhsm", "opensc-pkcs11", "."};

// The folder of this machine's libraries is where libc itself lies.
fs::path library_folder() {
    Dl_info facts{};
    const auto* const somewhere = reinterpret_cast<const void*>(&::dlopen);
    if (::dladdr(somewhere, &facts) == 0 || facts.dli_fname == nullptr) return "/usr/lib";
    return fs::path(facts.dli_fname).parent_path();
}

// Every place that a name may stand for.
std::vector<fs::path> places_of(const std::string& name) {
    std::vector<fs::path> places;
    for (const auto& base : {library_folder(), "/usr" / library_folder().relative_path(),
                             fs::path("/usr/lib"), fs::path("/usr/local/lib")})
        for (const auto* const folder : module_folders)
            for (const auto& file : {name + ".so", "lib" + name + ".so"})
                places.push_back((base / folder / file).lexically_normal());
    return places;
}

std::string path_of(const Pkcs11Uri& uri) {
    if (!uri.module_path.empty()) return uri.module_path;
    if (uri.module_name.empty()) return "p11-kit-proxy.so";
    std::error_code ignored;
    for (const auto& place : places_of(uri.module_name))
        if (fs::exists(place, ignored)) return place;
    throw KeyUnavailable("no PKCS #11 module is called " + base::printable(uri.module_name, 80) +
                         " in the folders of libraries: name its file by module-path=/PATH");
}

base::Bytes login_digest(const std::string& token, base::BytesView pin) {
    base::SecretBytes text(token.begin(), token.end());
    text.push_back(0);
    text.insert(text.end(), pin.begin(), pin.end());
    const auto digest = sha256(text);
    return {digest.begin(), digest.end()};
}

}  // namespace

std::string cryptoki_error(CK_RV code) {
    const auto* const found = std::ranges::find(names, code, &std::pair<CK_RV, const char*>::first);
    if (found != names.end()) return found->second;
    return "error " + std::to_string(code) + " of the module";
}

void require_ok(CK_RV code, const std::string& what) {
    if (code != CKR_OK) throw CryptokiFailure(what, code);
}

std::shared_ptr<Pkcs11Module> Pkcs11Module::of(const Pkcs11Uri& uri) {
    // Cryptoki is initialized once in a process, whoever asks for it; and a module has destructors
    // of its own at the end of the process, behind which it must not be called any more.
    struct Loaded {
        std::mutex mutex;
        std::map<std::string, std::shared_ptr<Pkcs11Module>> modules;
    };
    static auto* const loaded = new Loaded;
    const auto path = path_of(uri);
    const std::scoped_lock lock(loaded->mutex);
    auto& module = loaded->modules[path];
    if (!module) module.reset(new Pkcs11Module(path));
    return module;
}

Pkcs11Module::Pkcs11Module(std::string path) : path_(std::move(path)) {
    void* const library = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* const reason = ::dlerror();
        throw KeyUnavailable("the PKCS #11 module " + path_ + " cannot be loaded: " +
                             base::printable(reason == nullptr ? "no reason given" : reason));
    }
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(::dlsym(library, "C_GetFunctionList"));
    if (get == nullptr)
        throw KeyUnavailable(path_ + " is no PKCS #11 module: it has no C_GetFunctionList");
    require_ok(get(&functions_), "using the PKCS #11 module " + path_);
    initialize();
}

void Pkcs11Module::initialize() {
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const auto code = functions_->C_Initialize(&arguments);
    last_start_ = std::chrono::steady_clock::now();
    if (code != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        require_ok(code, "initializing the PKCS #11 module " + path_);
}

void Pkcs11Module::start_anew() {
    const std::unique_lock lock(calls_, std::try_to_lock);
    if (!lock || std::chrono::steady_clock::now() - last_start_ < between_starts) return;
    ++generation_;
    (void)functions_->C_Finalize(nullptr);
    try {
        initialize();
    } catch (const CryptokiFailure&) {
        // Whoever calls it next is told, and it is tried again after some seconds.
    }
}

Pkcs11Module::Use::Use(Pkcs11Module& module) : module_(module), lock_(module.calls_) {}

bool Pkcs11Module::has_refused(const std::string& token, base::BytesView pin) const {
    const auto digest = login_digest(token, pin);
    const std::scoped_lock lock(refusals_mutex_);
    return std::ranges::find(refusals_, digest) != refusals_.end();
}

void Pkcs11Module::note_refusal(const std::string& token, base::BytesView pin) {
    constexpr std::size_t most_refusals = 100;
    auto digest = login_digest(token, pin);
    const std::scoped_lock lock(refusals_mutex_);
    if (refusals_.size() < most_refusals) refusals_.push_back(std::move(digest));
}

}  // namespace cairn::crypto
