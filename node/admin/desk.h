#pragma once
// Administrative questions from when they come until they are answered. Of one connection one at a
// time, and none in the node's own step: whoever asks a thousand at once waits, not the groups. A
// question that must read waits here for what it reads. It only looks at the node (view.h); what
// shall be read or handed over it returns.

#include "core/ids.h"
#include "node/admin/query.h"
#include "node/admin/questions.h"
#include "node/view.h"

#include <deque>
#include <map>
#include <optional>

namespace weft::node {

class AdminDesk {
public:
    // Questions that wait for what they read, at most.
    static constexpr std::size_t kQueriesMax = 16;

    // Returns the refusal when there is no room for it now.
    std::optional<SendClient> ask(ClientRef from, routing::AdminRequest request);
    // The connection has ended.
    void forget(ClientRef from);
    bool any() const { return questions_.any() || !fetched_.empty(); }

    // One piece of work; nothing: there is none.
    std::optional<DeskStep> work(const NodeView& node);
    // The wish is granted and has this number.
    void awaits(DiskFetchId fetch, AdminQuery query);
    // What was read is looked at in its turn. Of a fetch that nobody here awaits it is dropped.
    void on_fetched(DiskFetchId fetch, replication::FetchResult result);
    // The wish was tried.
    SendClient transferred(const NodeView& node, const TransferWish& wish);

    // Between two pieces of work.
    void check() const;

private:
    struct ReadQuery {
        AdminQuery query;
        replication::FetchResult result;
    };
    DeskStep begin(const NodeView& node, ClientRef from,
                   const routing::AdminRequest& request) const;
    DeskStep go_on(const NodeView& node, ReadQuery read) const;

    Questions questions_;
    std::map<DiskFetchId, AdminQuery> queries_;  // by fetch
    std::deque<ReadQuery> fetched_;              // nobody has looked at it yet
};

}  // namespace weft::node
