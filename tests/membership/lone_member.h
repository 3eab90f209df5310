#pragma once
// One member under test, and the words of all others made up by the test.

#include "core/random.h"
#include "membership/swim.h"
#include "tests/membership/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <map>
#include <string>
#include <utility>
#include <vector>

namespace weft::membership {

using namespace std::chrono_literals;

class LoneMember {
public:
    static constexpr std::uint64_t kBoot = 3;
    static constexpr ClusterId kMesh{{7}};

    // Member 0 of so many; the others are alive in boot 1, as they have said.
    explicit LoneMember(std::size_t members, Options options = {}, bool met = true)
        : swim_({kMesh, node_of(0), Boot{kBoot}}, options, roster(members), Random{5}) {
        tick();
        if (!met) return;
        for (std::size_t i = 1; i < members; ++i) say(i, {});
        forget();
    }

    struct Sent {
        NodeId to;
        Carrier carrier;
        Datagram datagram;
        std::size_t bytes = 0;
    };

    Header header(std::size_t from) {
        return {mesh_tag(kMesh, node_of(0)),  Boot{kBoot},  node_of(from), incarnation_of(1),
                Sequence{++sequences_[from]}, Quality::Good};
    }
    static std::string bytes_of(const Header& header, const std::vector<Message>& messages) {
        std::string bytes;
        DatagramWriter writer(bytes, Carrier::Datagram);
        writer.begin(header);
        for (const Message& message : messages) EXPECT_TRUE(writer.add(message));
        return bytes;
    }
    void say(std::size_t from, const std::vector<Message>& messages) {
        hear(bytes_of(header(from), messages));
    }
    void hear(const std::string& bytes) { step(PacketReceived{bytes}); }
    void step(const Event& event) {
        effects_.clear();
        swim_.step(now_, event, effects_);
        swim_.check();
        for (const auto& [list, carrier] : {std::pair(&effects_.packets, Carrier::Datagram),
                                            std::pair(&effects_.streams, Carrier::Stream)})
            for (const Outgoing& out : *list) {
                Sent one{out.to, carrier, {}, out.size};
                EXPECT_TRUE(read_datagram(effects_.view(out), carrier, one.datagram));
                sent.push_back(std::move(one));
            }
        for (const MemberChanged& change : effects_.changes) changes.push_back(change);
        superseded = superseded || effects_.superseded;
    }
    void tick() { step(Tick{}); }
    // Ticks whenever one is due.
    void run(Duration span) {
        const Instant end = now_ + span;
        while (swim_.deadline() <= end) {
            now_ = std::max(now_, swim_.deadline());
            tick();
        }
        now_ = end;
    }
    // Time passes and nobody wakes it.
    void stand_still(Duration span) { now_ = now_ + span; }
    void forget() {
        sent.clear();
        changes.clear();
    }

    template <class Kind>
    std::vector<std::pair<NodeId, Kind>> all() const {
        std::vector<std::pair<NodeId, Kind>> found;
        for (const Sent& one : sent)
            for (const Message& message : one.datagram.messages)
                if (const auto* kind = std::get_if<Kind>(&message))
                    found.emplace_back(one.to, *kind);
        return found;
    }
    bool told(const Claim& claim) const {
        for (const auto& [to, rumour] : all<Rumour>())
            if (rumour.claim == claim) return true;
        return false;
    }
    // The newest ping that is a probe, and to whom.
    std::pair<NodeId, Ping> last_ping() const {
        const auto pings = all<Ping>();
        EXPECT_FALSE(pings.empty());
        return pings.empty() ? std::pair<NodeId, Ping>{} : pings.back();
    }
    MemberState state(std::size_t member) const { return swim_.state(node_of(member)); }
    const Suspicion* suspicion(std::size_t member) const {
        return swim_.suspicion(node_of(member));
    }
    Swim& swim() { return swim_; }
    const Counts& counts() const { return swim_.counts(); }
    Instant now() const { return now_; }

    std::vector<Sent> sent;
    std::vector<MemberChanged> changes;
    bool superseded = false;

private:
    static std::vector<NodeId> roster(std::size_t members) {
        std::vector<NodeId> nodes;
        for (std::size_t i = 0; i < members; ++i) nodes.push_back(node_of(i));
        return nodes;
    }

    Swim swim_;
    Instant now_{std::int64_t{1} << 40};
    Effects effects_;
    std::map<std::size_t, std::uint64_t> sequences_;
};

inline std::size_t number_of(const NodeId& node) {
    std::size_t number = 0;
    while (node_of(number) != node) ++number;
    return number;
}

}  // namespace weft::membership
