#include "dns/failure.h"

namespace cairn::dns {

base::Result<Answer> only_facts(Answer answer) {
    switch (answer.outcome) {
        case Answer::Outcome::no_data:
            if (answer.is_referral)
                return base::fail("the server does not know the name, it only says who might");
            return answer;
        case Answer::Outcome::found:
        case Answer::Outcome::no_such_name:
            return answer;
        case Answer::Outcome::server_failure:
            return base::fail("the server failed (SERVFAIL)");
        case Answer::Outcome::refused:
            return base::fail("the server refused to answer (REFUSED)");
        case Answer::Outcome::other_failure:
            break;
    }
    return base::fail("the server answered with code " + std::to_string(answer.response_code));
}

}  // namespace cairn::dns
