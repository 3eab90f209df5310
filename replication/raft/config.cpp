#include "replication/raft/config.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <algorithm>

namespace weft::replication {

namespace {

constexpr std::uint8_t kOfFounding = 1, kWithSince = 2;  // formats

bool majority(PeerSet set, PeerSet answered) {
    const std::size_t needed = set.count() / 2 + (WEFT_MUTANT(QuorumOneShort) ? 0 : 1);
    return (set & answered).count() >= needed;
}

}  // namespace

Config Config::of(const std::vector<NodeId>& voters) {
    WEFT_INVARIANT(voters.size() <= kMembersMax, "{} voters", voters.size());
    Config config;
    config.voters = PeerSet::first(voters.size());
    for (const NodeId& node : voters) config.members.push_back({node, {}});
    return config;
}

std::optional<Seat> Config::seat(NodeId node) const {
    for (const Seat seat : seats())
        if (at(seat).node == node) return seat;
    return std::nullopt;
}

std::optional<Seat> Config::seat(const Member& replica) const {
    const auto found = seat(replica.node);
    return found && at(*found) == replica ? found : std::nullopt;
}

bool Config::quorum(PeerSet answered) const {
    if (voters.empty() || !majority(voters, answered)) return false;
    return outgoing.empty() || majority(outgoing, answered);
}

PeerSet carried_over(PeerSet set, const Config& from, const Config& to, bool same_replica) {
    PeerSet carried;
    for (const Seat seat : to.seats()) {
        const auto before = from.seat(to.at(seat).node);
        if (!before || !set.has(*before)) continue;
        if (same_replica && from.at(*before) != to.at(seat)) continue;
        carried.add(seat);
    }
    return carried;
}

std::string encode_config(const Config& config) {
    const bool of_founding = std::ranges::all_of(
        config.members, [](const Member& member) { return member.since == LogIndex{}; });
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(of_founding ? kOfFounding : kWithSince);
    writer.put(static_cast<std::uint8_t>(config.members.size()));
    writer.put(config.voters.bits());
    writer.put(config.outgoing.bits());
    for (const Member& member : config.members) {
        writer.put_id(member.node);
        if (!of_founding) writer.put(member.since.value);
    }
    return bytes;
}

Result<Config> decode_config(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto format = reader.get<std::uint8_t>();
    const auto members = reader.get<std::uint8_t>();
    if (!reader.bad() && format != kOfFounding && format != kWithSince)
        return fail(ErrorNumber::NewerFormat, "configuration format {}", format);
    if (members > kMembersMax)
        return fail(ErrorNumber::DataDamaged, "a configuration of {} members", members);
    Config config;
    config.voters = PeerSet::from_bits(reader.get<std::uint16_t>());
    config.outgoing = PeerSet::from_bits(reader.get<std::uint16_t>());
    bool of_founding = true;
    for (std::size_t i = 0; i < members; ++i) {
        const auto node = reader.get_id<NodeId>();
        const LogIndex since{format == kWithSince ? reader.get<std::uint64_t>() : 0};
        if (node.is_zero() || config.seat(node))
            return fail(ErrorNumber::DataDamaged, "member {} of a configuration", i);
        config.members.push_back({node, since});
        of_founding = of_founding && since == LogIndex{};
    }
    if (of_founding != (format == kOfFounding))
        return fail(ErrorNumber::DataDamaged, "members of the founding in format {}", format);
    if (!reader.done())
        return fail(ErrorNumber::DataDamaged, "a configuration of {} bytes", bytes.size());
    const PeerSet strangers = config.voting().without(PeerSet::first(members));
    if (config.voters.empty() || !strangers.empty())
        return fail(ErrorNumber::DataDamaged, "voters {:#x} and {:#x} of {} members",
                    config.voters.bits(), config.outgoing.bits(), members);
    return config;
}

}  // namespace weft::replication
