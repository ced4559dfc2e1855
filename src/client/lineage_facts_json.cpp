#include <algorithm>
#include <array>
#include <string>

#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include "base/enum_table.h"
#include "base/json_quoted.h"
#include "client/lineage_facts.h"
#include "client/lineage_facts_lines.h"
#include "client/report_json.h"
#include "protocol/json.h"

namespace cairn::client {
namespace {

constexpr std::int64_t current_version = 1;
constexpr std::array<std::string_view, 14> known_members = {
    "version",  "order",    "renewal_info", "hastened",    "pinned",    "attempts", "revocations",
    "obtained", "deployed", "withheld",     "deployments", "deploying", "key_type", "further"};

std::string json_string(std::string_view text) {
    return base::json_quoted(text);
}
std::string json_string(base::Time time) {
    return base::json_quoted(base::to_rfc3339(time));
}

std::string json_of(const OpenOrder& order) {
    return fmt::format(
        "{{\"ca\": {}, \"url\": {}, \"certificate\": {}, \"finalizing\": {}, \"key\": {}, "
        "\"plan\": {}{}}}",
        json_string(order.authority().directory_url), json_string(order.position.order_url),
        json_string(order.position.certificate_url), order.position.is_finalizing,
        json_string(base::text_of(order.key.text())), order.plan.to_json(),
        order.former ? ", \"plan_before\": " + order.former->to_json() : std::string());
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

std::string json_of(const RenewalPin& pin) {
    return fmt::format("{{\"certificate\": {}, \"until\": {}}}", json_string(pin.certificate),
                       json_string(pin.until));
}

std::string json_of(const Hastening& hastening) {
    return fmt::format("{{\"certificate\": {}, \"time\": {}}}", json_string(hastening.certificate),
                       json_string(hastening.time));
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
    const auto profile = generation.profile ? fmt::format(", \"profile\": {}",
                                                          base::json_quoted(*generation.profile))
                                            : std::string();
    return fmt::format("{{\"generation\": {}, \"since\": {}{}{}}}", generation.number,
                       json_string(generation.since), authority, profile);
}

/// "\"hook\": ..." or "\"target\": ..."
std::string member_of(const DeployTarget& target) {
    return fmt::format("\"{}\": {}", target.is_program() ? "hook" : "target",
                       json_string(target.text()));
}

std::string json_of(const DeploymentFact& deployment) {
    auto text = fmt::format("{{{}, \"generation\": {}, \"since\": {}", member_of(deployment.target),
                            deployment.number, json_string(deployment.since));
    if (deployment.failure)
        text += fmt::format(", \"failed\": {{\"time\": {}, \"since\": {}, \"failure\": {}}}",
                            json_string(deployment.failure->time),
                            json_string(deployment.failure->since),
                            client::to_json(deployment.failure->failure));
    return text + "}";
}

constexpr base::EnumTable<OpenDeployment::Step, std::string_view> step_names({
    {OpenDeployment::Step::placing, "placing"},
    {OpenDeployment::Step::activated, "activated"},
    {OpenDeployment::Step::done, "done"},
});

std::string json_of(const OpenDeployment& deployment) {
    return fmt::format("{{{}, \"step\": \"{}\", \"files\": {}, \"note\": {}}}",
                       member_of(deployment.target), step_names[deployment.step],
                       json_string(deployment.files), json_string(deployment.note));
}

std::string json_of(const FurtherFacts& further);

template <class T>
std::string list(const std::vector<T>& elements) {
    std::string text;
    for (const auto& element : elements) text += (text.empty() ? "\n " : ",\n ") + json_of(element);
    return "[" + text + "]";
}

base::Result<OpenOrder> order_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto plan_text = reader.object_text("plan");
    const auto former_text = reader.object_text("plan_before");
    const auto key_text = reader.required_text("key");
    OrderPosition position{.order_url = reader.text_or_empty("url"),
                           .certificate_url = reader.text_or_empty("certificate"),
                           .is_finalizing = reader.boolean("finalizing").value_or(false)};
    auto directory_url = reader.text_or_empty("ca");
    if (reader.error()) return std::unexpected(*reader.error());
    auto plan = CertificatePlan::from_json(base::bytes_of(plan_text));
    if (!plan) return std::unexpected(plan.error().within("plan"));
    auto key = LineageKey::from_text(key_text);
    if (!key) return std::unexpected(key.error().within("key"));
    std::optional<CertificatePlan> former;
    if (!former_text.empty()) {
        auto read = CertificatePlan::from_json(base::bytes_of(former_text));
        if (!read) return std::unexpected(read.error().within("plan_before"));
        former = std::move(*read);
    }
    return OpenOrder{std::move(*plan), std::move(*key), std::move(position),
                     std::move(directory_url), std::move(former)};
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

base::Result<RenewalPin> pin_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    RenewalPin pin{.certificate = std::string(reader.required_text("certificate")),
                   .until = reader.time("until").value_or(base::Time{})};
    if (reader.error()) return std::unexpected(*reader.error());
    return pin;
}

base::Result<Hastening> hastening_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    Hastening hastening{.certificate = std::string(reader.required_text("certificate")),
                        .time = reader.time("time").value_or(base::Time{})};
    if (reader.error()) return std::unexpected(*reader.error());
    return hastening;
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
    std::optional<std::string> profile;
    if (object.contains("profile")) profile = reader.text_or_empty("profile");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!number || *number < 1 || !since) return base::fail("generation or since is missing");
    return GenerationFact{static_cast<unsigned long>(*number), *since, authority,
                          std::move(profile)};
}

DeployTarget target_from(protocol::MemberReader& reader) {
    DeployTarget target{reader.text_or_empty("hook"), reader.text_or_empty("target")};
    if (target.hook.empty() == target.target.empty())
        reader.refuse("hook", "either it or target has to be there");
    return target;
}

base::Result<DeploymentFailure> deployment_failure_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto time = reader.time("time");
    const auto since = reader.time("since");
    const auto text = reader.object_text("failure");
    if (reader.error()) return std::unexpected(*reader.error());
    auto failure = failure_from_json(base::bytes_of(text));
    if (!failure) return std::unexpected(failure.error());
    const auto last = time.value_or(base::Time{});
    return DeploymentFailure{last, std::move(*failure), since.value_or(last)};
}

base::Result<DeploymentFact> deployment_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    DeploymentFact deployment{.target = target_from(reader)};
    const auto number = reader.integer("generation");
    deployment.since = reader.time("since").value_or(base::Time{});
    const auto* const failed = reader.object("failed");
    if (reader.error()) return std::unexpected(*reader.error());
    if (!number || *number < 0) return base::fail("generation is missing");
    deployment.number = static_cast<unsigned long>(*number);
    if (failed == nullptr) return deployment;
    auto failure = deployment_failure_from(*failed);
    if (!failure) return std::unexpected(failure.error().within("failed"));
    deployment.failure = std::move(*failure);
    return deployment;
}

base::Result<OpenDeployment> open_deployment_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    OpenDeployment deployment{.target = target_from(reader),
                              .files = std::string(reader.required_text("files")),
                              .note = reader.text_or_empty("note")};
    const auto step = step_names.find(reader.text_or_empty("step"));
    if (!step) reader.refuse("step", "is none that is known here");
    if (reader.error()) return std::unexpected(*reader.error());
    deployment.step = *step;
    return deployment;
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

namespace {

/// The members of the object for one certificate, each with a comma before it.
std::string members_of(const LineageFacts& facts) {
    std::string json;
    const auto add = [&](std::string_view name, std::string_view value) {
        json += fmt::format(",\n{}: {}", json_string(name), value);
    };
    if (facts.order) add("order", json_of(*facts.order));
    if (facts.advice) add("renewal_info", json_of(*facts.advice));
    if (facts.hastening) add("hastened", json_of(*facts.hastening));
    if (facts.pin) add("pinned", json_of(*facts.pin));
    if (!facts.attempts.empty()) add("attempts", list(facts.attempts));
    if (!facts.revocations.empty()) add("revocations", list(facts.revocations));
    if (facts.obtained) add("obtained", json_of(*facts.obtained));
    if (facts.deployed) add("deployed", json_of(*facts.deployed));
    if (facts.withheld) add("withheld", json_of(*facts.withheld));
    if (!facts.deployments.empty()) add("deployments", list(facts.deployments));
    if (!facts.open_deployments.empty()) add("deploying", list(facts.open_deployments));
    for (const auto& [name, value] : facts.unknown) add(name, value);
    return json;
}

std::string json_of(const FurtherFacts& further) {
    return fmt::format("{{\"key_type\": {}{}}}", json_string(crypto::to_string(further.type)),
                       members_of(further.facts));
}

/// Reads the members of the object for one certificate.
base::Result<LineageFacts> facts_from(const boost::json::object& object) {
    FactReader reader(object);
    LineageFacts facts;
    reader.take("order", facts.order, &order_from);
    reader.take("renewal_info", facts.advice, &advice_from);
    reader.take("hastened", facts.hastening, &hastening_from);
    reader.take("pinned", facts.pin, &pin_from);
    reader.take("attempts", facts.attempts, &attempt_from);
    reader.take("revocations", facts.revocations, &revocation_from);
    reader.take("obtained", facts.obtained, &generation_from);
    reader.take("deployed", facts.deployed, &generation_from);
    reader.take("withheld", facts.withheld, &generation_from);
    reader.take("deployments", facts.deployments, &deployment_from);
    reader.take("deploying", facts.open_deployments, &open_deployment_from);
    if (reader.error()) return std::unexpected(*reader.error());
    for (const auto& member : object)
        if (std::ranges::find(known_members, std::string_view(member.key())) == known_members.end())
            facts.unknown.emplace_back(member.key(), boost::json::serialize(member.value()));
    return facts;
}

base::Result<FurtherFacts> further_from(const boost::json::object& object) {
    protocol::MemberReader reader(object);
    const auto type = crypto::key_type_from(reader.required_text("key_type"));
    if (reader.error()) return std::unexpected(*reader.error());
    if (!type) return std::unexpected(type.error().within("key_type"));
    auto facts = facts_from(object);
    if (!facts) return std::unexpected(facts.error());
    return FurtherFacts{*type, std::move(*facts)};
}

}  // namespace

std::string LineageFacts::to_json() const {
    auto json = fmt::format("{{\n\"version\": {}", current_version) + members_of(*this);
    if (!further.empty()) json += fmt::format(",\n\"further\": {}", list(further));
    return json + "\n}\n";
}

base::Result<LineageFacts> LineageFacts::from_json(base::BytesView json) {
    const auto [whole, lines] = parted(base::text_of(json));
    const auto object = protocol::parse_json_object(base::bytes_of(whole));
    if (!object) return std::unexpected(object.error());
    FactReader reader(*object);
    const auto version = reader.members().integer("version");
    if (!version) return base::fail("version: missing");
    if (*version > current_version)
        return base::fail(
            fmt::format("was written by a later version of cairn: its format has number {}, and "
                        "this one knows those up to {}",
                        *version, current_version));
    auto facts = facts_from(*object);
    if (!facts) return facts;
    reader.take("further", facts->further, &further_from);
    if (reader.error()) return std::unexpected(*reader.error());
    if (const auto read = take_lines(lines, *facts); !read) return std::unexpected(read.error());
    return facts;
}

bool LineageFacts::is_of_later_version(base::BytesView json) {
    const auto object =
        protocol::parse_json_object(base::bytes_of(parted(base::text_of(json)).whole));
    if (!object) return false;
    return protocol::MemberReader(*object).integer("version").value_or(0) > current_version;
}

}  // namespace cairn::client
