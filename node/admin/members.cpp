// Who is there, and what lately happened to whom.

#include "core/error.h"
#include "node/admin/table.h"
#include "node/admin/tables.h"
#include "node/admin/text.h"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weft::node {

namespace {

using membership::MemberState;

constexpr std::size_t kEventsOfAnAnswer = 1024;
constexpr std::string_view kStates[] = {"unseen", "alive", "suspect", "dead", "left"};
constexpr std::string_view kQualities[] = {"good", "slow", "degraded"};

struct MemberRow {
    const NodeView& node;
    const routing::NodeRecord& record;
    const membership::Member& member;
    std::string_view quality;
};
using M = MemberRow;

std::uint64_t since_ms(const M& row) {
    if (row.member.since == Instant::long_ago()) return 0;  // never seen
    const Instant now = row.node.now.mono;
    const Duration since = now - std::min(row.member.since, now);
    return static_cast<std::uint64_t>(since / std::chrono::milliseconds(1));
}

// In words; of a dead one whose word it was.
std::string accusers_of(const M& row) {
    const Roster& roster = row.node.roster;
    if (row.member.state == MemberState::Dead) return roster.name_of(row.member.accuser);
    std::string text;
    if (const membership::Suspicion* held = row.node.swim.suspicion(row.record.node))
        for (const auto& accuser : held->accusers())
            text += (text.empty() ? "" : " ") + roster.name_of(accuser.node);
    return text.empty() ? "-" : text;
}

std::uint64_t round_trip_us(const M& row) {
    return static_cast<std::uint64_t>(row.member.round_trip.smoothed() /
                                      std::chrono::microseconds(1));
}

constexpr Column<M> kMembers[] = {
    {"member", [](const M& row) { return row.record.name; }},
    {"id", [](const M& row) { return row.record.node.hex(); }},
    {"state",
     [](const M& row) { return std::string(kStates[std::to_underlying(row.member.state)]); }},
    {"since_ms", since_ms},
    {"accusers", accusers_of},
    {"quality", [](const M& row) { return std::string(row.quality); }},
    {"round_trip_us", round_trip_us},
    {"boot", [](const M& row) { return row.member.incarnation.boot.value; }},
    {"refutations",
     [](const M& row) { return std::uint64_t{row.member.incarnation.counter.value}; }},
    // Of itself alone: nobody vouches for what another runs.
    {"version",
     [](const M& row) {
         return std::string(row.record.node == row.node.options.self ? WEFT_VERSION : "-");
     }},
    {"zone", [](const M& row) { return row.record.zone; }},
    {"host", [](const M& row) { return row.record.host; }},
    {"address", [](const M& row) { return row.record.mesh_address; }},
};

struct EventRow {
    std::uint64_t boot = 0;
    const RecentEvent& event;
};
using E = EventRow;

constexpr Column<E> kEvents[] = {
    {"number", [](const E& row) { return row.event.number; }},
    {"boot", [](const E& row) { return row.boot; }},
    {"at_ms",
     [](const E& row) {
         return static_cast<std::uint64_t>(std::max<std::int64_t>(row.event.at.ms, 0));
     }},
    {"event", [](const E& row) { return std::string(row.event.what); }},
    {"subject", [](const E& row) { return row.event.subject; }},
    {"detail", [](const E& row) { return row.event.detail; }},
};

}  // namespace

routing::AdminReply members_table(const NodeView& node, std::uint64_t id) {
    routing::AdminReply reply = table_of(id, kMembers);
    for (const routing::NodeRecord& record : node.roster.records()) {
        const auto index = node.swim.members().find(record.node);
        if (!index) continue;
        add_row(reply, kMembers,
                MemberRow{node, record, node.swim.members().at(*index),
                          kQualities[std::to_underlying(node.swim.quality(*index))]});
    }
    return reply;
}

DeskStep events_page(const NodeView& node, ClientRef from, const routing::AdminRequest& asked) {
    const auto& given = asked.arguments;
    const auto after = parse_number(given.empty() ? "0" : given[0]);
    const auto boot = parse_number(given.size() < 2 ? "0" : given[1]);
    if (!after || !boot)
        return refusal(from, asked.id,
                       make_error(ErrorNumber::BadMessage, "events: NUMBER BOOT expected"));
    const std::uint64_t own = node.options.boot.value;
    const std::uint64_t had = *boot == own ? *after : 0;
    routing::AdminReply reply = table_of(asked.id, kEvents);
    if (const std::uint64_t lost = node.events.lost_after(had); lost != 0) {
        const RecentEvent gap{had + lost, node.now.wall, "events.lost", "-",
                              fmt::format("{} are too old", lost)};
        add_row(reply, kEvents, EventRow{own, gap});
    }
    node.events.each_after(had, kEventsOfAnAnswer, [&](const RecentEvent& event) {
        add_row(reply, kEvents, EventRow{own, event});
    });
    return SendClient{from, std::move(reply)};
}

}  // namespace weft::node
