#include "node/homing.h"

#include <algorithm>
#include <chrono>

namespace weft::node {

namespace {

constexpr Duration kLookPause = std::chrono::seconds(1);
// Longer than a drain takes.
constexpr Duration kLedLongEnough = std::chrono::seconds(10);
constexpr Duration kGreetedLongEnough = std::chrono::seconds(3);
constexpr Duration kAgainMax = std::chrono::minutes(1);
constexpr std::size_t kMovesPerLook = 32;
// A transfer stops proposals until the target has everything: it must nearly have it.
constexpr std::uint64_t kEntriesBehindMax = 256;

}  // namespace

std::optional<NodeId> home_among(std::span<const NodeId> replicas, const Roster& roster,
                                 const replication::Config* held) {
    for (const NodeId& node : replicas) {
        if (!roster.in_service(node)) continue;
        if (held == nullptr) return node;
        const auto seat = held->seat(node);
        if (seat && held->is_voter(*seat)) return node;
    }
    return std::nullopt;
}

bool Homing::begin_look(Instant now) {
    if (due_ > now) return false;
    due_ = now + kLookPause;
    moves_left_ = kMovesPerLook;
    return true;
}

bool Homing::may_move(PartitionId group, Instant now) const {
    return moves_left_ > 0 && groups_[group].after <= now;
}

Homing::Move Homing::judge(PartitionId group, const std::optional<Home>& home, bool ahead,
                           Instant now) {
    if (!may_move(group, now)) return Move::Stay;
    if (!ahead && !(home && should_go(group, *home, now))) return Move::Stay;
    on_moved(group, now);
    return ahead ? Move::Anywhere : Move::Home;
}

bool Homing::should_go(PartitionId group, const Home& home, Instant now) const {
    return groups_[group].led_since + kLedLongEnough <= now &&
           home.greeted_at + kGreetedLongEnough <= now && home.can_stand &&
           2 * home.disk_age <= election_min_ &&
           home.match.value + kEntriesBehindMax >= home.last.value;
}

void Homing::on_moved(PartitionId group, Instant now) {
    Led& led = groups_[group];
    led.after = now + std::min(kLookPause * (2 << std::min(led.tries, 5)), kAgainMax);
    ++led.tries;
    --moves_left_;
}

}  // namespace weft::node
