#include "node/view.h"

#include <algorithm>

namespace weft::node {

bool NodeView::ready() const {
    return std::ranges::all_of(hosted.all(), [](const LocalPartition& local) {
        const replication::Replica& replica = local.partition.replica();
        if (replica.role() == replication::Role::Leader) return local.partition.ready();
        return replica.leader().has_value();
    });
}

}  // namespace weft::node
