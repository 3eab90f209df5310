// Administrative questions that read rows and the log: entities of a type, the journal of one
// entity. Each waits for a fetch and answers one page; the cursor says where to go on.

#include "core/error.h"
#include "entity/host.h"
#include "node/admin/cursor.h"
#include "node/admin/journal_line.h"
#include "node/admin/merged_lines.h"
#include "node/admin/table.h"
#include "node/facts.h"
#include "node/state.h"
#include "replication/partition/rows.h"
#include "replication/partition/sections.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

namespace weft::node {

namespace {

using replication::Role;
using enum routing::CellKind;

constexpr std::size_t kQueriesMax = 16;
constexpr std::size_t kPageRows = 500, kPageBytes = std::size_t{256} << 10;
constexpr std::size_t kScanBytes = std::size_t{256} << 10;
constexpr std::size_t kLogBytes = std::size_t{1} << 20;
storage::RowScan scan_of(storage::Table table, std::string prefix, std::string after) {
    return {table, std::move(prefix), std::move(after), kScanBytes, kLinesMax};
}

routing::AdminReply entities_page(std::uint64_t id) {
    return AdminTable(id, {{"type"},
                           {"id"},
                           {"partition", Number},
                           {"revision", Number},
                           {"version", Number},
                           {"generation", Number},
                           {"bytes", Number}})
        .take();
}

routing::AdminReply journal_page(std::uint64_t id) {
    return AdminTable(id, {{"index", Number},
                           {"term", Number},
                           {"stamp", Number},
                           {"kind"},
                           {"version", Number},
                           {"bytes", Number},
                           {"request"},
                           {"what"},
                           {"value"},              // its begin
                           {"events"},             // in hex, a blank between two; "-": none
                           {"left_out", Number}})  // bytes of them; "-": no value and no event
        .take();
}

void add_cells(AdminQuery& query, std::initializer_list<std::string> cells) {
    for (const std::string& cell : cells) query.page_bytes += cell.size();
    query.reply.cells.insert(query.reply.cells.end(), cells);
}

void add_entity(AdminQuery& query, const replication::Partition::EntityLine& line) {
    if (!line.exists || line.type != query.type || !line.id.starts_with(query.text)) return;
    add_cells(query, {line.type, line.id, std::to_string(query.group.value),
                      std::to_string(line.revision.value), std::to_string(line.version.value),
                      std::to_string(line.generation.value), std::to_string(line.bytes)});
}

bool page_is_full(const AdminQuery& query) {
    return query.reply.cells.size() >= kPageRows * query.reply.columns.size() ||
           query.page_bytes >= kPageBytes;
}

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

void add_line(AdminQuery& query, JournalLine line) {
    // The term of an event that has left the log is not kept.
    const std::string term = line.term == Term{} ? "-" : std::to_string(line.term.value);
    add_cells(query, {std::to_string(line.index.value), term, std::to_string(line.stamp_ms),
                      std::string(line.kind), std::to_string(line.version.value),
                      std::to_string(line.bytes), std::move(line.request), std::move(line.what),
                      std::move(line.value), std::move(line.events), std::move(line.left_out)});
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
                     .version = decoded->entity->version,
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

}  // namespace

void Node::State::admin_fetch(AdminQuery query, replication::FetchRequest what) {
    queries.insert_or_assign(next_number(last_fetch), std::move(query));
    out->list.push_back(Fetch{last_fetch, std::move(what)});
}

void Node::State::on_admin_fetched(AdminQuery query, replication::FetchResult& result) {
    if (const auto* rows = std::get_if<Result<storage::FetchedRows>>(&result)) {
        if (!*rows) return refuse_admin(query.from, query.reply.id, rows->error());
        if (query.journal) return journal_rows(std::move(query), **rows);
        return entities_rows(std::move(query), **rows);
    }
    const auto* entries = std::get_if<Result<storage::FetchedLog>>(&result);
    if (entries == nullptr) return;
    if (!*entries) return refuse_admin(query.from, query.reply.id, entries->error());
    journal_entries(std::move(query), **entries);
}

void Node::State::end_page(AdminQuery query, bool last) {
    query.reply.last = last;
    if (!last) query.reply.cursor = cursor_of(query);
    reply_admin(query.from, std::move(query.reply));
}

// An empty list would look like a type without entities.
std::optional<Error> Node::State::unknown_type(std::string_view name) const {
    if (types.find(name) != nullptr || mesh_types.find(name) != nullptr) return std::nullopt;
    return make_error(ErrorNumber::UnknownEntityType,
                      fmt::format("no entity type '{}'; there are {}", name, types.names()));
}

// ---- entities TYPE [PREFIX] ---------------------------------------------------------------------

void Node::State::admin_entities(ClientRef from, const routing::AdminRequest& request) {
    std::vector<std::string_view> arguments(request.arguments.begin(), request.arguments.end());
    AdminQuery query;
    query.from = from;
    query.reply = entities_page(request.id);
    const bool good =
        read_cursor(take_cursor(arguments), query) && !arguments.empty() && arguments.size() <= 2;
    if (!good)
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::BadMessage, "entities TYPE [PREFIX]"));
    if (auto unknown = unknown_type(arguments[0]))
        return refuse_admin(from, request.id, *std::move(unknown));
    if (queries.size() >= kQueriesMax)
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::QueueFull, "too many questions at once"));
    query.type = arguments[0];
    if (arguments.size() > 1) query.text = arguments[1];
    scan_entities(std::move(query));
}

// The next group from query.group on that this node leads: it alone knows what is committed.
void Node::State::scan_entities(AdminQuery query) {
    for (const Hosted& group : hosted.all()) {
        if (group.group < query.group || group.role != Role::Leader) continue;
        if (group.group != query.group) query.after.clear();
        query.group = group.group;
        query.unwritten =
            group.partition.unwritten_lines(query.type, query.text, query.after, kLinesMax);
        auto scan = scan_of(storage::Table::Entity,
                            group.partition.row_prefix(storage::Table::Entity), query.after);
        return admin_fetch(std::move(query), std::move(scan));
    }
    end_page(std::move(query), true);
}

void Node::State::entities_rows(AdminQuery query, const storage::FetchedRows& rows) {
    std::string reach;
    const Hosted* group = find(query.group);
    if (group != nullptr && group->role == Role::Leader) {
        MergedLines merged =
            merged_lines(group->partition, std::exchange(query.unwritten, {}), rows);
        for (const auto& [key, line] : merged.by_key) {
            add_entity(query, line);
            if (!page_is_full(query)) continue;
            query.after = key;
            return end_page(std::move(query), false);
        }
        reach = std::move(merged.reach);
    }
    if (reach.empty()) query.group = GroupId{query.group.value + 1};
    query.after = std::move(reach);
    scan_entities(std::move(query));
}

// ---- journal TYPE ID ----------------------------------------------------------------------------

void Node::State::admin_journal(ClientRef from, const routing::AdminRequest& request) {
    std::vector<std::string_view> arguments(request.arguments.begin(), request.arguments.end());
    AdminQuery query;
    query.from = from;
    query.journal = true;
    query.reply = journal_page(request.id);
    const std::string_view cursor = take_cursor(arguments);
    if (arguments.size() != 2 || !read_cursor(cursor, query))
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::BadMessage, "journal TYPE ID"));
    if (auto valid = routing::check_entity_id(arguments[0], arguments[1], true); !valid)
        return refuse_admin(from, request.id, std::move(valid).error());
    if (auto unknown = unknown_type(arguments[0]))
        return refuse_admin(from, request.id, *std::move(unknown));
    query.type = arguments[0];
    query.text = arguments[1];
    query.group =
        routing::group_of(options.genesis.hash_key, options.genesis.groups, query.type, query.text);
    const Hosted* group = find(query.group);
    if (group == nullptr)
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::GroupNotHosted, "ask a replica of its group"));
    if (!group->partition.ready())
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::NoLeader, "no leader of its group answers"));
    if (queries.size() >= kQueriesMax)
        return refuse_admin(from, request.id,
                            make_error(ErrorNumber::QueueFull, "too many questions at once"));
    read_journal(std::move(query), *group);
}

void Node::State::read_journal(AdminQuery query, const Hosted& group) {
    const replication::Replica& replica = group.partition.replica();
    const LogIndex from = std::max(query.next, next(query.rows_hold));
    if (query.in_log && from <= replica.base().index) {
        // The log has let go of what was to be read next: it is in rows now.
        query.in_log = false;
        query.after.clear();
    }
    if (!query.in_log) {
        if (query.after.empty()) query.rows_hold = replica.base().index;
        const std::string prefix = group.partition.row_prefix(storage::Table::Journal);
        const std::uint64_t hash =
            routing::entity_hash(options.genesis.hash_key, query.type, query.text);
        std::string key;
        entity::write_key(key, hash, query.type, query.text);
        auto scan =
            scan_of(storage::Table::Journal, replication::journal_prefix(prefix, key), query.after);
        if (is_value_type(query.type)) {
            // A value keeps no history in rows: its one row sorts before all it is a prefix of.
            scan = scan_of(storage::Table::Entity, prefix + key, {});
            scan.rows_max = 1;
        }
        return admin_fetch(std::move(query), std::move(scan));
    }
    const LogIndex to = std::min(replica.commit(), replica.durable_index());
    if (from > to) return end_page(std::move(query), true);
    query.next = from;
    admin_fetch(std::move(query), storage::LogRange{group.group, from, to, kLogBytes});
}

void Node::State::journal_rows(AdminQuery query, const storage::FetchedRows& rows) {
    const bool value = is_value_type(query.type);
    for (const storage::ScannedRow& row : rows.rows) {
        if (row.state != storage::FetchedRow::State::Found) {
            add_damage(query, "a row cannot be read");
            continue;
        }
        if (value) {
            add_value_row(query, row);
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
    go_on_with_journal(std::move(query));
}

bool Node::State::is_value_type(std::string_view name) const {
    const entity::EntityType* type = types.find(name);
    return type != nullptr && type->info().kind == entity::Kind::Value;
}

// What the log has let go of; entries still in it speak for themselves.
void Node::State::add_value_row(AdminQuery& query, const storage::ScannedRow& row) const {
    const Hosted* group = find(query.group);
    if (group == nullptr) return;
    const auto line = group->partition.entity_line(row.key, row.value.view());
    if (!line || line->type != query.type || line->id != query.text) return;
    const LogIndex at{line->revision.value};
    if (at > group->partition.replica().base().index || at < query.next) return;
    query.next = next(at);
    JournalLine shown{.index = at,
                      .kind = "row",
                      .version = line->version,
                      .bytes = line->bytes,
                      .what = "value of " + counted(line->bytes, "byte")};
    if (const auto stored = replication::decode_entity_row(row.value.view()))
        shown.show_value(stored->value);
    add_line(query, std::move(shown));
}

void Node::State::journal_entries(AdminQuery query, const storage::FetchedLog& entries) {
    const Hosted* group = find(query.group);
    const bool let_go = group != nullptr && query.next <= group->partition.replica().base().index;
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
    go_on_with_journal(std::move(query));
}

void Node::State::go_on_with_journal(AdminQuery query) {
    if (page_is_full(query)) return end_page(std::move(query), false);
    const Hosted* group = find(query.group);
    if (group == nullptr)
        return refuse_admin(query.from, query.reply.id,
                            make_error(ErrorNumber::GroupNotHosted, "ask a replica of its group"));
    read_journal(std::move(query), *group);
}

}  // namespace weft::node
