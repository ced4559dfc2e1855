#include "apps/cairn/console.h"

#include <algorithm>
#include <cstdlib>
#include <system_error>

#include <fmt/format.h>
#include <unistd.h>

#include "apps/cairn/sentences.h"
#include "base/json_quoted.h"
#include "client/failure.h"
#include "client/report_json.h"

namespace cairn {
namespace {

bool wants_colour() {
    const char* refusal = std::getenv("NO_COLOR");
    return (refusal == nullptr || *refusal == '\0') && ::isatty(STDERR_FILENO) == 1;
}

/// True for what a person has to do something about.
bool asks(client::ProgressKind kind) {
    using enum client::ProgressKind;
    return kind == put_up_record || kind == put_up_file || kind == confirm_answer;
}

}  // namespace

Console::Console(Messages messages, Verbosity verbosity)
    : messages_(messages),
      verbosity_(verbosity),
      output_(STDOUT_FILENO),
      errors_(STDERR_FILENO),
      is_coloured_(wants_colour()) {}

void Console::write_line(const std::string& line) {
    const std::scoped_lock lock(mutex_);
    errors_.write(line + "\n", ReaderPatience::brief);
}

void Console::write(Weight weight, std::string_view text) {
    if (messages_ == Messages::json) {
        write_line(fmt::format("{{\"event\": \"message\", \"warning\": {}, \"text\": {}}}",
                               weight == Weight::warning, base::json_quoted(text)));
        return;
    }
    if (weight == Weight::note) {
        write_line(std::string(text));
        return;
    }
    const auto* const label = weight == Weight::warning ? "warning: " : "error: ";
    const auto* const colour = weight == Weight::warning ? "33" : "1;31";
    write_line(is_coloured_ ? fmt::format("\x1b[{}m{}\x1b[0m{}", colour, label, text)
                            : fmt::format("{}{}", label, text));
}

void Console::tell(const client::ProgressEvent& event) {
    if (verbosity_ == Verbosity::quiet && !client::is_warning(event.kind) && !asks(event.kind))
        return;
    if (client::is_detail(event.kind) && verbosity_ != Verbosity::detailed) return;
    if (messages_ == Messages::json) {
        write_line(client::to_json(event));
        return;
    }
    const auto sentence = (event.lineage.empty() ? "" : event.lineage + ": ") + sentence_of(event);
    write(client::is_warning(event.kind) ? Weight::warning : Weight::note, sentence);
}

void Console::say(std::string_view sentence) {
    if (verbosity_ != Verbosity::quiet) write(Weight::note, sentence);
}
void Console::detail(std::string_view sentence) {
    if (verbosity_ == Verbosity::detailed) write(Weight::note, sentence);
}
void Console::warn(std::string_view sentence) {
    write(Weight::warning, sentence);
}

void Console::fail(const client::Failure& failure, const std::string& lineage) {
    if (messages_ == Messages::sentences) {
        write(Weight::failure, (lineage.empty() ? "" : lineage + ": ") + failure.what());
        return;
    }
    const auto of =
        lineage.empty() ? "" : fmt::format(", \"lineage\": {}", base::json_quoted(lineage));
    write_line(fmt::format("{{\"event\": \"failure\", \"warning\": true{}, \"failure\": {}}}", of,
                           client::to_json(failure)));
}

void Console::print(std::string_view data, Delivery delivery) {
    if (verbosity_ != Verbosity::quiet || delivery == Delivery::required)
        print_answer(data, delivery);
}

void Console::print_answer(std::string_view data, Delivery delivery) {
    const auto line = fmt::format("{}\n", data);
    const std::scoped_lock lock(mutex_);
    if (delivery == Delivery::attempted) {
        output_.write(line, ReaderPatience::brief);
        return;
    }
    if (const int error = output_.write(line, ReaderPatience::endless); error != 0)
        throw client::Failure("print the answer", std::generic_category().message(error),
                              "mend what standard output leads to.");
}

void Console::print_table(const std::vector<std::vector<std::string>>& rows, Delivery delivery) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], row[i].size());
        }
    std::string table;
    for (const auto& row : rows) {
        if (!table.empty()) table += '\n';
        for (std::size_t i = 0; i < row.size(); ++i)
            table += i + 1 == row.size() ? row[i] : fmt::format("{:<{}}  ", row[i], widths[i]);
    }
    print(table, delivery);
}

}  // namespace cairn
