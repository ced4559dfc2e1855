#include "client/dns/xml_document.h"

#include <gtest/gtest.h>

namespace cairn::client::xml_document_test {
namespace {

TEST(Xml, HasElementsAttributesAndTexts) {
    const auto root = parse_xml(
        "\xef\xbb\xbf<?xml version=\"1.0\"?><!-- a --><r:a xmlns:r='x' b=\"1 &lt; 2\"><c/>x<!-- y "
        "-->y<c>&#65;&#x42;&amp;</c><d><![CDATA[<raw>]]></d></r:a>\n");
    ASSERT_TRUE(root) << root.error().message;
    EXPECT_EQ(root->name, "a");
    EXPECT_EQ(root->attribute("b"), "1 < 2");
    EXPECT_EQ(root->attribute("none"), "");
    EXPECT_EQ(root->text, "xy");
    ASSERT_EQ(root->children.size(), 3U);
    EXPECT_EQ(root->children[1].text, "AB&");
    EXPECT_EQ(root->text_of("d"), "<raw>");
    EXPECT_EQ(root->child("none"), nullptr);
}

TEST(Xml, RefusesWhatIsBrokenOrClever) {
    for (const auto* text :
         {"", "text", "<a>", "<a></b>", "<a/><b/>", "<a b></a>", "<a b=1/>", "<a>&unknown;</a>",
          "<a>&#0;</a>", "<a>&#xd800;</a>", "<a>&amp</a>", "<a b='</a>",
          "<!DOCTYPE a [<!ENTITY e 'x'>]><a>&e;</a>", "<a><![CDATA[x</a>", "<a><!-- </a>"})
        EXPECT_FALSE(parse_xml(text)) << text;
    std::string deep;
    for (int i = 0; i < 40; ++i) deep += "<a>";
    EXPECT_FALSE(parse_xml(deep));
}

TEST(Xml, EscapesWhatHasAMeaning) {
    EXPECT_EQ(xml_escaped("<\"a\" & b>"), "&lt;&quot;a&quot; &amp; b&gt;");
}

}  // namespace
}  // namespace cairn::client::xml_document_test
