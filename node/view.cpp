#include "node/view.h"

#include <algorithm>

namespace weft::node {

bool NodeView::ready() const {
    return std::ranges::all_of(hosted.all(), [](const Hosted& group) {
        const replication::Replica& replica = group.partition.replica();
        if (replica.role() == replication::Role::Leader) return group.partition.ready();
        return replica.leader().has_value();
    });
}

}  // namespace weft::node
