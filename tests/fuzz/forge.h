#pragma once
// What a member with bad intent, or a broken one, might say to a node: messages of every kind whose
// numbers lie near those of the node, so that they get past the first comparison.

#include "node/events.h"
#include "tests/fuzz/input.h"
#include "tests/node/lab.h"

#include <cstdint>
#include <string>

namespace weft::fuzz {

inline constexpr const char* kForgedTypes[] = {"kv", "counter", "!mesh", "none"};
inline constexpr const char* kForgedIds[] = {"a", "b", "facts"};

class Forger {
public:
    Forger(node::test::Lab& lab, Input& input) : lab_(lab), input_(input) {}

    // For the node of that number, which must be alive; from the node `from`.
    node::MeshMessage message(std::size_t to, std::size_t from);
    // What a good peer says to `asked`, or nearly.
    node::MeshMessage answer(const node::MeshMessage& asked, std::size_t from);
    Request request();
    routing::AdminRequest question();

private:
    // The group's replica at the node, as far as numbers go.
    struct View {
        PartitionId group;
        Term term;
        LogIndex base, commit, last;
    };
    View view(std::size_t to);
    std::uint64_t near(std::uint64_t value);
    Term near(Term term) { return Term{near(term.value)}; }
    LogIndex near(LogIndex index) { return LogIndex{near(index.value)}; }
    // Of a replica: mostly of the founding, as those of the node are.
    LogIndex number() { return input_.choice(8) == 0 ? near(LogIndex{1}) : LogIndex{}; }
    replication::LogPosition position(std::size_t to, const View& at);
    std::int64_t stamp();
    Chain chain_at(std::size_t to, const View& at, LogIndex index);
    Term term_at(std::size_t to, const View& at, LogIndex index);

    replication::AppendBatch append(std::size_t to);
    std::string entry(const EntryHeader& header, const Chain& previous, Chain& chain);
    void write_change(EntryBuilder& builder, const EntryHeader& header);
    replication::SnapshotChunk chunk(std::size_t to);
    std::string snapshot_row();
    std::string config_bytes();
    replication::PeerMessage vote(std::size_t to);
    replication::PeerMessage contact(std::size_t to);
    node::PeerHello hello(std::size_t from);
    replication::PeerMessage answer_to(const replication::PeerMessage& asked);

    node::test::Lab& lab_;
    Input& input_;
};

}  // namespace weft::fuzz
