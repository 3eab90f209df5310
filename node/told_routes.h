#pragma once
// What this node knows of the groups' leaders, in versions: a client that has an earlier one is
// told what has changed since.

#include "core/indexed.h"
#include "routing/messages.h"
#include "weft/types.h"

#include <cstdint>
#include <vector>

namespace weft::node {

class ToldRoutes {
public:
    struct Known {
        NodeId leader;  // zero: none
        Term term;
        bool operator==(const Known&) const = default;
    };

    // `self` in its life `boot`: what another one has told says nothing about this one.
    ToldRoutes(NodeId self, Boot boot, std::uint32_t groups);

    // The version rises when that is something else than before.
    void learn(GroupId group, const Known& known);
    std::uint64_t version() const { return version_; }

    struct Told {
        bool all = false;  // every group
        std::vector<GroupId> groups;
    };
    // What to tell: all, unless it is certain what the client has; rising.
    Told since(const routing::ClientHello& hello) const;
    const Known& of(GroupId group) const { return rows_[group].known; }

private:
    struct Row {
        Known known;
        std::uint64_t changed = 0;  // with this version
    };

    NodeId self_;
    Boot boot_;
    std::uint64_t version_ = 1;  // 0 on the wire: no versions
    Indexed<GroupId, Row> rows_;
};

}  // namespace weft::node
