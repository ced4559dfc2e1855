#include "client/dns/provider_http_test.cpp"
#include "client/dns/recipe_test.cpp"
