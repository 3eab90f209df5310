#include "node/facts.h"

#include "core/byte_io.h"
#include "core/error.h"
#include "entity/kind.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace weft::node {

namespace {

// An event is {kind u8, fields}; the state is all events so far, each as u32 length and bytes.
enum class FactKind : std::uint8_t { Admitted = 1, EpochOrdered = 2, TypeRegistered = 3 };

struct Admitted {
    NodeId node;
    std::string_view name, mesh_address, client_address, zone, host;
};
struct EpochOrdered {
    Epoch epoch;
    Digest table;
};
struct TypeRegistered {
    std::string_view name;
    std::uint8_t kind = 0;
};
using Fact = std::variant<Admitted, EpochOrdered, TypeRegistered>;

std::string encode_admitted(const routing::NodeRecord& record) {
    std::string event;
    ByteWriter out(event);
    out.put(static_cast<std::uint8_t>(FactKind::Admitted));
    out.put_id(record.node);
    for (const std::string* text :
         {&record.name, &record.mesh_address, &record.client_address, &record.zone, &record.host})
        out.put_blob(*text);
    return event;
}

std::string encode_epoch(const routing::PlacementTable& table) {
    std::string event;
    ByteWriter out(event);
    out.put(static_cast<std::uint8_t>(FactKind::EpochOrdered));
    out.put(table.epoch().value);
    out.put_id(table.digest());
    return event;
}

std::string encode_type(const entity::TypeInfo& info) {
    std::string event;
    ByteWriter out(event);
    out.put(static_cast<std::uint8_t>(FactKind::TypeRegistered));
    out.put_blob(info.name);
    out.put(static_cast<std::uint8_t>(info.kind));
    return event;
}

std::optional<Fact> parse_fact(std::string_view event) {
    ByteReader in(event);
    std::optional<Fact> fact;
    switch (static_cast<FactKind>(in.get<std::uint8_t>())) {
        case FactKind::Admitted: {
            Admitted admitted;
            admitted.node = in.get_id<NodeId>();
            for (std::string_view* text :
                 {&admitted.name, &admitted.mesh_address, &admitted.client_address, &admitted.zone,
                  &admitted.host})
                *text = in.get_blob();
            fact = admitted;
            break;
        }
        case FactKind::EpochOrdered: {
            EpochOrdered epoch;
            epoch.epoch = Epoch{in.get<std::uint64_t>()};
            epoch.table = in.get_id<Digest>();
            fact = epoch;
            break;
        }
        case FactKind::TypeRegistered: {
            TypeRegistered type;
            type.name = in.get_blob();
            type.kind = in.get<std::uint8_t>();
            fact = type;
            break;
        }
        default:
            return std::nullopt;
    }
    if (!in.done()) return std::nullopt;
    return fact;
}

// The facts of a state or a founding payload; nothing when any of them does not parse.
std::optional<std::vector<std::string_view>> split_facts(std::string_view facts) {
    std::vector<std::string_view> events;
    ByteReader in(facts);
    while (!in.bad() && !in.rest().empty()) {
        const std::string_view event = in.get_blob();
        if (in.bad() || !parse_fact(event)) return std::nullopt;
        events.push_back(event);
    }
    return events;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out += '\\';
        if (static_cast<unsigned char>(c) < 0x20)
            out += fmt::format("\\u{:04x}", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out + '"';
}

std::string_view kind_name(std::uint8_t kind) {
    const entity::KindRules* rules = entity::find_rules(kind);
    return rules == nullptr ? "unknown" : rules->name;
}

struct Description {
    std::string nodes, epochs, types;

    static void add(std::string& list, std::string item) {
        if (!list.empty()) list += ',';
        list += std::move(item);
    }
    void operator()(const Admitted& fact) {
        add(nodes, fmt::format(R"({{"node":"{}","name":{},"mesh_address":{},"client_address":{},)"
                               R"("zone":{},"host":{}}})",
                               fact.node.hex(), quoted(fact.name), quoted(fact.mesh_address),
                               quoted(fact.client_address), quoted(fact.zone), quoted(fact.host)));
    }
    void operator()(const EpochOrdered& fact) {
        add(epochs,
            fmt::format(R"({{"epoch":{},"table":"{}"}})", fact.epoch.value, fact.table.hex()));
    }
    void operator()(const TypeRegistered& fact) {
        add(types,
            fmt::format(R"({{"type":{},"kind":"{}"}})", quoted(fact.name), kind_name(fact.kind)));
    }
};

class FactsType final : public entity::EntityType {
public:
    const entity::TypeInfo& info() const override { return info_; }

    std::optional<entity::Access> command(std::string_view name) const override {
        if (name == kFoundCommand) return entity::Access::Write;
        if (name == kDescribeCommand) return entity::Access::Read;
        return std::nullopt;
    }

    entity::Decision handle(const entity::StateView& state, std::string_view command,
                            std::string_view payload, const entity::Context&) const override {
        return command == kFoundCommand ? found(state, payload) : describe(state);
    }

    Result<std::string> apply(std::string_view state, std::string_view event) const override {
        if (!parse_fact(event)) return fail(ErrorNumber::DataDamaged, "a fact does not parse");
        std::string next(state);
        ByteWriter(next).put_blob(event);
        return next;
    }

private:
    // A mesh is founded once: whoever comes second has nothing to add.
    static entity::Decision found(const entity::StateView& state, std::string_view payload) {
        entity::Decision decision;
        if (state.exists) return decision;
        const auto events = split_facts(payload);
        if (!events || events->empty() || events->size() > entity::kEventsPerCommandMax) {
            decision.rejected = true;
            decision.error = make_error(ErrorNumber::BadPayload, "the founding facts do not parse");
            return decision;
        }
        decision.change = entity::Decision::Change::Events;
        for (const std::string_view event : *events)
            decision.events.push_back(Bytes::copy_of(event));
        return decision;
    }

    static entity::Decision describe(const entity::StateView& state) {
        Description description;
        if (const auto events = split_facts(state.state))
            for (const std::string_view event : *events)
                if (const auto fact = parse_fact(event)) std::visit(description, *fact);
        entity::Decision decision;
        decision.reply =
            Bytes::adopt(fmt::format(R"({{"nodes":[{}],"epochs":[{}],"types":[{}]}})",
                                     description.nodes, description.epochs, description.types));
        return decision;
    }

    entity::TypeInfo info_{kFactsType, entity::Kind::EventSourced};
};

struct InWords {
    std::string operator()(const Admitted& fact) const {
        return fmt::format("admitted {} ({})", fact.name, fact.node.hex().substr(0, 8));
    }
    std::string operator()(const EpochOrdered& fact) const {
        return fmt::format("epoch {} ordered (table {})", fact.epoch.value,
                           fact.table.hex().substr(0, 8));
    }
    std::string operator()(const TypeRegistered& fact) const {
        return fmt::format("type {} registered ({})", fact.name, kind_name(fact.kind));
    }
};

}  // namespace

std::unique_ptr<const entity::EntityType> make_facts_type() {
    return std::make_unique<FactsType>();
}

std::string founding_facts(const routing::Genesis& genesis, const routing::PlacementTable& table,
                           const entity::TypeTable& types) {
    std::string payload;
    ByteWriter out(payload);
    for (const routing::NodeRecord& record : genesis.founders)
        out.put_blob(encode_admitted(record));
    out.put_blob(encode_epoch(table));
    for (const entity::EntityType* type : types.all()) out.put_blob(encode_type(type->info()));
    return payload;
}

Request facts_request(std::string_view command, std::string_view payload) {
    Request request;
    request.id.group = PartitionId{0};
    own_texts(request,
              {.type = kFactsType, .entity = kFactsId, .command = command, .payload = payload});
    request.digest =
        routing::request_digest(request.type, request.entity, request.command, request.payload);
    return request;
}

std::string describe_fact(std::string_view event) {
    const auto fact = parse_fact(event);
    return fact ? std::visit(InWords{}, *fact) : std::string();
}

}  // namespace weft::node
