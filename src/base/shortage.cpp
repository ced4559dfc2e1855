#include "base/shortage.h"

#include <cerrno>
#include <new>

#include <boost/system/system_error.hpp>

namespace cairn::base {

bool is_shortage(const std::error_code& error) {
    if (error.category() != std::system_category() && error.category() != std::generic_category())
        return false;
    switch (error.value()) {
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
        case ENOSPC:
        case EADDRNOTAVAIL:
        case EAGAIN:
        case ENETDOWN:
            return true;
        default:
            return false;
    }
}

std::optional<std::string> shortage_in(const std::exception_ptr& exception) {
    try {
        std::rethrow_exception(exception);
    } catch (const Shortage& shortage) {
        return shortage.what();
    } catch (const std::bad_alloc&) {
        return "there is no memory left";
    } catch (const boost::system::system_error& error) {
        if (is_shortage(error.code())) return error.what();
    } catch (const std::system_error& error) {
        if (is_shortage(error.code())) return error.what();
    } catch (...) {
    }
    return std::nullopt;
}

}  // namespace cairn::base
