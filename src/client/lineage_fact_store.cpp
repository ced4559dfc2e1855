#include "client/lineage_fact_store.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "client/durable_file.h"
#include "client/former_facts.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t max_file = std::size_t{8} << 20;

/// Text that may hold a private key, wiped when it goes.
class SecretText {
  public:
    explicit SecretText(std::string text) : text_(std::move(text)) {}
    SecretText(const SecretText&) = delete;
    SecretText& operator=(const SecretText&) = delete;
    ~SecretText() { base::wipe({reinterpret_cast<std::uint8_t*>(text_.data()), text_.size()}); }
    [[nodiscard]] base::BytesView bytes() const { return base::bytes_of(text_); }
    [[nodiscard]] const std::string& text() const { return text_; }

  private:
    std::string text_;
};

}  // namespace

base::Result<std::optional<LineageFactStore::Kept>> LineageFactStore::kept() const {
    if (fs::symlink_status(file()).type() == fs::file_type::not_found) return std::nullopt;
    auto text = read_file(file(), max_file);
    if (!text) return std::unexpected(text.error());
    const SecretText secret(std::move(*text));
    auto facts = LineageFacts::from_json(secret.bytes());
    if (!facts) return std::unexpected(facts.error().within(file().string()));
    return Kept{std::move(*facts), secret.text().ends_with('\n')};
}

base::Result<LineageFacts> LineageFactStore::read() const {
    auto facts = read_all();
    if (!facts || !member_.further) return facts;
    return std::move(facts->of(member_));
}

base::Result<LineageFacts> LineageFactStore::read_all() const {
    // The former ones first: another run may be moving them into the file.
    const FormerFacts former(state_, name_);
    auto former_facts = former.read();
    auto known = kept();
    if (!known) return std::unexpected(known.error());
    if (!former_facts) return std::unexpected(former_facts.error());
    auto facts = *known ? std::move((*known)->facts) : LineageFacts();
    merge(*former_facts, facts);
    return facts;
}

void LineageFactStore::note(const Attempt& attempt, OpenOrderThen then) const noexcept try {
    change([&](LineageFacts& facts) {
        if (then == OpenOrderThen::is_done) facts.order.reset();
        facts.add(attempt);
    });
} catch (const std::exception&) {
    // As the header says.
}

std::optional<fs::path> LineageFactStore::mend() const {
    if (read()) return std::nullopt;
    const auto lock = state_.lock_facts(name_);
    return move_damage_away();
}

std::optional<fs::path> LineageFactStore::move_damage_away() const try {
    const auto former_order = FormerFacts(state_, name_).move_damage_away();
    const auto known = kept();
    if (known) return former_order;
    if (const auto text = read_file(file(), max_file);
        text && LineageFacts::is_of_later_version(base::bytes_of(*text)))
        throw Failure(fmt::format("read what is known of {}", name_.text()), known.error().message,
                      "run the later version, or name another --state.");
    const fs::path elsewhere = file().string() + ".damaged";
    fs::rename(file(), elsewhere);
    sync_directory(elsewhere.parent_path());
    return elsewhere;
} catch (const fs::filesystem_error& error) {
    throw Failure(fmt::format("move away what cannot be read of {}", name_.text()), error.what());
}

void LineageFactStore::change(const std::function<void(LineageFacts&)>& work) const {
    change_all([&](LineageFacts& facts) { work(facts.of(member_)); });
}

void LineageFactStore::change_all(const std::function<void(LineageFacts&)>& work) const try {
    const auto lock = state_.lock_facts(name_);
    const FormerFacts former(state_, name_);
    former.move_damage_away();
    auto known = kept();
    if (!known) {
        move_damage_away();
        known = kept();
    }
    // A line can be added behind what is there and whole.
    const bool takes_lines = known.value() && (*known)->is_whole;
    auto facts = *known ? std::move((*known)->facts) : LineageFacts();
    if (former.are_there()) {
        const auto former_facts = former.read();
        // In the file before they go, and gone before the file says otherwise: a
        // run that dies between two steps leaves them in one place or in both, and
        // both say the same.
        if (former_facts && merge(*former_facts, facts)) write(facts);
        former.remove();
    }
    const auto before = facts;
    work(facts);
    const auto lines = facts.lines_behind(before);
    if (!lines || (!lines->empty() && !takes_lines))
        write(facts);
    else if (!lines->empty())
        append_durably(file(), *lines);
} catch (const fs::filesystem_error& error) {
    throw Failure(fmt::format("keep what is known of {}", name_.text()), error.what());
}

void LineageFactStore::write(const LineageFacts& facts) const {
    make_private_directory(file().parent_path());
    const SecretText text(facts.to_json());
    write_durably(file(), text.text(), FileAccess::owner);
}

std::vector<LineageName> planless_lineages_being_issued(const StateDirectory& state) {
    const auto with_facts = state.lineages_with_facts();
    const auto with_plan = state.lineages();
    std::vector<LineageName> planless;
    std::ranges::set_difference(with_facts, with_plan, std::back_inserter(planless));
    std::vector<LineageName> names;
    for (const auto& name : planless) {
        const auto facts = LineageFactStore(state, name).read_all();
        // One that cannot be read is told of where it is looked at.
        if (!facts || facts->is_being_issued()) names.push_back(name);
    }
    return names;
}

}  // namespace cairn::client
