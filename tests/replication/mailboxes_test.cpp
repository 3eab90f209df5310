// Commands that wait: bounds, order, and sums that add up.

#include "replication/partition/mailboxes.h"

#include "tests/support/said_by.h"
#include "weft/errors.h"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace weft::replication {
namespace {

Queued of(std::uint64_t seq, std::size_t bytes) {
    Queued item;
    item.request.id.seq = seq;
    static const std::string text(1000, 'x');
    item.request.payload = std::string_view(text).substr(0, bytes);
    return item;
}
PartitionLimits limits() {
    PartitionLimits small;
    small.mailbox = 2;
    small.waiting_replies = 3;
    small.mailbox_bytes = 100;
    return small;
}

class MailboxesTest : public testing::Test {
protected:
    Mailboxes::Added add(std::string_view key, std::uint64_t seq, std::size_t bytes) {
        Queued item = of(seq, bytes);
        const auto added = boxes.add(key, item, limits());
        if (added == Mailboxes::Added::NoRoom) {
            EXPECT_EQ(item.request.payload.size(), bytes) << "was taken";
        }
        boxes.check();
        return added;
    }
    Mailboxes boxes;
};

TEST_F(MailboxesTest, GiveBackInTheOrderTheyCame) {
    EXPECT_EQ(add("b", 1, 10), Mailboxes::Added::First);
    EXPECT_EQ(add("a", 2, 10), Mailboxes::Added::First);
    EXPECT_EQ(add("b", 3, 10), Mailboxes::Added::Behind);
    EXPECT_EQ(boxes.size(), 3u);
    EXPECT_EQ(boxes.next("b")->request.id.seq, 1u);
    EXPECT_NE(boxes.find("b"), nullptr);
    EXPECT_EQ(boxes.next("b")->request.id.seq, 3u);
    EXPECT_EQ(boxes.find("b"), nullptr);
    EXPECT_EQ(boxes.next("b"), std::nullopt);
    EXPECT_EQ(boxes.size(), 1u);
    boxes.check();
}

TEST_F(MailboxesTest, RefuseBeyondEachBound) {
    EXPECT_EQ(add("a", 1, 10), Mailboxes::Added::First);
    EXPECT_EQ(add("b", 2, 91), Mailboxes::Added::NoRoom) << "bytes of all";
    EXPECT_EQ(boxes.find("b"), nullptr);
    EXPECT_EQ(add("a", 3, 90), Mailboxes::Added::Behind);
    EXPECT_EQ(add("a", 4, 0), Mailboxes::Added::NoRoom) << "commands for one entity";
    EXPECT_EQ(add("b", 5, 0), Mailboxes::Added::First);
    EXPECT_EQ(add("c", 6, 0), Mailboxes::Added::NoRoom) << "commands for all";
    while (boxes.next("a")) {
    }
    EXPECT_EQ(add("c", 7, 100), Mailboxes::Added::First) << "what was taken makes room";
}

TEST_F(MailboxesTest, RefuseAllByKeyWhenTheTermIsLost) {
    add("b", 1, 1);
    add("a", 2, 1);
    add("b", 3, 1);
    std::vector<std::uint64_t> told;
    for (const Refused& refused : boxes.refuse()) {
        told.push_back(refused.id.seq);
        EXPECT_EQ(number_of(refused.error), ErrorNumber::NoLeader);
        EXPECT_EQ(refused.outcome, Outcome::NotDone);
    }
    EXPECT_EQ(told, (std::vector<std::uint64_t>{2, 1, 3}));
    EXPECT_TRUE(boxes.empty());
    boxes.check();
    EXPECT_EQ(add("c", 7, 100), Mailboxes::Added::First);
}

// Whoever advances an activation holds it, and with it who waits there.
TEST_F(MailboxesTest, TellWhatCannotBe) {
    add("a", 1, 10);
    boxes.find("a")->mailbox.push_back(of(2, 5));
    EXPECT_EQ(weft::test::said_by([&] { boxes.check(); }),
              "2 commands of 15 bytes wait, 1 of 10 counted");
    boxes.find("a")->mailbox.pop_back();
    boxes.check();
    boxes.find("a")->mailbox.front().request.payload = {};
    EXPECT_EQ(weft::test::said_by([&] { boxes.check(); }),
              "1 commands of 0 bytes wait, 1 of 10 counted");
    boxes.find("a")->mailbox.clear();
    EXPECT_EQ(weft::test::said_by([&] { boxes.check(); }),
              "an entity of 1 bytes of key is awaited by nobody");
}

}  // namespace
}  // namespace weft::replication
