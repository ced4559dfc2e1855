#include "base/shortage.h"

#include <cerrno>
#include <new>

#include <boost/asio/error.hpp>
#include <boost/system/system_error.hpp>

#include <gtest/gtest.h>

namespace cairn::base::shortage_test {
namespace {

template <class Exception>
std::exception_ptr thrown(Exception exception) {
    return std::make_exception_ptr(std::move(exception));
}
std::error_code system_error(int number) {
    return {number, std::system_category()};
}

TEST(Shortage, IsWhatTheMachineLacks) {
    for (const int number :
         {EMFILE, ENFILE, ENOBUFS, ENOMEM, ENOSPC, EADDRNOTAVAIL, EAGAIN, ENETDOWN}) {
        EXPECT_TRUE(is_shortage(system_error(number))) << number;
        EXPECT_TRUE(
            is_shortage(boost::system::error_code(number, boost::system::system_category())))
            << number;
    }
}

TEST(Shortage, IsNothingThatAPeerCanCause) {
    for (const int number : {0, ECONNREFUSED, ECONNRESET, ETIMEDOUT, EHOSTUNREACH, ENETUNREACH,
                             EPIPE, EACCES, EPERM, ECANCELED}) {
        EXPECT_FALSE(is_shortage(system_error(number))) << number;
    }
    // The same number of another category.
    EXPECT_FALSE(
        is_shortage(boost::system::error_code(ENOMEM, boost::asio::error::get_misc_category())));
}

TEST(Shortage, IsFoundInExceptions) {
    const boost::system::error_code no_files(EMFILE, boost::system::system_category());
    EXPECT_EQ(shortage_in(thrown(Shortage("no ports"))), "no ports");
    EXPECT_TRUE(shortage_in(thrown(std::bad_alloc())));
    EXPECT_TRUE(shortage_in(thrown(boost::system::system_error(no_files))));
    EXPECT_TRUE(shortage_in(thrown(std::system_error(system_error(EAGAIN)))));
    EXPECT_FALSE(shortage_in(thrown(std::runtime_error("a bug"))));
    EXPECT_FALSE(
        shortage_in(thrown(boost::system::system_error(boost::asio::error::operation_aborted))));
    EXPECT_FALSE(shortage_in(thrown(1)));
}

}  // namespace
}  // namespace cairn::base::shortage_test
