#pragma once
// A few members and a network between them, in virtual time. What must hold in every run is checked
// after every step: no incarnation falls, nobody returns from the dead without a higher one, no
// datagram is too large.

#include "core/random.h"
#include "membership/swim.h"
#include "tests/membership/names.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::membership {

using namespace std::chrono_literals;

class LittleMesh {
public:
    struct Seen {
        Instant at;
        std::size_t observer;
        MemberChanged change;
    };

    explicit LittleMesh(std::size_t members, Options options = {}, std::uint64_t seed = 1)
        : left(members), superseded(members), options_(options), random_(seed), hosts_(members) {
        for (std::size_t i = 0; i < members; ++i) roster_.push_back(node_of(i));
        lost = [](std::size_t, std::size_t, Carrier) { return false; };
        delay = [this](std::size_t, std::size_t) { return random_.between(1ms, 3ms); };
    }

    // Rules of the network; a stream that is cut tells nobody.
    std::function<bool(std::size_t from, std::size_t to, Carrier carrier)> lost;
    std::function<Duration(std::size_t from, std::size_t to)> delay;
    // Somebody records what is sent.
    std::function<void(std::size_t to, Carrier carrier, std::string_view bytes)> tape;

    void boot(std::size_t i) {
        Host& host = hosts_[i];
        const Swim::Identity identity{ClusterId{{7}}, node_of(i), Boot{++host.boots}};
        host.swim = std::make_unique<Swim>(identity, options_, roster_,
                                           random_.stream("host").stream(node_of(i).hex()));
        random_.next();
        ++host.life;
        host.known.clear();
        host.tick_at = Instant::never();
        step(i, Tick{});
    }
    void boot_all() {
        for (std::size_t i = 0; i < hosts_.size(); ++i) boot(i);
    }
    void crash(std::size_t i) { hosts_[i].swim = nullptr; }
    // Everything for it waits.
    void pause(std::size_t i, Duration span) { hosts_[i].paused_until = now_ + span; }
    void tell(std::size_t i, const Event& event) { step(i, event); }

    void run(Duration span) {
        const Instant end = now_ + span;
        while (!queue_.empty() && queue_.begin()->first.first <= end) {
            auto node = queue_.extract(queue_.begin());
            now_ = node.key().first;
            take(node.mapped());
        }
        now_ = end;
    }
    // Until all that run hold `subject` for `state`; how long that took, or `limit`.
    Duration run_until(std::size_t subject, MemberState state, Duration limit) {
        const Instant begun = now_;
        while (now_ - begun < limit && !all_hold(subject, state)) run(20ms);
        return now_ - begun;
    }

    Instant now() const { return now_; }
    std::size_t size() const { return hosts_.size(); }
    bool runs(std::size_t i) const { return hosts_[i].swim != nullptr; }
    Swim& swim(std::size_t i) { return *hosts_[i].swim; }
    MemberState state(std::size_t observer, std::size_t subject) {
        return swim(observer).state(node_of(subject));
    }
    bool all_hold(std::size_t subject, MemberState state) {
        for (std::size_t i = 0; i < hosts_.size(); ++i)
            if (runs(i) && i != subject && this->state(i, subject) != state) return false;
        return true;
    }
    bool all_alive() {
        for (std::size_t i = 0; i < hosts_.size(); ++i)
            if (runs(i) && !all_hold(i, MemberState::Alive)) return false;
        return true;
    }
    bool views_equal() {
        const Swim* first = nullptr;
        for (const Host& host : hosts_) {
            if (!host.swim) continue;
            if (first == nullptr) first = host.swim.get();
            if (host.swim->members().digest() != first->members().digest()) return false;
        }
        return true;
    }
    // Of members that ran at that time.
    std::size_t deaths(std::size_t subject) const {
        std::size_t count = 0;
        for (const Seen& one : seen)
            if (one.change.node == node_of(subject) && one.change.to == MemberState::Dead) ++count;
        return count;
    }
    std::size_t deaths() const {
        std::size_t count = 0;
        for (std::size_t i = 0; i < hosts_.size(); ++i) count += deaths(i);
        return count;
    }

    std::vector<Seen> seen;
    std::uint64_t packets = 0;
    std::uint64_t bytes = 0;  // of datagrams, unsealed
    std::vector<bool> left;
    std::vector<bool> superseded;

private:
    struct Host {
        std::unique_ptr<Swim> swim;
        std::uint64_t boots = 0;
        std::uint64_t life = 0;
        Instant paused_until;
        Instant tick_at = Instant::never();
        std::map<NodeId, std::pair<Incarnation, MemberState>> known;
    };
    struct Item {
        std::size_t to = 0;
        std::size_t from = 0;
        std::uint64_t life = 0;  // of a tick
        bool tick = false;
        Carrier carrier = Carrier::Datagram;
        std::string bytes;
    };

    void put(Instant at, Item item) { queue_[{at, ++order_}] = std::move(item); }

    void take(Item& item) {
        Host& host = hosts_[item.to];
        if (!host.swim || (item.tick && item.life != host.life)) return;
        if (host.paused_until > now_) {
            // Packets first, as the socket is read first.
            put(host.paused_until + (item.tick ? Duration{1} : Duration{0}), std::move(item));
            return;
        }
        if (item.tick) {
            host.tick_at = Instant::never();
            step(item.to, Tick{});
        } else if (item.carrier == Carrier::Datagram) {
            step(item.to, PacketReceived{item.bytes});
        } else {
            step(item.to, StreamReceived{node_of(item.from), item.bytes});
        }
    }

    void step(std::size_t i, const Event& event) {
        Host& host = hosts_[i];
        effects_.clear();
        host.swim->step(now_, event, effects_);
        host.swim->check();
        for (const MemberChanged& change : effects_.changes) {
            auto& [incarnation, state] = host.known[change.node];
            EXPECT_GE(change.incarnation, incarnation);
            if (!is_live(state) && is_live(change.to)) {
                EXPECT_TRUE(state == MemberState::Unseen || change.incarnation > incarnation);
            }
            incarnation = change.incarnation;
            state = change.to;
            seen.push_back({now_, i, change});
        }
        if (effects_.left) left[i] = true;
        if (effects_.superseded) superseded[i] = true;
        send(i, effects_.packets, Carrier::Datagram);
        send(i, effects_.streams, Carrier::Stream);
        const Instant due = std::max(host.swim->deadline(), now_);
        if (due < host.tick_at) {
            host.tick_at = due;
            put(due, {i, i, host.life, true, {}, {}});
        }
    }

    void send(std::size_t from, const std::vector<Outgoing>& list, Carrier carrier) {
        for (const Outgoing& out : list) {
            if (carrier == Carrier::Datagram) {
                EXPECT_LE(out.size, kBodyBytesMax);
                ++packets;
                bytes += out.size;
            }
            std::size_t to = 0;
            while (node_of(to) != out.to) ++to;
            if (tape) tape(to, carrier, effects_.view(out));
            if (to == from || !runs(to) || lost(from, to, carrier)) continue;
            put(now_ + delay(from, to),
                {to, from, 0, false, carrier, std::string(effects_.view(out))});
        }
    }

    Options options_;
    Random random_;
    std::vector<NodeId> roster_;
    std::vector<Host> hosts_;
    std::map<std::pair<Instant, std::uint64_t>, Item> queue_;
    std::uint64_t order_ = 0;
    Instant now_{std::int64_t{1} << 40};
    Effects effects_;
};

}  // namespace weft::membership
