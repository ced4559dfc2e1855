#include "client/import/foreign_installation.h"

#include "client/failure.h"

namespace cairn::client {

std::string_view to_string(ForeignProgram program) {
    switch (program) {
        case ForeignProgram::certbot:
            return "certbot";
        case ForeignProgram::lego:
            return "lego";
        case ForeignProgram::acme_sh:
            return "acme.sh";
    }
    return {};
}

std::string_view to_string(ServedPath::Holds holds) {
    switch (holds) {
        case ServedPath::Holds::certificate:
            return "cert";
        case ServedPath::Holds::chain:
            return "chain";
        case ServedPath::Holds::full_chain:
            return "fullchain";
        case ServedPath::Holds::private_key:
            return "privkey";
    }
    return {};
}

ForeignInstallation read_foreign(ForeignProgram program, const std::filesystem::path& folder) try {
    switch (program) {
        case ForeignProgram::certbot:
            return read_certbot(folder);
        case ForeignProgram::lego:
            return read_lego(folder);
        case ForeignProgram::acme_sh:
            return read_acme_sh(folder);
    }
    return {};
} catch (const std::filesystem::filesystem_error& error) {
    throw Failure("read what " + std::string(to_string(program)) + " keeps", error.what());
}

}  // namespace cairn::client
