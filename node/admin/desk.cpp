#include "node/admin/desk.h"

#include "core/error.h"
#include "core/invariant.h"
#include "node/admin/pages.h"
#include "node/admin/tables.h"
#include "node/admin/text.h"

#include <fmt/core.h>

#include <utility>
#include <variant>

namespace weft::node {

namespace {

DeskStep begin_transfer(const NodeView& node, ClientRef from, const routing::AdminRequest& request,
                        const LocalPartition& local) {
    if (local.role != replication::Role::Leader)
        return refusal(from, request.id,
                       make_error(ErrorNumber::NoLeader, "this node does not lead it"));
    std::optional<NodeId> to;
    if (request.arguments.size() > 1) {
        for (const auto& [member, since] : local.partition.replica().config().members)
            if (member != node.options.self && node.roster.name_of(member) == request.arguments[1])
                to = member;
        if (!to)
            return refusal(
                from, request.id,
                make_error(ErrorNumber::NotThere,
                           fmt::format("no other replica is called '{}'", request.arguments[1])));
    }
    return TransferWish{from, request.id, local.id, to};
}

DeskStep of_partition(const NodeView& node, ClientRef from, const routing::AdminRequest& request) {
    const auto number =
        request.arguments.empty() ? std::nullopt : parse_number(request.arguments[0]);
    if (!number || *number >= node.table.groups())
        return refusal(from, request.id,
                       make_error(ErrorNumber::NotThere,
                                  fmt::format("there is no partition '{}': they are 0 to {}",
                                              request.arguments.empty() ? "" : request.arguments[0],
                                              node.table.groups() - 1)));
    const LocalPartition* local =
        node.hosted.find(PartitionId{static_cast<std::uint32_t>(*number)});
    if (local == nullptr)
        return refusal(from, request.id,
                       make_error(ErrorNumber::PartitionNotHosted,
                                  fmt::format("partition {} is not on this node", *number)));
    if (request.verb == "transfer") return begin_transfer(node, from, request, *local);
    return SendClient{from, partition_table(node, request.id, *local)};
}

}  // namespace

std::optional<SendClient> AdminDesk::ask(ClientRef from, routing::AdminRequest request) {
    const std::uint64_t id = request.id;
    if (questions_.add(from, std::move(request))) return std::nullopt;
    routing::AdminReply reply;
    reply.id = id;
    reply.error = make_error(ErrorNumber::QueueFull, "too many questions wait for an answer");
    return SendClient{from, std::move(reply)};
}

void AdminDesk::forget(ClientRef from) {
    std::erase_if(queries_, [&](const auto& query) { return query.second.from == from; });
    std::erase_if(fetched_, [&](const ReadQuery& each) { return each.query.from == from; });
    questions_.forget(from);
}

std::optional<DeskStep> AdminDesk::work(const NodeView& node) {
    std::optional<DeskStep> step;
    // What was read first: it holds memory, and its connection asks nothing else meanwhile.
    if (!fetched_.empty()) {
        ReadQuery next = std::move(fetched_.front());
        fetched_.pop_front();
        step = go_on(node, std::move(next));
    } else if (const auto asked = questions_.take()) {
        step = begin(node, asked->from, asked->request);
    }
    if (step)
        if (const auto* answer = std::get_if<SendClient>(&*step)) questions_.done(answer->to);
    return step;
}

DeskStep AdminDesk::begin(const NodeView& node, ClientRef from,
                          const routing::AdminRequest& request) const {
    const auto answer = [from](routing::AdminReply reply) {
        return SendClient{from, std::move(reply)};
    };
    const bool room = queries_.size() < kQueriesMax;
    if (request.verb == "status") return answer(status_table(node, request.id));
    if (request.verb == "peers") return answer(peers_table(node, request.id));
    if (request.verb == "members") return answer(members_table(node, request.id));
    if (request.verb == "events") return events_page(node, from, request);
    if (request.verb == "health") return answer(health_table(node, request.id));
    if (request.verb == "partitions") return partitions_page(node, from, request);
    if (request.verb == "partition" || request.verb == "transfer")
        return of_partition(node, from, request);
    if (request.verb == "entities") return begin_entities(node, from, request, room);
    if (request.verb == "journal") return begin_journal(node, from, request, room);
    return refusal(from, request.id,
                   make_error(ErrorNumber::UnknownCommand,
                              fmt::format("this node knows no question '{}'", request.verb)));
}

DeskStep AdminDesk::go_on(const NodeView& node, ReadQuery read) const {
    AdminQuery& query = read.query;
    if (const auto* rows = std::get_if<Result<storage::FetchedRows>>(&read.result)) {
        if (!*rows) return refusal(query.from, query.reply.id, rows->error());
        if (query.journal) return go_on_with_journal(node, std::move(query), **rows);
        return go_on_with_entities(node, std::move(query), **rows);
    }
    const auto* entries = std::get_if<Result<storage::FetchedLog>>(&read.result);
    WEFT_INVARIANT(entries != nullptr, "a question was given a row that it did not ask for");
    if (!*entries) return refusal(query.from, query.reply.id, entries->error());
    return go_on_with_journal(node, std::move(query), **entries);
}

void AdminDesk::awaits(DiskFetchId fetch, AdminQuery query) {
    queries_.insert_or_assign(fetch, std::move(query));
}

void AdminDesk::on_fetched(DiskFetchId fetch, replication::FetchResult result) {
    const auto query = queries_.find(fetch);
    if (query == queries_.end()) return;
    fetched_.push_back({std::move(query->second), std::move(result)});
    queries_.erase(query);
}

SendClient AdminDesk::transferred(const NodeView& node, const TransferWish& wish) {
    questions_.done(wish.from);
    return {wish.from, partition_table(node, wish.id, *node.hosted.find(wish.group))};
}

void AdminDesk::check() const {
    questions_.check();
    WEFT_INVARIANT(questions_.answering() == queries_.size() + fetched_.size(),
                   "{} questions are being answered, {} read and {} have read",
                   questions_.answering(), queries_.size(), fetched_.size());
}

}  // namespace weft::node
