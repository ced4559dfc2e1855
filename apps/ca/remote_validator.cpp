#include "apps/ca/remote_validator.h"

#include <stdexcept>

#include "apps/perspective/question_translation.h"
#include "base/base64url.h"

namespace cairn::apps {

namespace {

constexpr std::size_t nonce_octets = 16;

void require_meant(const va::PerspectiveAnswer& answer, const Configuration::Perspective& asked,
                   const std::string& digest) {
    if (answer.question != digest)
        throw std::runtime_error(asked.url + " answered another question than this one");
    if (answer.perspective != asked.name || answer.region != asked.region)
        throw std::runtime_error(asked.url + " answered as the perspective " +
                                 base::printable(answer.perspective, 50) + " in the region of " +
                                 std::string(to_string(answer.region)));
}

}  // namespace

base::Task<ca::Validator::Answer> RemoteValidator::validate(Question question) {
    const auto& asked = link_->perspective();
    const auto json =
        message_of(std::move(question), base::base64url(random_.octets(nonce_octets)), asked.name)
            .to_json();
    auto exchanging = link_->exchange("POST", "/v1/validate", json);
    const auto body = co_await std::move(exchanging);
    auto answer = va::PerspectiveAnswer::from_json(base::bytes_of(body));
    if (!answer)
        throw std::runtime_error(asked.url +
                                 " answered what cannot be read: " + answer.error().message);
    require_meant(*answer, asked, va::digest_of_question(json));
    co_return answer_of(*std::move(answer));
}

}  // namespace cairn::apps
