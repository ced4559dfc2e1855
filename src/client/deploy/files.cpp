#include "client/deploy/files.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/enum_table.h"
#include "client/deploy/server_steps.h"

namespace cairn::client {
namespace {

namespace fs = std::filesystem;

constexpr base::EnumTable<FileContents, std::string_view> contents_names({
    {FileContents::certificate, "cert"},
    {FileContents::chain, "chain"},
    {FileContents::full_chain, "fullchain"},
    {FileContents::key, "key"},
    {FileContents::key_and_full_chain, "key+fullchain"},
    {FileContents::full_chain_and_key, "fullchain+key"},
});

void append(base::SecretBytes& all, base::BytesView part) {
    all.insert(all.end(), part.begin(), part.end());
}

struct Wanted {
    fs::path path;
    FileContents contents;
};

class FilesTarget final : public Target {
  public:
    FilesTarget(std::string text, fs::path folder, std::vector<Wanted> wanted, FileRights key,
                FileRights open, ServerSteps steps)
        : text_(std::move(text)),
          folder_(std::move(folder)),
          wanted_(std::move(wanted)),
          key_rights_(key),
          open_rights_(open),
          steps_(std::move(steps)) {}

    std::string text() const override { return text_; }
    KeyNeed key_need() const override {
        const bool is_any_key =
            std::ranges::any_of(wanted_, [](const Wanted& file) { return has_key(file.contents); });
        return folder_.empty() && !is_any_key ? KeyNeed::none : KeyNeed::text;
    }
    std::vector<Failure> obstacles(const DeploySubject& subject) override {
        auto found = steps_.obstacles(subject);
        for (const auto& path : paths())
            if (auto obstacle = obstacle_to_file(path)) found.push_back(*obstacle);
        return found;
    }
    DeployFiles files(const DeployMaterial& material) override {
        DeployFiles all;
        if (folder_.empty() || steps_.key_type) {
            const auto& certificate = steps_.certificate(material);
            for (const auto& file : all_wanted({}))
                all.matched.push_back(
                    deploy_file(file.path, file.contents, certificate, rights(file.contents)));
            return all;
        }
        for (const auto& certificate : material.certificates) {
            const bool is_first = &certificate == &material.first();
            const auto suffix = is_first
                                    ? std::string()
                                    : fmt::format("-{}", crypto::to_string(certificate.key_type));
            for (const auto& file : all_wanted(suffix))
                all.matched.push_back(
                    deploy_file(file.path, file.contents, certificate, rights(file.contents)));
        }
        return all;
    }
    std::vector<std::string> outline(const DeploySubject&) override {
        std::vector<std::string> lines;
        for (const auto& path : paths()) lines.push_back(path.string() + " is written");
        std::ranges::move(steps_.outline(), std::back_inserter(lines));
        return lines;
    }
    void check(const DeployMaterial&, const TargetRun& run) override { steps_.run_check(run); }
    void activate(const DeployMaterial&, const TargetRun& run) override { steps_.run_reload(run); }
    std::vector<DeployProbe> probes(const DeployMaterial& material) override {
        return steps_.probes_for(material);
    }
    std::chrono::milliseconds probe_patience() const override { return steps_.patience; }

  private:
    [[nodiscard]] FileRights rights(FileContents contents) const {
        return has_key(contents) ? key_rights_ : open_rights_;
    }
    [[nodiscard]] std::vector<Wanted> all_wanted(const std::string& suffix) const {
        auto all = wanted_;
        if (folder_.empty()) return all;
        const auto files = CertificateFiles::in(folder_, suffix);
        all.push_back({files.certificate, FileContents::certificate});
        all.push_back({files.chain, FileContents::chain});
        all.push_back({files.full_chain, FileContents::full_chain});
        all.push_back({files.private_key, FileContents::key});
        return all;
    }
    [[nodiscard]] std::vector<fs::path> paths() const {
        std::vector<fs::path> paths;
        for (const auto& file : all_wanted({})) paths.push_back(file.path);
        return paths;
    }

    std::string text_;
    fs::path folder_;
    std::vector<Wanted> wanted_;
    FileRights key_rights_, open_rights_;
    ServerSteps steps_;
};

}  // namespace

std::string_view to_string(FileContents contents) {
    return contents_names[contents];
}

base::Result<FileContents> file_contents_from(std::string_view text) {
    if (const auto contents = contents_names.find(text)) return *contents;
    return base::fail(
        fmt::format("\"{}\" is none of {}", base::printable(text), base::listed(contents_names)));
}

bool has_key(FileContents contents) {
    return contents == FileContents::key || contents == FileContents::key_and_full_chain ||
           contents == FileContents::full_chain_and_key;
}

DeployFile deploy_file(const fs::path& path, FileContents contents,
                       const DeployCertificate& certificate, FileRights rights) {
    DeployFile file{
        .path = path,
        .contents = {},
        .rights = rights,
        .holds = has_key(contents) ? DeployFile::Holds::key : DeployFile::Holds::certificate};
    const auto add = [&](std::string_view text) { append(file.contents, base::bytes_of(text)); };
    switch (contents) {
        case FileContents::certificate:
            add(certificate.leaf());
            break;
        case FileContents::chain:
            add(certificate.chain());
            break;
        case FileContents::full_chain:
            add(certificate.full_chain());
            break;
        case FileContents::key:
            append(file.contents, certificate.private_key());
            break;
        case FileContents::key_and_full_chain:
            append(file.contents, certificate.private_key());
            add(certificate.full_chain());
            break;
        case FileContents::full_chain_and_key:
            add(certificate.full_chain());
            append(file.contents, certificate.private_key());
            break;
    }
    return file;
}

base::Result<std::unique_ptr<Target>> make_files_target(TargetOptions& options,
                                                        const TargetContext&) {
    fs::path folder;
    if (const auto argument = options.argument(); !argument.empty()) {
        folder = fs::absolute(argument).lexically_normal();
        options.settle_argument(folder.string());
    }
    std::vector<Wanted> wanted;
    const auto add = [&](std::string_view key, FileContents contents) {
        const auto path = options.take_path(key);
        if (!path) return;
        if (std::ranges::find(wanted, *path, &Wanted::path) != wanted.end())
            options.refuse(key, "is the path of another file, too");
        wanted.push_back({*path, contents});
    };
    add("fullchain", FileContents::full_chain);
    add("cert", FileContents::certificate);
    add("chain", FileContents::chain);
    add("key", FileContents::key);
    add("combined", FileContents::key_and_full_chain);
    if (folder.empty() && wanted.empty())
        options.refuse("", "names no file: files:DIR, or fullchain=PATH,key=PATH");
    auto key_rights = options.take_rights();
    auto open_rights = key_rights;
    const auto cert_rights = options.take_rights("cert-");
    if (cert_rights.owner) open_rights.owner = cert_rights.owner;
    if (cert_rights.group) open_rights.group = cert_rights.group;
    if (cert_rights.mode) open_rights.mode = cert_rights.mode;
    auto steps = ServerSteps::take(options);
    return std::make_unique<FilesTarget>(options.text(), std::move(folder), std::move(wanted),
                                         key_rights, open_rights, std::move(steps));
}

}  // namespace cairn::client
