#include "replication/config.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "core/invariant.h"
#include "core/mutant.h"

#include <utility>

namespace weft::replication {

namespace {

constexpr std::uint8_t kConfigFormat = 1;

bool majority(PeerSet set, PeerSet answered) {
    const std::size_t needed = set.count() / 2 + (WEFT_MUTANT(QuorumOneShort) ? 0 : 1);
    return (set & answered).count() >= needed;
}

}  // namespace

Config Config::of(std::vector<NodeId> voters) {
    WEFT_INVARIANT(voters.size() <= kMembersMax, "{} voters", voters.size());
    Config config;
    config.voters = PeerSet::first(voters.size());
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
    return slot < kMembersMax && (voters | outgoing).has(slot);
}

bool Config::quorum(PeerSet answered) const {
    if (voters.empty() || !majority(voters, answered)) return false;
    return outgoing.empty() || majority(outgoing, answered);
}

std::string encode_config(const Config& config) {
    std::string bytes;
    ByteWriter writer(bytes);
    writer.put(kConfigFormat);
    writer.put(static_cast<std::uint8_t>(config.nodes.size()));
    writer.put(config.voters.bits());
    writer.put(config.outgoing.bits());
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
    config.voters = PeerSet::from_bits(reader.get<std::uint16_t>());
    config.outgoing = PeerSet::from_bits(reader.get<std::uint16_t>());
    for (std::size_t i = 0; i < members; ++i) {
        const auto node = reader.get_id<NodeId>();
        if (node.is_zero() || config.slot(node))
            return fail(ErrorNumber::DataDamaged, "member {} of a configuration", i);
        config.nodes.push_back(node);
    }
    if (!reader.done())
        return fail(ErrorNumber::DataDamaged, "a configuration of {} bytes", bytes.size());
    const PeerSet strangers = (config.voters | config.outgoing).without(PeerSet::first(members));
    if (config.voters.empty() || !strangers.empty())
        return fail(ErrorNumber::DataDamaged, "voters {:#x} and {:#x} of {} members",
                    config.voters.bits(), config.outgoing.bits(), members);
    return config;
}

}  // namespace weft::replication
