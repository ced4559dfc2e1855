#include "http/link_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace cairn::http::link_header_test {
namespace {

using Strings = std::vector<std::string>;
using Views = std::vector<std::string_view>;

TEST(LinkHeader, FindsTargetsByRelation) {
    struct Case {
        Views fields;
        Strings expected;
    };
    const Case cases[] = {
        {{}, {}},
        {{"<https://ca/dir>;rel=\"index\""}, {}},
        {{"<https://ca/c/1/1>;rel=\"alternate\""}, {"https://ca/c/1/1"}},
        {{"<https://ca/dir>;rel=\"index\"", "<https://ca/c/1/1>; rel=alternate"},
         {"https://ca/c/1/1"}},
        {{"</c/1>; rel=\"alternate\", </c/2>; title=\"a, b; c\"; rel=\"up alternate\" , <x>; "
          "rel=up"},
         {"/c/1", "/c/2"}},
        {{"</c/1>; REL=Alternate"}, {"/c/1"}},
        {{"</c/1>; rel=up; rel=alternate"}, {}},
        {{"</c/1>; rel = \"alternate\""}, {"/c/1"}},
        {{"</c/1>; crossorigin; rel=alternate"}, {"/c/1"}},
        {{"</c/1>; rel=\"alternates\""}, {}},
        {{"</c/1"}, {}},
        {{"</c/1>; rel=\"alternate"}, {}},
        {{"nonsense, </c/1>; rel=alternate"}, {}},
        {{"</c/1>; title=\"\\\"\"; rel=alternate"}, {"/c/1"}},
        {{"</c/1>; title=\"\\"}, {}},
        {{"</c/1>; title=\"without end", "</c/2>; rel=alternate"}, {"/c/2"}},
    };
    for (const auto& [fields, expected] : cases)
        EXPECT_THAT(links_with_relation(fields, "alternate"), ::testing::ElementsAreArray(expected))
            << (fields.empty() ? "" : fields.front());
}

TEST(LinkHeader, ReadsNoMoreThanItsBound) {
    std::string field;
    for (int i = 0; i < 1000; ++i) field += "<a>;rel=alternate,";
    EXPECT_EQ(links_with_relation(Views{field}, "alternate").size(), max_links);
}

}  // namespace
}  // namespace cairn::http::link_header_test
