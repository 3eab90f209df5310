// Links alone; what a whole Caller makes of them is in links_test.cpp.
#include "client/core/links.h"
#include "client/core/strangers.h"
#include "tests/support/said_by.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace weft::client {
namespace {

class LinkRule : public testing::Test {
protected:
    LinkRule() {
        options_.addresses = {"one", "two", "three"};
        links_.begin(step_);
    }

    void pass(Duration span) { step_.now.mono = step_.now.mono + span; }
    void ready(LinkId link, NodeIndex node, const std::string& address) {
        links_.up(step_, link);
        links_.place(node, address);
        ASSERT_TRUE(links_.bind(step_, link, node, address));
    }
    Link::State state(LinkId link) const { return links_.all()[link].state; }
    template <class Kind>
    std::ptrdiff_t count() const {
        return std::ranges::count_if(
            out_, [](const Effect& effect) { return std::holds_alternative<Kind>(effect); });
    }
    // Since it was asked last.
    std::vector<LinkId> closed() {
        std::vector<LinkId> links;
        for (const Effect& effect : out_)
            if (const auto* close = std::get_if<CloseLink>(&effect)) links.push_back(close->link);
        out_.clear();
        return links;
    }
    template <class Act>
    std::vector<LinkId> opened_by(Act act) {
        out_.clear();
        act();
        std::vector<LinkId> links;
        for (const Effect& effect : out_)
            if (const auto* open = std::get_if<OpenLink>(&effect)) links.push_back(open->link);
        return links;
    }
    std::string checked(std::size_t sent_on_first = 0, std::size_t nodes = 2) const {
        Indexed<LinkId, std::size_t> sent(links_.all().size());
        sent[kOne] = sent_on_first;
        return weft::test::said_by([&] { links_.check(sent, nodes); });
    }

    static constexpr LinkId kOne{0}, kTwo{1}, kThree{2};
    static constexpr NodeIndex kA{0}, kB{1};

    CallerOptions options_;
    Random random_{1};
    Effects out_;
    Step step_{.now = {Instant{1'000'000'000}, WallTime{5}}, .random = random_, .out = out_};
    Links links_{options_};
};

TEST_F(LinkRule, TheAddressesOfTheOptionsAreOpenedAndGreetedOnce) {
    EXPECT_EQ(count<OpenLink>(), 3);
    EXPECT_TRUE(links_.up(step_, kOne));
    EXPECT_FALSE(links_.up(step_, kOne)) << "it is up already";
    EXPECT_FALSE(links_.up(step_, LinkId{9})) << "there is no such link";
}

TEST_F(LinkRule, ANodeIsReachedByTheLinkOfItsAddress) {
    links_.place(kA, "two");
    EXPECT_EQ(links_.link_of(kA), kTwo);
    EXPECT_EQ(links_.ready_link(kA), kNoLink) << "nobody has answered there";
    links_.place(kB, "elsewhere");
    EXPECT_EQ(links_.link_of(kB), LinkId{3});
    EXPECT_EQ(state(LinkId{3}), Link::State::Closed) << "nobody wants it";
    ready(kTwo, kA, "two");
    EXPECT_EQ(links_.ready_link(kA), kTwo);
}

TEST_F(LinkRule, ASecondLinkToOneNodeIsClosedForGood) {
    ready(kOne, kA, "one");
    links_.up(step_, kTwo);
    EXPECT_FALSE(links_.bind(step_, kTwo, kA, "one"));
    EXPECT_EQ(closed(), std::vector{kTwo});
    EXPECT_EQ(state(kTwo), Link::State::GivenUp);
    EXPECT_EQ(links_.ready_link(kA), kOne);
    EXPECT_FALSE(links_.down(step_, kTwo)) << "nothing is lost there any more";
}

TEST_F(LinkRule, ALinkThatWentDownRestsBeforeItIsOpenedAgain) {
    ready(kOne, kA, "one");
    EXPECT_TRUE(links_.down(step_, kOne));
    out_.clear();
    links_.want(step_, kOne);
    EXPECT_EQ(count<OpenLink>(), 0);
    pass(options_.backoff_min);
    EXPECT_FALSE(links_.on_timer(step_, true));
    EXPECT_EQ(count<OpenLink>(), 1);
}

TEST_F(LinkRule, AStrangersAddressIsAskedAgainAndAgain) {
    for (const LinkId link : {kOne, kTwo, kThree}) {
        EXPECT_FALSE(stranded(links_.all()));
        links_.up(step_, link);
        links_.met_stranger(step_, link, ClusterId{});
    }
    EXPECT_TRUE(stranded(links_.all()));
    EXPECT_TRUE(links_.met_other_mesh());
    pass(options_.attempt_timeout);
    out_.clear();
    while (links_.deadline() <= step_.time()) links_.on_timer(step_, true);
    EXPECT_EQ(count<OpenLink>(), 3);
    links_.up(step_, kTwo);
    links_.met_ours(kTwo);
    EXPECT_FALSE(stranded(links_.all()));
}

// Bounded: what one more link needs, the one that was not wanted for longest gives.
TEST_F(LinkRule, AtMostSoManyAreOpen) {
    ready(kOne, kA, "one");
    ready(kTwo, kB, "two");
    links_.sent(step_, kOne);
    pass(options_.attempt_timeout);
    options_.links_max = 3;
    links_.place(NodeIndex{2}, "four");
    EXPECT_TRUE(links_.want_node(step_, NodeIndex{2}));
    EXPECT_EQ(state(kTwo), Link::State::Closed) << "used before the others";
    EXPECT_EQ(closed(), std::vector{kTwo});
    EXPECT_EQ(checked(1), "");
    links_.call_over(kOne);
}

TEST_F(LinkRule, ThoseToAskAndToOpenTakeTurns) {
    ready(kOne, kA, "one");
    ready(kThree, kB, "three");
    EXPECT_EQ(links_.next_to_ask(1), std::vector{kOne});
    EXPECT_EQ(links_.next_to_ask(1), std::vector{kThree});
    EXPECT_EQ(links_.next_to_ask(5), (std::vector{kOne, kThree}));
    for (std::uint32_t node = 2; node < 5; ++node)
        links_.place(NodeIndex{node}, "address " + std::to_string(node));
    EXPECT_EQ(opened_by([&] { links_.open_further(step_, 1); }), std::vector{LinkId{3}});
    pass(options_.attempt_timeout);
    while (links_.deadline() <= step_.time()) links_.on_timer(step_, true);
    EXPECT_EQ(state(LinkId{3}), Link::State::Closed) << "nobody wanted it any more";
    EXPECT_EQ(opened_by([&] { links_.open_further(step_, 2); }),
              (std::vector{LinkId{4}, LinkId{5}}));
    EXPECT_EQ(opened_by([&] { links_.open_further(step_, 5); }), (std::vector{kTwo, LinkId{3}}))
        << "the others are open";
}

TEST_F(LinkRule, ANodeThatDoesNotAnswerIsGreetedAgainAsLongAsItIsWanted) {
    links_.up(step_, kOne);
    pass(options_.attempt_timeout / 4);
    EXPECT_EQ(links_.on_timer(step_, true), kOne);
    pass(options_.attempt_timeout);
    links_.want(step_, kOne);
    std::vector<LinkId> greeted;
    while (links_.deadline() <= step_.time())
        if (const auto link = links_.on_timer(step_, true)) greeted.push_back(*link);
    EXPECT_EQ(greeted, std::vector{kOne});
    EXPECT_EQ(closed(), (std::vector{kTwo, kThree})) << "nobody wants them";
    pass(options_.attempt_timeout);
    EXPECT_FALSE(links_.on_timer(step_, true));
    EXPECT_EQ(closed(), std::vector{kOne});
    EXPECT_EQ(links_.deadline(), Instant::never());
}

// Else a client that is given one right address among wrong ones might give up the right one.
TEST_F(LinkRule, BeforeTheMeshIsMetEveryAddressIsWanted) {
    pass(options_.attempt_timeout);
    const auto opened = opened_by([&] {
        while (links_.deadline() <= step_.time()) links_.on_timer(step_, false);
    });
    EXPECT_EQ(opened.size(), 3u);
    EXPECT_TRUE(closed().empty());
}

TEST_F(LinkRule, AnIdleLinkIsClosedAndOneWithCallsIsNot) {
    ready(kOne, kA, "one");
    ready(kTwo, kB, "two");
    links_.down(step_, kThree);
    links_.sent(step_, kOne);
    pass(options_.link_idle);
    while (links_.deadline() <= step_.time()) links_.on_timer(step_, true);
    EXPECT_EQ(closed(), std::vector{kTwo});
    EXPECT_EQ(links_.deadline(), step_.time() + options_.link_idle);
    links_.call_over(kOne);
    pass(options_.link_idle);
    links_.on_timer(step_, true);
    EXPECT_EQ(closed(), std::vector{kOne});
}

TEST_F(LinkRule, ALinkThatIsDroppedIsClosedAndRests) {
    ready(kOne, kA, "one");
    EXPECT_TRUE(links_.drop(step_, kOne));
    EXPECT_EQ(closed(), std::vector{kOne});
    EXPECT_EQ(state(kOne), Link::State::Closed);
    EXPECT_TRUE(opened_by([&] { links_.want(step_, kOne); }).empty());
    pass(options_.backoff_min);
    EXPECT_EQ(opened_by([&] { links_.on_timer(step_, true); }), std::vector{kOne});
}

TEST_F(LinkRule, OnlyAnOpenLinkIsDropped) {
    closed();
    EXPECT_TRUE(links_.drop(step_, kOne));
    EXPECT_EQ(closed(), std::vector{kOne});
    EXPECT_FALSE(links_.drop(step_, kOne)) << "it is closed";
    EXPECT_FALSE(links_.drop(step_, LinkId{99})) << "there is none";
    EXPECT_EQ(closed(), std::vector<LinkId>{});
}

TEST_F(LinkRule, FindsEachFaultThatIsPlanted) {
    ready(kOne, kA, "one");
    EXPECT_EQ(checked(), "");
    EXPECT_EQ(checked(1), "link 0 counts 0 calls, 1 are under way there");
    EXPECT_EQ(checked(0, 0), "node 0 is behind a link and not known");
    options_.links_max = 2;
    EXPECT_EQ(checked(), "3 links are open, 2 at most");
    options_.links_max = 3;
    links_.sent(step_, kOne);
    EXPECT_EQ(checked(1), "");
    links_.down(step_, kOne);
    EXPECT_EQ(checked(1), "1 calls are under way on link 0, which is not ready");
    links_.call_over(kOne);
    Link& planted = const_cast<Link&>(links_.all()[kTwo]);
    planted.state = Link::State::Ready;
    EXPECT_EQ(checked(), "link 1 is ready and leads to no node");
    planted.state = Link::State::GivenUp;
    pass(options_.attempt_timeout);
    while (links_.deadline() <= step_.time()) links_.on_timer(step_, true);
    planted.state = Link::State::Up;
    EXPECT_EQ(checked(), "link 1 is open and nobody will look after it");
}

}  // namespace
}  // namespace weft::client
