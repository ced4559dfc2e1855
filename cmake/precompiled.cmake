# Headers of libraries that most files include are parsed once, in builds with tests or fuzz targets: a
# quarter of the time of compiling. Others do without, so a missing #include is found there.

set(headers
    <algorithm> <array> <atomic> <chrono> <cstdint> <deque> <filesystem> <fstream> <functional>
    <future> <map> <memory> <mutex> <optional> <set> <span> <sstream> <stdexcept> <string>
    <string_view> <thread> <utility> <variant> <vector>
    <boost/asio/any_io_executor.hpp> <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp>
    <boost/asio/co_spawn.hpp> <boost/asio/io_context.hpp> <boost/asio/ip/tcp.hpp>
    <boost/asio/post.hpp> <boost/asio/steady_timer.hpp> <boost/asio/this_coro.hpp>
    <boost/asio/thread_pool.hpp> <boost/asio/use_awaitable.hpp> <boost/asio/use_future.hpp>
    <fmt/format.h>)

# Once for libraries and once, with GoogleTest, for tests.
file(WRITE ${CMAKE_BINARY_DIR}/precompiled.cpp "")
function(cairn_precompile use)
    add_library(cairn_precompiled_${use} OBJECT ${CMAKE_BINARY_DIR}/precompiled.cpp)
    target_link_libraries(cairn_precompiled_${use} PRIVATE cairn::asio fmt::fmt ${ARGN})
    target_precompile_headers(cairn_precompiled_${use} PRIVATE ${headers})
endfunction()
cairn_precompile(library cairn_flags)
if(CAIRN_TESTS)
    cairn_precompile(tests cairn_test_flags GTest::gmock)
    target_precompile_headers(cairn_precompiled_tests PRIVATE <gmock/gmock.h> <gtest/gtest.h>)
endif()
