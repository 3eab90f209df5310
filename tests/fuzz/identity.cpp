// Who a node and a mesh are, and the records of a node's own disk: genesis, node line, identity
// file, log records, pasts, facts, ids. What decodes has one spelling.

#include "core/hash.h"
#include "core/invariant.h"
#include "node/admin/cursor.h"
#include "node/facts.h"
#include "node/past.h"
#include "routing/genesis.h"
#include "routing/key.h"
#include "routing/placement.h"
#include "storage/identity_file.h"
#include "storage/log_record.h"
#include "tests/fuzz/input.h"

#include <fmt/core.h>

namespace weft::fuzz {
namespace {

void check_line(const routing::NodeRecord& record) {
    const std::string line = routing::node_line(record);
    const auto again = routing::parse_node_line(line);
    WEFT_INVARIANT(again, "a line that was printed does not read: {}", again.error().message);
    WEFT_INVARIANT(*again == record, "a node's line became another node's");
    WEFT_INVARIANT(line.find('\n') == std::string::npos, "a node's line is more than one");
}

// `right`: with magic and checksum as they should be.
void check_genesis(std::string bytes, bool right) {
    if (right) {
        bytes = "WEFTGEN1" + bytes;
        const std::uint64_t sum = xxh3_64(bytes);
        bytes.append(reinterpret_cast<const char*>(&sum), sizeof sum);
    }
    const Exact exact(bytes);
    const auto genesis = routing::decode_genesis(exact.view());
    if (!genesis) return;
    const auto again = routing::encode_genesis(*genesis);
    WEFT_INVARIANT(again && *again == exact.view(), "a genesis has two spellings");
    for (const routing::NodeRecord& record : genesis->founders) check_line(record);
    routing::Genesis turned = *genesis;
    std::ranges::reverse(turned.founders);
    WEFT_INVARIANT(routing::encode_genesis(turned) == again, "the order of founders counts");
    const routing::PlacementTable table = routing::PlacementTable::first(*genesis);
    const auto facts = node::make_facts_type();
    WEFT_INVARIANT(facts->handle({}, node::kFoundCommand,
                                 node::founding_facts(*genesis, table, entity::TypeTable{}), {})
                           .rejected == false,
                   "a mesh cannot be founded");
}

void check_identity(std::string text, bool right) {
    if (right) text += fmt::format("checksum {:016x}\n", xxh3_64(text));
    const Exact exact(text);
    const auto identity = storage::decode_identity(exact.view());
    if (!identity) return;
    const auto again = storage::decode_identity(storage::encode_identity(*identity));
    WEFT_INVARIANT(again && *again == *identity, "an identity became another one");
}

void check_log_header(Input& input) {
    const Lsn lsn{input.number<std::uint64_t>()};
    const bool right = input.flag();
    std::string record(input.rest());
    if (record.size() < storage::kLogHeaderBytes) record.resize(storage::kLogHeaderBytes);
    if (right) {  // fields as they come, and a checksum that holds
        storage::LogRecordHeader header;
        Input from(reinterpret_cast<const std::uint8_t*>(record.data()), record.size());
        header.payload_sum = xxh3_64(std::string_view(record).substr(storage::kLogHeaderBytes));
        header.index.value = from.number<std::uint64_t>();
        header.term.value = from.number<std::uint64_t>();
        header.group.value = from.number<std::uint32_t>();
        header.total_bytes = from.number<std::uint32_t>();
        header.chunk = from.number<std::uint16_t>();
        header.chunks =
            from.flag() ? storage::log_chunks(header.total_bytes) : from.number<std::uint16_t>();
        header.kind = storage::LogRecordKind{from.byte()};
        header.payload_bytes = static_cast<std::uint16_t>(record.size() - storage::kLogHeaderBytes);
        storage::write_log_header(record.data(), lsn, header);
    }
    const Exact exact(record);
    (void)storage::owner_from_payload(exact.view());
    const auto header = storage::read_log_header(lsn, exact.view());
    if (!header) return;
    WEFT_INVARIANT(header->chunk < header->chunks, "chunk {} of {}", header->chunk, header->chunks);
    WEFT_INVARIANT(!right || storage::log_payload_holds(*header, exact.view()),
                   "a payload does not match its own sum");
    std::string again = record;
    storage::write_log_header(again.data(), lsn, *header);
    WEFT_INVARIANT(again == record, "a log record has two spellings");
    WEFT_INVARIANT(!storage::read_log_header(Lsn{lsn.value + 1}, exact.view()),
                   "a record holds in another place");
    if (header->kind == storage::LogRecordKind::Append) return;
    const std::string control =
        record.substr(0, storage::kLogHeaderBytes) + storage::control_payload(*header);
    const auto owner = storage::owner_from_payload(Exact(control).view());
    WEFT_INVARIANT(owner && owner->kind == header->kind && owner->group == header->group &&
                       owner->index == header->index,
                   "a control record's owner is another one");
}

void check_past(const Exact& bytes) {
    if (const auto past = node::decode_past(bytes.view()))
        WEFT_INVARIANT(node::encode_past(*past) == bytes.view(), "a past has two spellings");
}

void check_ids(const Exact& text) {
    if (const auto id = RequestId::parse(text.view())) {
        const auto again = RequestId::parse(id->text());
        WEFT_INVARIANT(again && *again == *id, "a request id became another one");
    }
    const auto id = routing::parse_entity_id(text.view(), true);
    if (!id) return;
    WEFT_INVARIANT(id->type + "/" + id->id == text.view(), "an id is not what was typed");
    WEFT_INVARIANT(routing::check_entity_id(id->type, id->id, true), "an id that no node takes");
    const PartitionId group = routing::group_of(HashKey{7}, 64, id->type, id->id);
    WEFT_INVARIANT(group.value <= 64 && (group.value == 0) == id->type.starts_with('!'),
                   "{} lies in group {}", text.view(), group.value);
}

// The mesh's own entity: nodes' commands, and events out of a row.
void check_facts(Input& input) {
    const auto facts = node::make_facts_type();
    const Exact state(input.text()), bytes(input.rest());
    entity::StateView view;
    view.exists = !state.view().empty();
    view.state = state.view();
    (void)node::describe_fact(bytes.view());
    const auto next = facts->apply(state.view(), bytes.view());
    if (next) (void)facts->apply(*next, bytes.view());
    (void)facts->handle(view, node::kDescribeCommand, bytes.view(), {});
    const auto decision = facts->handle(view, node::kFoundCommand, bytes.view(), {});
    std::string founded(state.view());
    for (const Bytes& event : decision.events) {
        auto applied = facts->apply(founded, event.view());
        WEFT_INVARIANT(applied, "an event of its own does not apply");
        founded = *std::move(applied);
    }
}

void check_cursor(const Exact& text) {
    node::AdminQuery query;
    if (!node::read_cursor(text.view(), query)) return;
    node::AdminQuery again;
    const std::string spelled = node::cursor_of(query);
    WEFT_INVARIANT(node::read_cursor(spelled, again), "a cursor that was given is refused");
    WEFT_INVARIANT(node::cursor_of(again) == spelled, "a cursor became another one");
}

}  // namespace
}  // namespace weft::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace weft::fuzz;
    Input input(data, size);
    const auto what = input.byte();
    const bool right = what >= 128;
    switch (what % 8) {
        case 0:
            check_genesis(std::string(input.rest()), right);
            break;
        case 1:
            if (const auto record = weft::routing::parse_node_line(Exact(input.rest()).view()))
                check_line(*record);
            break;
        case 2:
            check_identity(std::string(input.rest()), right);
            break;
        case 3:
            check_log_header(input);
            break;
        case 4:
            check_past(Exact(input.rest()));
            break;
        case 5:
            check_ids(Exact(input.rest()));
            break;
        case 6:
            check_facts(input);
            break;
        default:
            check_cursor(Exact(input.rest()));
            break;
    }
    return 0;
}
