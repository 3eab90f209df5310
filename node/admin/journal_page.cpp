// journal TYPE ID: what happened to one entity. What the log has let go of is read from rows first,
// then the log speaks.

#include "core/error.h"
#include "entity/host.h"
#include "entity/kind.h"
#include "node/admin/cursor.h"
#include "node/admin/journal_line.h"
#include "node/admin/merged_lines.h"
#include "node/admin/pages.h"
#include "node/admin/table.h"
#include "node/facts.h"
#include "replication/partition/rows.h"
#include "replication/partition/sections.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

namespace {

constexpr std::size_t kLogBytes = std::size_t{1} << 20;

using L = JournalLine;
constexpr Column<L> kLines[] = {
    {"index", [](const L& line) { return line.index.value; }},
    // Of an event that has left the log it is not kept.
    {"term",
     [](const L& line) { return line.term == Term{} ? "-" : std::to_string(line.term.value); },
     routing::CellKind::Number},
    {"stamp", [](const L& line) { return std::to_string(line.stamp_ms); },
     routing::CellKind::Number},
    {"kind", [](const L& line) { return std::string(line.kind); }},
    {"version", [](const L& line) { return line.version.value; }},
    {"bytes", [](const L& line) { return std::uint64_t{line.bytes}; }},
    {"request", [](const L& line) { return line.request; }},
    {"what", [](const L& line) { return line.what; }},
    {"value", [](const L& line) { return line.value; }},    // its begin
    {"events", [](const L& line) { return line.events; }},  // in hex, a blank between; "-": none
    // Bytes of them; "-": no value and no event.
    {"left_out", [](const L& line) { return line.left_out; }, routing::CellKind::Number},
};

std::string_view kind_name(EntryKind kind) {
    switch (kind) {
        case EntryKind::Command:
            return "command";
        case EntryKind::Outcome:
            return "outcome";
        case EntryKind::Resolve:
            return "resolve";
        case EntryKind::Expire:
            return "expire";
        default:
            return "other";
    }
}

void add_line(AdminQuery& query, const JournalLine& line) {
    query.page_bytes += add_row(query.reply, kLines, line);
}

// So that a list with a hole does not look whole.
void add_damage(AdminQuery& query, std::string what) {
    add_line(query, {.index = query.next, .kind = "damaged", .what = std::move(what)});
}

// False: the page is full, and the same row gives the rest. An entry's events stay together.
bool add_row_events(AdminQuery& query, const storage::ScannedRow& row) {
    const auto decoded = replication::decode_journal_row(row.key, row.value.view());
    if (!decoded) return true;
    std::string_view records = decoded->records;
    Version version = decoded->first;
    const LogIndex shown = query.next;
    while (const auto event = entity::take_event_record(records)) {
        const Version at = version;
        version = Version{version.value + 1};
        // Blocks written again after a restart overlap the ones before, or end before the next one
        // begins: behind what rows hold without a gap the log speaks.
        if (event->index < shown || event->index > query.rows_hold) continue;
        if (event->index >= query.next && page_is_full(query)) return false;
        JournalLine line{.index = event->index,
                         .stamp_ms = event->stamp_ms,
                         .kind = "event",
                         .version = at,
                         .bytes = event->bytes.size()};
        if (query.type == kFactsType)
            line.what = describe_fact(event->bytes);
        else
            line.show_events(std::array{std::string_view(event->bytes)});
        add_line(query, std::move(line));
        query.next = std::max(query.next, next(event->index));
    }
    return true;
}

void add_log_entry(AdminQuery& query, const Bytes& encoded) {
    const auto header = check_entry_alone(encoded.view());
    if (!header) return;
    const auto decoded = replication::decode_entry(header->kind, encoded.view());
    if (!decoded || !decoded->entity) return;
    if (decoded->entity->type != query.type || decoded->entity->id != query.text) return;
    JournalLine line{.index = header->index,
                     .term = header->term,
                     .stamp_ms = header->stamp_ms,
                     .kind = kind_name(header->kind),
                     .version = decoded->entity->standing.version,
                     .bytes = header->body_bytes};
    if (decoded->request)
        line.request = RequestId{decoded->request->client, decoded->request->start_ms, query.group,
                                 decoded->request->seq}
                           .text();
    if (query.type == kFactsType) {
        for (const std::string_view event : decoded->events)
            line.what += (line.what.empty() ? "" : "; ") + describe_fact(event);
    } else if (!decoded->events.empty()) {
        line.what = counted(decoded->events.size(), "event");
        line.show_events(decoded->events);
    } else if (decoded->value) {
        line.what = decoded->value->deleted
                        ? "deleted"
                        : "value of " + counted(decoded->value->bytes.size(), "byte");
        if (!decoded->value->deleted) line.show_value(decoded->value->bytes);
    } else if (decoded->outcome.outcome == Outcome::Rejected) {
        line.what = fmt::format("rejected, WEFT-{:04}", decoded->outcome.error_number);
    }
    add_line(query, std::move(line));
}

bool is_value_type(const NodeView& node, std::string_view name) {
    const entity::EntityType* type = node.types.find(name);
    return type != nullptr && entity::rules_of(type->info().kind).state_on_all;
}

// What the log has let go of; entries still in it speak for themselves.
void add_value_row(const NodeView& node, AdminQuery& query, const storage::ScannedRow& row) {
    const LocalPartition* local = node.hosted.find(query.group);
    if (local == nullptr) return;
    const auto line = local->partition.entity_line(row.key, row.value.view());
    if (!line || line->type != query.type || line->id != query.text) return;
    const LogIndex at{line->standing.revision.value};
    if (at > local->partition.replica().base().index || at < query.next) return;
    query.next = next(at);
    JournalLine shown{.index = at,
                      .kind = "row",
                      .version = line->standing.version,
                      .bytes = line->bytes,
                      .what = "value of " + counted(line->bytes, "byte")};
    if (const auto stored = replication::decode_entity_row(row.value.view()))
        shown.show_value(stored->value);
    add_line(query, std::move(shown));
}

DeskStep read_journal(const NodeView& node, AdminQuery query, const LocalPartition& local) {
    const replication::Replica& replica = local.partition.replica();
    const LogIndex from = std::max(query.next, next(query.rows_hold));
    if (query.in_log && from <= replica.base().index) {
        // The log has let go of what was to be read next: it is in rows now.
        query.in_log = false;
        query.after.clear();
    }
    if (!query.in_log) {
        if (query.after.empty()) query.rows_hold = replica.base().index;
        const std::string prefix = local.partition.row_prefix(storage::Table::Journal);
        const std::uint64_t hash =
            routing::entity_hash(node.options.genesis.hash_key, query.type, query.text);
        std::string key;
        entity::write_key(key, hash, query.type, query.text);
        auto scan =
            scan_of(storage::Table::Journal, replication::journal_prefix(prefix, key), query.after);
        if (is_value_type(node, query.type)) {
            // A value keeps no history in rows: its one row sorts before all it is a prefix of.
            scan = scan_of(storage::Table::Entity, prefix + key, {});
            scan.rows_max = 1;
        }
        return FetchWish{std::move(query), std::move(scan)};
    }
    const LogIndex to = std::min(replica.commit(), replica.durable_index());
    if (from > to) return end_page(std::move(query), true);
    query.next = from;
    return FetchWish{std::move(query), storage::LogRange{local.id, from, to, kLogBytes}};
}

DeskStep read_on(const NodeView& node, AdminQuery query) {
    if (page_is_full(query)) return end_page(std::move(query), false);
    const LocalPartition* local = node.hosted.find(query.group);
    if (local == nullptr)
        return refusal(
            query.from, query.reply.id,
            make_error(ErrorNumber::PartitionNotHosted, "ask a replica of its partition"));
    return read_journal(node, std::move(query), *local);
}

}  // namespace

DeskStep begin_journal(const NodeView& node, ClientRef from, const routing::AdminRequest& request,
                       bool room) {
    std::vector<std::string_view> arguments(request.arguments.begin(), request.arguments.end());
    AdminQuery query;
    query.from = from;
    query.journal = true;
    query.reply = table_of(request.id, kLines);
    const std::string_view cursor = take_cursor(arguments);
    if (arguments.size() != 2 || !read_cursor(cursor, query))
        return refusal(from, request.id, make_error(ErrorNumber::BadMessage, "journal TYPE ID"));
    if (auto valid = routing::check_entity_id(arguments[0], arguments[1], true); !valid)
        return refusal(from, request.id, std::move(valid).error());
    if (auto unknown = unknown_type(node, arguments[0]))
        return refusal(from, request.id, *std::move(unknown));
    query.type = arguments[0];
    query.text = arguments[1];
    query.group = routing::group_of(node.options.genesis.hash_key, node.options.genesis.groups,
                                    query.type, query.text);
    const LocalPartition* local = node.hosted.find(query.group);
    if (local == nullptr)
        return refusal(
            from, request.id,
            make_error(ErrorNumber::PartitionNotHosted, "ask a replica of its partition"));
    if (!local->partition.ready())
        return refusal(from, request.id,
                       make_error(ErrorNumber::NoLeader, "no leader of its partition answers"));
    if (!room)
        return refusal(from, request.id,
                       make_error(ErrorNumber::QueueFull, "too many questions at once"));
    return read_journal(node, std::move(query), *local);
}

DeskStep go_on_with_journal(const NodeView& node, AdminQuery query,
                            const storage::FetchedRows& rows) {
    const bool value = is_value_type(node, query.type);
    for (const storage::ScannedRow& row : rows.rows) {
        if (row.state != storage::FetchedRow::State::Found) {
            add_damage(query, "a row cannot be read");
            continue;
        }
        if (value) {
            add_value_row(node, query, row);
            continue;
        }
        if (!add_row_events(query, row)) return end_page(std::move(query), false);
        query.after = row.key;
        if (page_is_full(query)) return end_page(std::move(query), false);
    }
    if (value || rows.last)
        query.in_log = true;
    else
        query.after = rows.rows.back().key;
    return read_on(node, std::move(query));
}

DeskStep go_on_with_journal(const NodeView& node, AdminQuery query,
                            const storage::FetchedLog& entries) {
    const LocalPartition* local = node.hosted.find(query.group);
    const bool let_go = local != nullptr && query.next <= local->partition.replica().base().index;
    // What was let go of meanwhile is in rows; anything else is damaged.
    if (entries.entries.empty() && !let_go) {
        add_damage(query, "the log cannot be read from here on");
        return end_page(std::move(query), true);
    }
    for (const Bytes& entry : entries.entries) {
        add_log_entry(query, entry);
        query.next = next(query.next);
        if (page_is_full(query)) break;
    }
    return read_on(node, std::move(query));
}

}  // namespace weft::node
