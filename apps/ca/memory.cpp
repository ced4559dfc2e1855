// How jemalloc, which stands in for malloc, is set up.

#include <jemalloc/jemalloc.h>

/// jemalloc looks here before it starts; the environment's MALLOC_CONF goes before it
/// (jemalloc(3)). A certificate takes some 1,600 pieces of memory, and many of them are freed by
/// another thread than took them. So threads keep more free pieces than is usual, and look less
/// often for those that they could give back.
// NOLINTNEXTLINE(cppcoreguidelines-avoid-non-const-global-variables): as jemalloc declares it
const char* malloc_conf =
    "lg_tcache_nslots_mul:2,tcache_nslots_small_max:800,tcache_gc_incr_bytes:4194304";
