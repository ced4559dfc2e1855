#include "net/server_acceptance.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "net/testing/certificates.h"
