// The compiled parts of Asio's TLS streams and of Beast, once for all modules.
#include <boost/asio/ssl/impl/src.hpp>
#include <boost/beast/src.hpp>
