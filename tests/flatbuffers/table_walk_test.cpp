// The released frames, read without the generated code and without the frame reader: the header by
// the offsets of docs/wire-format.md, tables by the rules of FlatBuffers, fields by their place in
// flatbuffers/*.fbs counted from 0. A field that was moved or retyped in a schema, and a frame that
// says something else than it did, is found here even when writer and reader agree on it.

#include "tests/core/golden_file.h"
#include "tests/flatbuffers/wire_samples.h"
#include "tests/support/by_hand.h"

#include <gtest/gtest.h>

#include <set>

namespace weft::wire {
namespace {

using test::ByHand;

std::uint64_t number_at(std::string_view bytes, std::size_t at, std::size_t size) {
    std::uint64_t value = 0;
    if (at + size > bytes.size()) ADD_FAILURE() << "reads behind the end";
    for (std::size_t i = size; i-- > 0 && at + i < bytes.size();)
        value = value << 8 | static_cast<unsigned char>(bytes[at + i]);
    return value;
}

// One golden frame with one message, and expectations of the message's fields.
class Walk {
public:
    Walk(const std::string& name, unsigned channel, unsigned type, int flags = kMustUnderstand) {
        frame_ = test::bytes_of(test::golden_hex("wire_1_" + name + ".hex"));
        trace_ = name;
        if (frame_.size() < 104) {
            ADD_FAILURE() << name << " has no message";
            return;
        }
        expect_header(channel);
        EXPECT_EQ(number_at(frame_, 96, 2), type) << name;
        EXPECT_EQ(frame_[98], 1) << name << ": version";
        EXPECT_EQ(frame_[99], flags) << name << ": must be understood";
        const std::size_t length = number_at(frame_, 100, 4);
        EXPECT_EQ(frame_.size(), 104 + (length + 7) / 8 * 8) << name;
        body_ = std::string_view(frame_).substr(104, length);
        table_ = number_at(body_, 0, 4);
        // The table begins with the distance back to its list of field places.
        const auto back = static_cast<std::int32_t>(number_at(body_, table_, 4));
        places_ = table_ - static_cast<std::size_t>(back);
        slots_ = (number_at(body_, places_, 2) - 4) / 2;
    }
    ~Walk() {
        for (std::size_t slot = 0; slot < slots_; ++slot)
            EXPECT_TRUE(seen_.contains(slot) || place(slot) == 0)
                << trace_ << ": field " << slot << " is there too";
    }
    Walk(const Walk&) = delete;
    Walk& operator=(const Walk&) = delete;

    Walk& u8(std::size_t slot, std::uint64_t value) { return number(slot, 1, value); }
    Walk& u16(std::size_t slot, std::uint64_t value) { return number(slot, 2, value); }
    Walk& u32(std::size_t slot, std::uint64_t value) { return number(slot, 4, value); }
    Walk& u64(std::size_t slot, std::uint64_t value) { return number(slot, 8, value); }
    Walk& with(void (*fields)(Walk&)) {
        fields(*this);
        return *this;
    }
    // A struct within the table.
    Walk& fixed(std::size_t slot, const ByHand& bytes) {
        EXPECT_EQ(test::hex_of(body_.substr(found(slot), bytes.done().size())),
                  test::hex_of(bytes.done()))
            << trace_ << ": field " << slot;
        return *this;
    }
    Walk& text(std::size_t slot, const std::string& value) {
        vector(slot, 1, ByHand().bytes(value));
        EXPECT_EQ(body_[target(slot) + 4 + value.size()], '\0') << trace_ << ": text " << slot;
        return *this;
    }
    // Elements of `size` bytes each.
    Walk& vector(std::size_t slot, std::size_t size, const ByHand& bytes) {
        const std::size_t at = target(slot);
        const std::size_t count = number_at(body_, at, 4);
        EXPECT_EQ(count * size, bytes.done().size()) << trace_ << ": field " << slot;
        EXPECT_EQ(test::hex_of(body_.substr(at + 4, count * size)), test::hex_of(bytes.done()))
            << trace_ << ": field " << slot;
        EXPECT_EQ((at + 4) % std::min<std::size_t>(size == 16 ? 1 : size, 8), 0U)
            << trace_ << ": field " << slot << " is not aligned";
        return *this;
    }

private:
    void expect_header(unsigned channel) {
        ByHand header;
        header.bytes("WEFT").u8(1).u8(channel).u16(0).u32(frame_.size() - 96).u32(1);
        header.rising(0x10, 16).rising(0x30, 16).u64(7).rising(0x50, 16);
        header.u64(0x0102030405060708).u32(1).u32(0);
        std::string zeroed = header.done() + std::string(8, '\0') + frame_.substr(96);
        header.u64(test::sum64_by_hand(zeroed));
        EXPECT_EQ(test::hex_of(frame_.substr(0, 96)), test::hex_of(header.done())) << trace_;
    }
    Walk& number(std::size_t slot, std::size_t size, std::uint64_t value) {
        const std::size_t at = found(slot);
        EXPECT_EQ(number_at(body_, at, size), value) << trace_ << ": field " << slot;
        EXPECT_EQ(at % size, 0U) << trace_ << ": field " << slot << " is not aligned";
        return *this;
    }
    // 0: the field is not there.
    std::size_t place(std::size_t slot) const {
        return slot < slots_ ? number_at(body_, places_ + 4 + 2 * slot, 2) : 0;
    }
    std::size_t found(std::size_t slot) {
        seen_.insert(slot);
        EXPECT_NE(place(slot), 0U) << trace_ << ": field " << slot << " is missing";
        return table_ + place(slot);
    }
    std::size_t target(std::size_t slot) {
        const std::size_t at = found(slot);
        return at + number_at(body_, at, 4);
    }

    std::string frame_, trace_;
    std::string_view body_;
    std::size_t table_ = 0, places_ = 0, slots_ = 0;
    std::set<std::size_t> seen_;
};

constexpr unsigned kPeer = 1;
constexpr unsigned kClient = 3;

ByHand id(unsigned first) { return ByHand().rising(first, 16); }
ByHand request_key() {
    return ByHand().rising(0xa0, 16).u64(1700000000123).u64(42).u32(17).pad_to(8);
}

// Of the tables that clients and nodes share.
void request_fields(Walk& walk) {
    walk.fixed(0, request_key())
        .fixed(1, id(0xc0))
        .u64(2, 40)
        .u8(3, 2)
        .u8(4, 1)
        .u32(5, 4999)
        .text(6, "kv")
        .text(7, "cart/42")
        .text(8, "put")
        .vector(9, 1, ByHand().u8(0).bytes("payload"));
}
void reply_fields(Walk& walk) {
    walk.fixed(0, request_key())
        .u32(1, 3)
        .u8(2, 1)
        .u8(3, 2)
        .u8(4, 1)
        .u8(5, 1)
        .u8(6, 14)
        .u16(7, 8101)
        .text(8, "another value")
        .vector(9, 1, ByHand().bytes("answer"))
        .u64(10, 101)
        .u64(11, 99)
        .u64(12, 5)
        .u64(13, 12)
        .fixed(14, id(0x60))
        .u64(15, 8);
}

TEST(WireWalk, RequestsLieWhereTheSchemaSays) {
    Walk("client-hello", kClient, 1).fixed(0, id(0xa0)).u16(1, 1).text(2, "weft bench");
    Walk("client-hello-known", kClient, 1)
        .fixed(0, id(0xa0))
        .u16(1, 1)
        .text(2, "weft bench")
        .u8(3, 1)
        .fixed(4, id(0x30))
        .u64(5, 7)
        .u64(6, 39)
        .u64(7, 0x1122334455667788)
        .vector(8, 4, ByHand().u32(3).u32(600));
    Walk("request", kClient, 2).with(request_fields);
    Walk("admin-request", kClient, 3)
        .u64(0, 9)
        .text(1, "partition")
        .vector(2, 4, ByHand().u32(2).u32(0).u32(6))
        .vector(3, 1, ByHand().bytes("17cursor"));
}

TEST(WireWalk, AnswersLieWhereTheSchemaSays) {
    Walk("hello-reply", kClient, 17)
        .fixed(0, id(0x10))
        .fixed(1, id(0x30))
        .u64(2, 7)
        .u64(3, 1700000000456)
        .fixed(4, id(0x70))
        .u32(5, 2)
        .u64(6, 1)
        .vector(7, 16, ByHand().rising(0x30, 16).rising(0x50, 16))
        .vector(8, 2, ByHand().u16(1).u16(14).u16(1).u16(14))
        .vector(9, 1, ByHand().bytes("a127.0.0.1:7341b127.0.0.1:7351"))
        .vector(10, 1, ByHand().u8(0).u8(1).u8(255))
        .vector(11, 8, ByHand().u64(3).u64(4).u64(5));
    Walk("hello-reply-changes", kClient, 17)
        .fixed(0, id(0x10))
        .fixed(1, id(0x30))
        .u64(2, 7)
        .u64(3, 1700000000456)
        .fixed(4, id(0x70))
        .u32(5, 600)
        .u64(6, 1)
        .vector(7, 16, ByHand())
        .vector(8, 2, ByHand())
        .vector(9, 1, ByHand())
        .vector(10, 1, ByHand())
        .vector(11, 8, ByHand().u64(9).u64(10))
        .u64(12, 40)
        .u64(13, 0x1122334455667788)
        .vector(14, 2, ByHand().u16(4095).u16(0xffff))
        .vector(15, 4, ByHand().u32(1).u32(600));
    Walk("reply", kClient, 18).with(reply_fields);
    Walk("admin-reply", kClient, 19)
        .u64(0, 9)
        .u8(1, 1)
        .u8(2, 13)
        .u16(3, 8102)
        .text(4, "no such group")
        .vector(5, 1, ByHand().u8(1).u8(0))
        .vector(6, 4, ByHand().u32(5).u32(4))
        .vector(7, 4, ByHand().u32(1).u32(6).u32(1).u32(0))
        .vector(8, 1, ByHand().bytes("grouprole1leader2"))
        .text(9, "2");
}

// The same tables, with the tag.
TEST(WireWalk, WhatNodesAskLiesWhereTheSchemaSays) {
    Walk("node-request", kPeer, 120, 0).with(request_fields).u64(11, 77);
    Walk("node-reply", kPeer, 121, 0).with(reply_fields).u64(16, 77);
}

// Every struct ends at a multiple of 8, the size of its largest field.
TEST(WireWalk, VotesAndAppendsLieWhereTheSchemaSays) {
    Walk("peer-hello", kPeer, 64)
        .fixed(0, id(0x10))
        .text(1, "127.0.0.1:7340")
        .u8(2, 1)
        .vector(3, 4, ByHand().u32(8).u32(4))
        .vector(4, 1, ByHand().bytes("kv:valuec:es"));
    ByHand asks;
    asks.u64(5).u64(4).u64(11).u32(3).u8(1).u8(0).pad_to(8);
    asks.u64(6).u64(4).u64(11).u32(16384).u8(0).u8(1).pad_to(8);
    Walk("vote-asks", kPeer, 65).vector(0, 32, asks);
    ByHand votes;
    votes.u64(5).u32(3).u8(1).u8(1).pad_to(8).u64(9).u32(4).u8(0).u8(0).pad_to(8);
    Walk("vote-answers", kPeer, 66).vector(0, 16, votes);
    Walk("vote-answers-since", kPeer, 66).vector(0, 16, votes).vector(1, 8, ByHand().u64(8).u64(0));
    const auto batch = test::sample_append();
    const std::uint64_t first = batch.items[0].bytes;
    const std::uint64_t third = batch.items[2].bytes;
    ByHand items;
    items.u64(5).u64(4).u64(10).u64(9).u32(3).u32(2).u32(0).u32(first);
    items.u64(2).u64(2).u64(7).u64(7).u32(4).u32(0).u32(0).u32(0);
    items.u64(6).u64(6).u64(20).u64(18).u32(5).u32(1).u32(first).u32(third);
    Walk("append-batch", kPeer, 67)
        .vector(0, 48, items)
        .vector(1, 1, ByHand().bytes(batch.blob.view()));
    Walk("append-batch-since", kPeer, 67)
        .vector(0, 48, items)
        .vector(1, 1, ByHand().bytes(batch.blob.view()))
        .vector(2, 8, ByHand().u64(0).u64(21).u64(0));
    ByHand answers;
    answers.u64(5).u64(12).u64(0).u32(3).u8(1).u8(0).pad_to(8);
    answers.u64(5).u64(7).u64(2).u32(4).u8(0).u8(1).pad_to(8);
    Walk("append-answers", kPeer, 68).vector(0, 32, answers);
    Walk("append-answers-since", kPeer, 68)
        .vector(0, 32, answers)
        .vector(1, 8, ByHand().u64(0).u64(300));
    Walk("timeout-now", kPeer, 69).u64(0, 5).u32(1, 3);
}

TEST(WireWalk, SnapshotsAndContactLieWhereTheSchemaSays) {
    Walk("snapshot-chunk", kPeer, 70)
        .u64(0, 5)
        .u64(1, 4)
        .u64(2, 11)
        .u32(3, 3)
        .u32(4, 1)
        .u8(5, 1)
        .vector(6, 1, ByHand().bytes("base"))
        .vector(7, 1, ByHand().bytes("rows and rows"));
    Walk("snapshot-chunk-since", kPeer, 70)
        .u64(0, 5)
        .u64(1, 4)
        .u64(2, 11)
        .u32(3, 3)
        .u32(4, 1)
        .u8(5, 1)
        .vector(6, 1, ByHand().bytes("base"))
        .vector(7, 1, ByHand().bytes("rows and rows"))
        .u64(8, 6)
        .u64(9, 8);
    Walk("snapshot-answer", kPeer, 71).u64(0, 5).u64(1, 4).u64(2, 11).u32(3, 3).u32(4, 2).u8(5, 1);
    Walk("snapshot-answer-since", kPeer, 71)
        .u64(0, 5)
        .u64(1, 4)
        .u64(2, 11)
        .u32(3, 3)
        .u32(4, 2)
        .u8(5, 1)
        .u64(6, 6)
        .u64(7, 8);
    Walk("heartbeat", kPeer, 72)
        .u64(0, 77)
        .u64(1, 0xfeed)
        .u32(2, 340)
        .u32(3, 12)
        .vector(4, 24, ByHand().u64(5).u64(12).u32(3).pad_to(8));
    Walk("heartbeat-answer", kPeer, 73)
        .u64(0, 77)
        .u32(1, 13)
        .u8(2, 1)
        .vector(3, 16, ByHand().u64(6).u32(3).pad_to(8));
    Walk("confirm", kPeer, 74)
        .u64(0, 78)
        .vector(1, 16, ByHand().u64(5).u32(3).pad_to(8).u64(9).u32(4).pad_to(8));
    Walk("confirm-answer", kPeer, 75).u64(0, 78).vector(1, 16, ByHand().u64(0).u32(4).pad_to(8));
}

TEST(WireWalk, ProofsOfLinksLieWhereTheSchemaSays) {
    Walk("link-challenge", kPeer, 76).fixed(0, id(0x20));
    Walk("link-answer", kPeer, 77).vector(0, 16, ByHand().rising(0x20, 16).rising(0x40, 16));
}

}  // namespace
}  // namespace weft::wire
