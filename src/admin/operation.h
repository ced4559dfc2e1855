#pragma once
// Private to admin and the programs: one thing that an operator can do to a CA.

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <boost/json/object.hpp>

#include "base/clock.h"
#include "base/log.h"
#include "base/result.h"
#include "base/task.h"
#include "ca/ports/audit.h"
#include "ca/ports/observer.h"
#include "ca/ports/repository.h"
#include "ca/rules/limits.h"
#include "ca/rules/profile.h"
#include "ca/rules/request_limits.h"
#include "crypto/random.h"

namespace cairn::admin {

class PerspectiveRegister;

/// An issuer of the configuration.
struct ConfiguredIssuer {
    std::string name;
    ca::IssuerId id{};
    std::string subject;  ///< the common name of its certificate
    bool is_active = true;
    /// Those of which it issues certificates; empty: all.
    std::set<std::string> profiles{};
    /// Those of the subjects, as the configuration has them; empty: all.
    std::vector<std::string> key_types{};
    pki::Validity validity{};
};

/// What operations work on: the running server's parts, or those of a command without a server.
struct Context {
    ca::Repository& repository;
    const base::Clock& clock;
    crypto::Random& random;
    base::Log& log;
    /// Who acts, as the log tells it: "user 0".
    std::string operator_name;
    /// Those that the CA offers, by their names.
    std::map<std::string, ca::Profile> profiles{};
    /// The limits that are on, and those of a CA of this kind whose operator says nothing.
    ca::Limits limits{}, usual_limits{};
    ca::RequestLimits request_limits{}, usual_request_limits{};
    /// The names of the issuers of the configuration, by what names them in the store; where no
    /// server runs, their files are read for it. Throws std::runtime_error naming what is wrong.
    std::function<std::map<ca::IssuerId, std::string>()> issuers{};
    /// The same issuers with more of what is known of them.
    std::function<std::vector<ConfiguredIssuer>()> configured_issuers{};
    /// Signs the revocation lists that are due; empty: a server runs, and does it.
    std::function<base::Task<void>()> sign_crls{};
    /// Is told of what is revoked.
    ca::Observer* observer = &ca::deaf_observer();
    /// Where what acts is recorded before it does.
    ca::Audit& audit = ca::forgetful_audit();
    /// The CA's remote perspectives; null where nobody knows them.
    PerspectiveRegister* perspectives = nullptr;
    /// Keeps `repository`, where it is one for this operator alone.
    std::shared_ptr<ca::Repository> owner{};
};

/// An operation that cannot be done, with what the operator can do about it.
class Refused : public std::runtime_error {
  public:
    enum class Kind {
        usage,      ///< an argument is missing, unknown or malformed
        not_found,  ///< what it names is not there
        conflict,   ///< what it wants does not fit what is there
        failed      ///< it was tried; the store or the system could not
    };
    Refused(Kind kind, const std::string& detail) : std::runtime_error(detail), kind_(kind) {}
    [[nodiscard]] Kind kind() const { return kind_; }
    /// "usage", "notFound", "conflict", "failed": as the answer's error code.
    [[nodiscard]] std::string_view code() const;

  private:
    Kind kind_;
};

/// What an operation is told.
struct Parameter {
    enum class Kind {
        word,   ///< a text
        words,  ///< texts
        count,  ///< a whole number, not negative
        flag    ///< given or not
    };
    enum class Place {
        option,            ///< `--name VALUE`
        argument,          ///< by its place on the command line; required
        optional_argument  ///< by its place, and need not be given
    };
    std::string_view name;  ///< as the member of the JSON object; underscores are hyphens in flags
    Kind kind;
    std::string_view help;
    Place place = Place::option;
    /// Of `words`: they are given to the command line as files, and this makes the words of what a
    /// file holds, so that its content itself goes nowhere. Null: they are given as they are.
    base::Result<std::vector<std::string>> (*words_of_file)(std::string_view content) = nullptr;
    /// Whether the logs tell its value.
    enum class Kept { told, secret };
    Kept kept = Kept::told;
};

/// The arguments of one call, checked against the operation's parameters.
class Arguments {
  public:
    /// Finds everything that is wrong: unknown names, wrong types, what is missing.
    [[nodiscard]] static base::Result<Arguments, std::vector<base::Error>> from_json(
        const boost::json::object& object, std::span<const Parameter> parameters);

    /// Empty if it was not given.
    [[nodiscard]] std::string word(std::string_view name) const;
    [[nodiscard]] std::vector<std::string> words(std::string_view name) const;
    [[nodiscard]] std::optional<std::int64_t> count(std::string_view name) const;
    [[nodiscard]] bool flag(std::string_view name) const;

  private:
    using Value = std::variant<std::string, std::vector<std::string>, std::int64_t, bool>;
    std::map<std::string, Value, std::less<>> values_;
};

/// One operation. It is offered at the command line as `cairn-ca NOUN VERB DIR ...`, and on the
/// operator's socket as `POST /v1/NOUN/VERB`.
struct Operation {
    std::string_view noun, verb;
    std::string_view summary;
    std::string_view example;  ///< a whole command line
    std::vector<Parameter> parameters;
    /// For tables: the member of the result that is a list of objects, and their members to show.
    /// Without a list the result's own members are shown.
    std::string_view rows{};
    std::vector<std::string_view> columns{};
    /// The member of the result, a text, that is printed as it stands and alone; empty: none.
    std::string_view text{};
    enum class Effect { reads, acts };
    Effect effect = Effect::reads;
    /// The members of the answer. Throws Refused, and what the ports of ca throw.
    base::Task<boost::json::object> (*run)(const Context& context, const Arguments& arguments);
};

/// Runs the operation, logs what acts, and makes the answer: one object with "version", "ok", and
/// either the members of the result or "error" with "code" and "detail". Throws nothing but what
/// ends a program.
[[nodiscard]] base::Task<boost::json::object> perform(const Context& context,
                                                      const Operation& operation,
                                                      const boost::json::object& arguments);

/// The answer to what was refused before there was an operation to run.
[[nodiscard]] boost::json::object refusal(const Refused& refused);

}  // namespace cairn::admin
