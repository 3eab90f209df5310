// What an entry's sections hold (replication/partition/sections.h), configurations, snapshots and
// the payload of kv's cas: what decodes and is written again decodes to the same, and views stay
// inside.

#include "replication/partition/sections.h"

#include "core/invariant.h"
#include "replication/partition/rows.h"
#include "replication/partition/snapshot_format.h"
#include "replication/raft/config.h"
#include "tests/fuzz/input.h"
#include "weft/kv_payload.h"

#include <bit>
#include <tuple>

namespace weft::fuzz {
namespace {

using namespace replication;

auto fields(const RequestPart& part) {
    return std::tie(part.client, part.start_ms, part.seq, part.lowest_open, part.digest);
}
auto fields(const EntityPart& part) {
    return std::tie(part.standing.generation, part.standing.version, part.standing.revision,
                    part.hash, part.type, part.id);
}
auto fields(const ValuePart& part) { return std::tie(part.deleted, part.bytes); }

template <class Part>
bool same(const std::optional<Part>& a, const std::optional<Part>& b) {
    return a.has_value() == b.has_value() && (!a || fields(*a) == fields(*b));
}

bool same(const DecodedEntry& a, const DecodedEntry& b) {
    return same(a.request, b.request) && same(a.entity, b.entity) && same(a.value, b.value) &&
           a.events == b.events && a.snapshot == b.snapshot && a.has_outcome == b.has_outcome &&
           a.outcome.outcome == b.outcome.outcome &&
           a.outcome.error_number == b.outcome.error_number &&
           a.outcome.message.substr(0, kOutcomeMessageBytesMax) == b.outcome.message &&
           a.reply == b.reply && a.session_floor == b.session_floor;
}

// As a leader writes it.
std::string written(EntryKind kind, const DecodedEntry& entry) {
    EntryBuilder builder;
    builder.begin(kind);
    if (entry.request) write_request(builder, *entry.request);
    if (entry.entity) write_entity(builder, *entry.entity);
    if (entry.value) write_value(builder, *entry.value);
    std::vector<Bytes> events;
    for (const std::string_view event : entry.events) events.push_back(Bytes::copy_of(event));
    if (!events.empty()) write_events(builder, events);
    if (entry.snapshot) builder.section(SectionType::SnapshotPart, *entry.snapshot);
    if (entry.has_outcome) write_outcome(builder, entry.outcome);
    if (!entry.reply.empty()) builder.section(SectionType::Reply, entry.reply);
    if (entry.session_floor) write_session_floor(builder, *entry.session_floor);
    EntryHeader header;
    return std::string(builder.finish(header, Chain{}).view());
}

void check_views(const Exact& entry, const DecodedEntry& decoded) {
    std::vector<std::string_view> views = decoded.events;
    if (decoded.entity) {
        views.push_back(decoded.entity->type);
        views.push_back(decoded.entity->id);
    }
    if (decoded.value) views.push_back(decoded.value->bytes);
    if (decoded.snapshot) views.push_back(*decoded.snapshot);
    views.push_back(decoded.outcome.message);
    views.push_back(decoded.reply);
    for (const std::string_view view : views)
        WEFT_INVARIANT(entry.holds(view), "{} bytes outside the entry", view.size());
}

// Sections of any type with any bytes in an entry that is whole.
void check_entry_of(Input& input) {
    EntryBuilder builder;
    const EntryKind kind{static_cast<std::uint8_t>(1 + input.choice(9))};
    builder.begin(kind);
    while (!input.empty()) {
        const SectionType type{static_cast<std::uint16_t>(1 + input.choice(16))};
        const bool critical = input.flag();
        builder.section(type, input.text(), critical);
    }
    EntryHeader header;
    const Exact entry(builder.finish(header, Chain{}).view());
    const auto decoded = decode_entry(kind, entry.view());
    if (!decoded) return;
    check_views(entry, *decoded);
    const Exact again(written(kind, *decoded));
    const auto back = decode_entry(kind, again.view());
    WEFT_INVARIANT(back, "what was written again does not decode: {}", back.error().message);
    WEFT_INVARIANT(same(*decoded, *back), "an entry of {} bytes became another one",
                   entry.view().size());
    WEFT_INVARIANT(written(kind, *back) == again.view(), "a leader writes it in two ways");
}

void check_config(const Exact& bytes) {
    const auto config = decode_config(bytes.view());
    if (!config) return;
    WEFT_INVARIANT(encode_config(*config) == bytes.view(), "a configuration has two spellings");
    const PeerSet all = config->voters | config->outgoing;
    WEFT_INVARIANT(config->quorum(all), "all voters are no quorum");
    // Two quorums always meet: walk the sets of voters, at most 2^16.
    for (std::uint32_t set = 0; set <= all.bits(); ++set) {
        const PeerSet answered = PeerSet::from_bits(static_cast<std::uint16_t>(set)) & all;
        const PeerSet others = all.without(answered);
        WEFT_INVARIANT(!config->quorum(answered) || !config->quorum(others),
                       "voters {:#x} and {:#x} decide apart", answered.bits(), others.bits());
    }
}

void check_base(const Exact& bytes) {
    if (const auto base = decode_snapshot_base(bytes.view()))
        WEFT_INVARIANT(encode_snapshot_base(*base) == bytes.view(), "a base has two spellings");
}

void check_snapshot_rows(const Exact& bytes) {
    const auto rows = decode_snapshot_rows(bytes.view());
    if (!rows) return;
    std::string again;
    for (const SnapshotRowOut& row : *rows) {
        WEFT_INVARIANT(bytes.holds(row.key) && bytes.holds(row.value), "a row outside its chunk");
        WEFT_INVARIANT(row.key.size() + kRowPrefixBytes <= storage::kRowKeyBytesMax,
                       "a key of {} bytes", row.key.size());
        append_snapshot_row(again, row);
    }
    WEFT_INVARIANT(again == bytes.view(), "a snapshot's rows have two spellings");
}

void check_cas(const Exact& payload) {
    const auto cas = kv::parse_cas(payload.view());
    if (!cas) return;
    WEFT_INVARIANT(payload.holds(cas->expect.value) && payload.holds(cas->new_value),
                   "a value outside the payload");
    WEFT_INVARIANT(kv::cas_payload(cas->expect, cas->new_value) == payload.view(),
                   "a cas has two spellings");
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weft::fuzz;
    Input input(data, size);
    switch (input.choice(5)) {
        case 0:
            check_entry_of(input);
            break;
        case 1:
            check_config(Exact(input.rest()));
            break;
        case 2:
            check_base(Exact(input.rest()));
            break;
        case 3:
            check_snapshot_rows(Exact(input.rest()));
            break;
        default:
            check_cas(Exact(input.rest()));
            break;
    }
    return 0;
}
