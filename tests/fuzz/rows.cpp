// Keys and values of a group's rows (replication/partition/rows.h, entity/host.h): what decodes is
// encoded to the same bytes again, and views stay inside the row.

#include "replication/partition/rows.h"

#include "core/invariant.h"
#include "entity/host.h"
#include "entity/unflushed.h"
#include "tests/fuzz/input.h"

namespace weft::fuzz {
namespace {

using namespace replication;

constexpr std::uint8_t kSessionFlags = 3;  // of one remembered outcome: others are not kept

void check_entity(const Exact& row) {
    const auto read = decode_entity_row(row.view());
    if (!read) return;
    WEFT_INVARIANT(row.holds(read->value), "a value outside its row");
    WEFT_INVARIANT(encode_entity_row(*read) == row.view(), "an entity row has two spellings");
}

void check_snapshot(const Exact& row) {
    const auto read = decode_snapshot_row(row.view());
    if (!read) return;
    WEFT_INVARIANT(row.holds(read->state), "a state outside its row");
    WEFT_INVARIANT(encode_snapshot_row(*read) == row.view(), "a snapshot row has two spellings");
}

// Events into one entity's memory, and from there into blocks: nothing is lost on the way.
void check_blocks(std::string_view records, Version first, std::size_t snapshot_behind) {
    entity::Unflushed unflushed;
    std::string taken;
    Version version = first;
    for (std::string_view rest = records; auto record = entity::take_event_record(rest);) {
        unflushed.append(version, *record);
        if (version.value == first.value + snapshot_behind) unflushed.set_snapshot(version, "s");
        ++version.value;
        taken = std::string(records.substr(0, records.size() - rest.size()));
    }
    WEFT_INVARIANT(unflushed.records() == taken, "events changed in memory");
    std::string blocks;
    Version next = first;
    cut_journal_blocks(unflushed, [&](Version begins, std::string_view block) {
        WEFT_INVARIANT(begins == next, "a block begins at {}, not {}", begins.value, next.value);
        WEFT_INVARIANT(!block.empty(), "an empty block");
        blocks += block;
        while (entity::take_event_record(block)) ++next.value;
        WEFT_INVARIANT(block.empty(), "a block ends inside a record");
    });
    WEFT_INVARIANT(blocks == taken, "events changed in blocks");
}

void check_journal(const Exact& row, std::string_view typed_key, std::size_t snapshot_behind) {
    const Exact key(typed_key);
    const auto read = decode_journal_row(key.view(), row.view());
    if (!read) return;
    WEFT_INVARIANT(row.holds(read->records), "records outside their row");
    WEFT_INVARIANT(encode_journal_row(*read) == row.view(), "a journal row has two spellings");
    WEFT_INVARIANT(key.view().ends_with(journal_row_key({}, {}, read->first).substr(1)),
                   "another first version than the key's");
    const Version first{1 + read->first.value % 1000};
    check_blocks(read->records, first, snapshot_behind);
}

// Flags of a later build are let pass and forgotten.
std::string without_unknown_flags(std::string row, const Session& session) {
    std::size_t at = 1 + 8 + 8 + 4;
    for (const Remembered& item : session.remembered) {
        constexpr std::size_t kFlagsAt = 8 + 16 + 1;
        row[at + kFlagsAt] = static_cast<char>(row[at + kFlagsAt] & kSessionFlags);
        at += 8 + 16 + 1 + 1 + 2 + 4 * 8 + 4 + item.text.size();
    }
    return row;
}

void check_session(const Exact& row) {
    Session session;
    if (!decode_session_row(row.view(), session)) return;
    const std::string again = encode_session_row(session);
    WEFT_INVARIANT(again.size() == row.view().size(), "a session row of {} bytes became {}",
                   row.view().size(), again.size());
    WEFT_INVARIANT(again == without_unknown_flags(std::string(row.view()), session),
                   "a session row has two spellings");
    Sessions sessions{SessionLimits{}};
    const SessionName name{1, {}};
    sessions.load(name, std::move(session));
    sessions.check();
    sessions.expire(1 + kSessionLifeMs + 1, LogIndex{~std::uint64_t{0} >> 1});
    sessions.check();
}

void check_keys(const Exact& key) {
    if (const auto name = decode_session_key(key.view()))
        WEFT_INVARIANT(session_row_key(key.view().substr(0, kRowPrefixBytes), *name) == key.view(),
                       "a session key has two spellings");
    if (const auto parts = entity::split_key(key.view())) {
        std::string again;
        entity::write_key(again, parts->hash, parts->type, parts->id);
        WEFT_INVARIANT(again == key.view(), "an entity key has two spellings");
        WEFT_INVARIANT(key.holds(parts->type) && key.holds(parts->id), "a name outside its key");
    }
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weft::fuzz;
    Input input(data, size);
    switch (input.choice(5)) {
        case 0:
            check_entity(Exact(input.rest()));
            break;
        case 1:
            check_snapshot(Exact(input.rest()));
            break;
        case 2: {
            const std::size_t behind = input.byte();
            const std::string_view key = input.text();
            check_journal(Exact(input.rest()), key, behind);
            break;
        }
        case 3:
            check_session(Exact(input.rest()));
            break;
        default:
            check_keys(Exact(input.rest()));
            break;
    }
    return 0;
}
