#include "replication/config.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <bit>
#include <utility>

namespace weft::replication {

namespace {

constexpr std::uint8_t kConfigFormat = 1;

PeerSet all_of(std::size_t members) {
    return static_cast<PeerSet>((std::uint32_t{1} << members) - 1);
}

bool majority(PeerSet set, PeerSet answered) {
    const int needed = std::popcount(set) / 2 + (WEFT_MUTANT(QuorumOneShort) ? 0 : 1);
    return std::popcount(static_cast<PeerSet>(set & answered)) >= needed;
}

}  // namespace

Config Config::of(std::vector<NodeId> voters) {
    WEFT_INVARIANT(voters.size() <= kMembersMax, "{} voters", voters.size());
    Config config;
    config.voters = all_of(voters.size());
    config.nodes = std::move(voters);
    return config;
}

std::optional<std::size_t> Config::slot(NodeId node) const {
    for (std::size_t i = 0; i < nodes.size(); ++i) {
        if (nodes[i] == node) return i;
    }
    return std::nullopt;
}

bool Config::is_voter(std::size_t slot) const {
    return slot < kMembersMax && ((voters | outgoing) >> slot & 1) != 0;
}

bool Config::quorum(PeerSet answered) const {
    if (voters == 0 || !majority(voters, answered)) return false;
    return outgoing == 0 || majority(outgoing, answered);
}

std::string encode_config(const Config& config) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(kConfigFormat);
    writer.put(static_cast<std::uint8_t>(config.nodes.size()));
    writer.put(config.voters);
    writer.put(config.outgoing);
    for (const NodeId& node : config.nodes) writer.put_id(node);
    return bytes;
}

Result<Config> decode_config(std::string_view bytes) {
    ByteReader reader(bytes);
    const auto format = reader.get<std::uint8_t>();
    const auto members = reader.get<std::uint8_t>();
    if (!reader.bad() && format != kConfigFormat)
        return fail(ErrorNumber::NewerFormat, "configuration format {}", format);
    if (members > kMembersMax)
        return fail(ErrorNumber::DataDamaged, "a configuration of {} members", members);
    Config config;
    config.voters = reader.get<PeerSet>();
    config.outgoing = reader.get<PeerSet>();
    for (std::size_t i = 0; i < members; ++i) {
        const auto node = reader.get_id<NodeId>();
        if (node.is_zero() || config.slot(node))
            return fail(ErrorNumber::DataDamaged, "member {} of a configuration", i);
        config.nodes.push_back(node);
    }
    if (!reader.done())
        return fail(ErrorNumber::DataDamaged, "a configuration of {} bytes", bytes.size());
    const auto members_mask = all_of(members);
    if (config.voters == 0 || ((config.voters | config.outgoing) & ~members_mask) != 0)
        return fail(ErrorNumber::DataDamaged, "voters {:#x} and {:#x} of {} members", config.voters,
                    config.outgoing, members);
    return config;
}

}  // namespace weft::replication
