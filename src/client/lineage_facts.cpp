#include "client/lineage_facts.h"

#include <algorithm>
#include <array>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/json_quoted.h"
#include "client/report_json.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::int64_t current_version = 1;
constexpr std::size_t max_failure = std::size_t{64} << 10;
constexpr std::size_t max_words = 4000;
constexpr std::array<std::string_view, 7> known_members = {
    "version", "order", "renewal_info", "attempts", "revocations", "obtained", "deployed"};

std::string json_string(std::string_view text) {
    return base::json_quoted(text);
}
std::string json_string(base::Time time) {
    return base::json_quoted(base::to_rfc3339(time));
}

std::string json_of(const OpenOrder& order) {
    const auto pem = order.key.to_pem();
    return fmt::format(
        "{{\"ca\": {}, \"url\": {}, \"certificate\": {}, \"finalizing\": {}, \"key\": {}, "
        "\"plan\": {}}}",
        json_string(order.authority().directory_url), json_string(order.position.order_url),
        json_string(order.position.certificate_url), order.position.is_finalizing,
        json_string(base::text_of(pem)), order.plan.to_json());
}

std::string json_of(const RenewalAdvice& advice) {
    std::string window;
    if (advice.window)
        window = fmt::format(", \"start\": {}, \"end\": {}, \"explanation\": {}",
                             json_string(advice.window->start), json_string(advice.window->end),
                             json_string(advice.window->explanation_url));
    return fmt::format("{{\"certificate\": {}, \"next_question\": {}{}}}",
                       json_string(advice.certificate), json_string(advice.next_question), window);
}

std::string json_of(const Attempt& attempt) {
    return fmt::format(
        "{{\"ended\": {}, \"ca\": {}{}}}", json_string(attempt.ended),
        json_string(attempt.directory_url),
        attempt.failure ? ", \"failure\": " + client::to_json(*attempt.failure) : std::string());
}

std::string json_of(const KnownRevocation& revocation) {
    return fmt::format("{{\"certificate\": {}, \"time\": {}, \"reason\": {}}}",
                       json_string(revocation.certificate), json_string(revocation.note.time),
                       json_string(protocol::to_string(revocation.note.reason)));
}

std::string json_of(const GenerationFact& generation) {
    const auto authority =
        generation.directory_url.empty()
            ? std::string()
            : fmt::format(", \"ca\": {}", base::json_quoted(generation.directory_url));
    return fmt::format("{{\"generation\": {}, \"since\": {}{}}}", generation.number,
                       json_string(generation.since), authority);
}

template <class T>
std::string list(const std::vector<T>& elements) {
    std::string text;
    for (const auto& element : elements) text += (text.empty() ? "\n " : ",\n ") + json_of(element);
    return "[" + text + "]";
}

base::Result<OpenOrder> order_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto plan_text = reader.object_text("plan");
    const auto key_pem = reader.required_text("key");
    OrderPosition position{.order_url = reader.text_or_empty("url"),
                           .certificate_url = reader.text_or_empty("certificate"),
                           .is_finalizing = reader.boolean("finalizing").value_or(false)};
    auto directory_url = reader.text_or_empty("ca");
    if (reader.error()) return std::unexpected(*reader.error());
    auto plan = CertificatePlan::from_json(base::bytes_of(plan_text));
    if (!plan) return std::unexpected(plan.error().within("plan"));
    auto key = crypto::PrivateKey::from_pem(key_pem);
    if (!key) return std::unexpected(key.error().within("key"));
    return OpenOrder{std::move(*plan), std::move(*key), std::move(position),
                     std::move(directory_url)};
}

base::Result<RenewalAdvice> advice_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    RenewalAdvice advice{.certificate = std::string(reader.required_text("certificate")),
                         .window = {},
                         .next_question = reader.time("next_question").value_or(base::Time{})};
    const auto start = reader.time("start");
    const auto end = reader.time("end");
    const auto explanation = reader.text_or_empty("explanation");
    if (reader.error()) return std::unexpected(*reader.error());
    if (start && end && *start < *end) advice.window = RenewalWindow{*start, *end, explanation};
    return advice;
}

base::Result<Attempt> attempt_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    Attempt attempt{.ended = reader.time("ended").value_or(base::Time{}),
                    .directory_url = reader.text_or_empty("ca"),
                    .failure = {}};
    const auto failure_text = reader.object_text("failure");
    if (reader.error()) return std::unexpected(*reader.error());
    if (failure_text.empty()) return attempt;
    auto failure = failure_from_json(base::bytes_of(failure_text));
    if (!failure) return std::unexpected(failure.error().within("failure"));
    attempt.failure = std::move(*failure);
    return attempt;
}

base::Result<KnownRevocation> revocation_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    KnownRevocation revocation{.certificate = std::string(reader.required_text("certificate")),
                               .note = {.time = reader.time("time").value_or(base::Time{})}};
    if (const auto reason = protocol::revocation_reason_from(reader.text_or_empty("reason")))
        revocation.note.reason = *reason;
    if (reader.error()) return std::unexpected(*reader.error());
    return revocation;
}

base::Result<GenerationFact> generation_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto number = reader.integer("generation");
    const auto since = reader.time("since");
    auto authority = reader.text_or_empty("ca");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!number || *number < 1 || !since) return base::fail("generation or since is missing");
    return GenerationFact{static_cast<unsigned long>(*number), *since, authority};
}

/// Reads the members of one object, each by its own function, up to the first that is wrong.
class FactReader {
  public:
    explicit FactReader(const boost::json::object& object) : reader_(object) {}

    template <class T>
    void take(std::string_view name, std::optional<T>& fact,
              base::Result<T> (*read)(const boost::json::object&)) {
        const auto* object = reader_.object(name);
        if (object == nullptr || error_) return;
        if (auto value = read(*object))
            fact = std::move(*value);
        else
            error_ = value.error().within(name);
    }
    template <class T>
    void take(std::string_view name, std::vector<T>& facts,
              base::Result<T> (*read)(const boost::json::object&)) {
        const auto* array = reader_.array(name);
        if (array == nullptr) return;
        for (const auto& element : *array) {
            if (error_) return;
            const auto* object = element.if_object();
            auto value = object != nullptr ? read(*object) : base::fail("no object");
            if (value)
                facts.push_back(std::move(*value));
            else
                error_ = value.error().within(name);
        }
    }
    [[nodiscard]] protocol::MemberReader& members() { return reader_; }
    [[nodiscard]] std::optional<base::Error> error() const {
        return error_ ? error_ : reader_.error();
    }

  private:
    protocol::MemberReader reader_;
    std::optional<base::Error> error_;
};

}  // namespace

Authority OpenOrder::authority() const {
    if (directory_url.empty()) return plan.preferred_authority();
    const auto* planned = plan.find_authority(directory_url);
    return planned != nullptr ? *planned : Authority{.directory_url = directory_url};
}

const Authority& LineageFacts::issuing_authority(const CertificatePlan& plan) const {
    const auto* known = obtained ? plan.find_authority(obtained->directory_url) : nullptr;
    return known != nullptr ? *known : plan.preferred_authority();
}

bool LineageFacts::is_deployment_pending() const {
    return obtained && (!deployed || deployed->number != obtained->number);
}

std::optional<RevocationNote> LineageFacts::revocation_of(std::string_view certificate) const {
    const auto found = std::ranges::find(revocations, certificate, &KnownRevocation::certificate);
    if (found == revocations.end()) return std::nullopt;
    return found->note;
}

void LineageFacts::obtain(const GenerationFact& generation, DeployHook hook) {
    obtained = generation;
    if (hook == DeployHook::none)
        deployed = generation;
    else if (deployed && deployed->number == generation.number)
        deployed.reset();  // a number that an archive which is gone had given before
}

void LineageFacts::deploy(base::Time time) {
    if (obtained) deployed = GenerationFact{obtained->number, time, obtained->directory_url};
}

void LineageFacts::add(Attempt attempt) {
    if (attempt.failure && client::to_json(*attempt.failure).size() > max_failure) {
        const auto& failure = *attempt.failure;
        attempt.failure = Failure({failure.tried().substr(0, max_words), failure.phase()},
                                  failure.came_back().substr(0, max_words) + " ...", failure.next())
                              .retrying_at(failure.retry_at());
    }
    attempts.push_back(std::move(attempt));
    if (attempts.size() > max_attempts) attempts.erase(attempts.begin());
}

void LineageFacts::add(KnownRevocation revocation) {
    if (revocation_of(revocation.certificate)) return;
    revocations.push_back(std::move(revocation));
    if (revocations.size() > max_revocations) revocations.erase(revocations.begin());
}

std::string LineageFacts::to_json() const {
    auto json = fmt::format("{{\n\"version\": {}", current_version);
    if (order) json += fmt::format(",\n\"order\": {}", json_of(*order));
    if (advice) json += fmt::format(",\n\"renewal_info\": {}", json_of(*advice));
    if (!attempts.empty()) json += fmt::format(",\n\"attempts\": {}", list(attempts));
    if (!revocations.empty()) json += fmt::format(",\n\"revocations\": {}", list(revocations));
    if (obtained) json += fmt::format(",\n\"obtained\": {}", json_of(*obtained));
    if (deployed) json += fmt::format(",\n\"deployed\": {}", json_of(*deployed));
    for (const auto& [name, value] : unknown)
        json += fmt::format(",\n{}: {}", json_string(name), value);
    return json + "\n}\n";
}

base::Result<LineageFacts> LineageFacts::from_json(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return std::unexpected(object.error());
    FactReader reader(*object);
    const auto version = reader.members().integer("version");
    if (!version) return base::fail("version: missing");
    if (*version > current_version)
        return base::fail(
            fmt::format("was written by a later version of cairn: its format has number {}, and "
                        "this one knows those up to {}",
                        *version, current_version));
    LineageFacts facts;
    reader.take("order", facts.order, &order_from);
    reader.take("renewal_info", facts.advice, &advice_from);
    reader.take("attempts", facts.attempts, &attempt_from);
    reader.take("revocations", facts.revocations, &revocation_from);
    reader.take("obtained", facts.obtained, &generation_from);
    reader.take("deployed", facts.deployed, &generation_from);
    if (reader.error()) return std::unexpected(*reader.error());
    for (const auto& member : *object)
        if (std::ranges::find(known_members, std::string_view(member.key())) == known_members.end())
            facts.unknown.emplace_back(member.key(), boost::json::serialize(member.value()));
    return facts;
}

bool LineageFacts::is_of_later_version(base::BytesView json) {
    const auto object = protocol::parse_json_object(json);
    if (!object) return false;
    return protocol::MemberReader(*object).integer("version").value_or(0) > current_version;
}

}  // namespace cairn::client
