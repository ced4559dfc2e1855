#pragma once

#include "client/deploy/target.h"

namespace cairn::client {

/// "files:DIR" and "files,fullchain=PATH,key=PATH...": the certificate and its key where a server
/// reads them.
[[nodiscard]] base::Result<std::unique_ptr<Target>> make_files_target(TargetOptions& options,
                                                                      const TargetContext& context);

/// What a file of a certificate can hold.
enum class FileContents {
    certificate,
    chain,
    full_chain,
    key,
    key_and_full_chain,
    full_chain_and_key
};
/// "fullchain", "key+fullchain".
[[nodiscard]] std::string_view to_string(FileContents contents);
/// The reverse; the error names all.
[[nodiscard]] base::Result<FileContents> file_contents_from(std::string_view text);
/// True if a private key is in it.
[[nodiscard]] bool has_key(FileContents contents);
/// The file of a certificate with these contents.
[[nodiscard]] DeployFile deploy_file(const std::filesystem::path& path, FileContents contents,
                                     const DeployCertificate& certificate, FileRights rights);

}  // namespace cairn::client
