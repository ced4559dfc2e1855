#include "apps/test_authority/test_names.h"

#include <algorithm>
#include <stdexcept>

#include "net/ascii.h"

namespace cairn {

void TestNames::set_addresses(const std::string& name, const std::vector<std::string>& addresses) {
    std::vector<base::IpAddress> parsed;
    for (const auto& text : addresses) {
        const auto address = base::IpAddress::from_text(text);
        if (!address) throw std::invalid_argument("\"" + text + "\" is no address");
        parsed.push_back(*address);
    }
    const std::scoped_lock lock(mutex_);
    addresses_.insert_or_assign(net::ascii_lower(name), std::move(parsed));
}

void TestNames::set_texts(const std::string& name, const std::vector<std::string>& texts) {
    const std::scoped_lock lock(mutex_);
    if (texts.empty())
        texts_.erase(net::ascii_lower(name));
    else
        texts_.insert_or_assign(net::ascii_lower(name), texts);
}

base::Task<base::Result<dns::Answer>> TestNames::query(std::string name, dns::RecordType type,
                                                       Deadline) {
    co_return answer(net::ascii_lower(name), type);
}

dns::Answer TestNames::answer(const std::string& name, dns::RecordType type) const {
    using Outcome = dns::Answer::Outcome;
    dns::Answer answer;
    answer.canonical_name = name;
    const std::scoped_lock lock(mutex_);
    if (type == dns::RecordType::txt) {
        const auto found = texts_.find(name);
        if (found != texts_.end()) answer.texts = found->second;
        answer.outcome = answer.texts.empty() ? Outcome::no_data : Outcome::found;
        return answer;
    }
    if (type != dns::RecordType::a && type != dns::RecordType::aaaa) return answer;
    const auto said = addresses_.find(name);
    if (said != addresses_.end() && said->second.empty()) {
        answer.outcome = Outcome::no_such_name;
        return answer;
    }
    const auto here = std::vector{base::IpAddress::from_text("127.0.0.1").value()};
    for (const auto& address : said == addresses_.end() ? here : said->second)
        if ((address.family() == base::IpAddress::Family::v4) == (type == dns::RecordType::a))
            answer.addresses.push_back(address);
    answer.outcome = answer.addresses.empty() ? Outcome::no_data : Outcome::found;
    return answer;
}

}  // namespace cairn
