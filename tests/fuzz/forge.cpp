#include "tests/fuzz/forge.h"

#include "core/entry.h"
#include "core/error.h"
#include "core/hash.h"
#include "replication/partition/snapshot_format.h"
#include "routing/key.h"

#include <fmt/core.h>

#include <iterator>

namespace weft::fuzz {

using namespace replication;

namespace {

constexpr std::uint64_t kHuge = std::uint64_t{1} << 62;  // what the codec lets through

}  // namespace

// ---- numbers ------------------------------------------------------------------------------------

Forger::View Forger::view(std::size_t to) {
    const auto groups = lab_[to].node().hosted();
    const std::size_t choice = input_.choice(groups.size() + 1);
    // One that is nowhere.
    if (choice == groups.size()) return {PartitionId{lab_.options.groups + 1}, Term{1}, {}, {}, {}};
    const auto& replica = lab_[to].node().partition(groups[choice]).replica();
    return {groups[choice], replica.term(), replica.base().index, replica.commit(),
            replica.last_index()};
}

std::uint64_t Forger::near(std::uint64_t value) {
    switch (input_.choice(12)) {
        case 0:
            return value == 0 ? 0 : value - 1;
        case 1:
        case 2:
            return value + 1;
        case 3:
            return value + 2;
        case 4:
            return input_.byte();
        case 5:
            return kHuge - input_.choice(3);
        case 6:
            return input_.number<std::uint64_t>() % (kHuge + 1);
        default:
            return value;
    }
}

std::int64_t Forger::stamp() {
    const std::int64_t wall = lab_[0].now().wall.ms;
    switch (input_.choice(6)) {
        case 0:
            return wall + std::int64_t{input_.byte()} * 60'000;
        case 1:
            return wall - std::int64_t{input_.byte()} * 60'000;
        case 2:
            return input_.number<std::int64_t>();
        default:
            return wall;
    }
}

Term Forger::term_at(std::size_t to, const View& at, LogIndex index) {
    if (!lab_[to].node().hosts(at.group)) return Term{};
    const auto& replica = lab_[to].node().partition(at.group).replica();
    return replica.term_at(index).value_or(Term{});
}

Chain Forger::chain_at(std::size_t to, const View& at, LogIndex index) {
    if (!lab_[to].node().hosts(at.group)) return {};
    const auto& base = lab_[to].node().partition(at.group).replica().base();
    if (index == base.index) return base.chain;
    const auto read = lab_[to].store.read_log({at.group, index, index, 1});
    if (!read || read->entries.empty()) return {};
    const auto header = read_entry_header(read->entries[0].view());
    return header ? header->chain : Chain{};
}

LogPosition Forger::position(std::size_t to, const View& at) {
    const LogIndex index = near(input_.flag() ? at.last : at.commit);
    return {input_.choice(4) == 0 ? near(at.term) : term_at(to, at, index), index};
}

// ---- the other messages -------------------------------------------------------------------------

PeerMessage Forger::vote(std::size_t to) {
    const View at = view(to);
    const Term term = near(at.term);
    switch (input_.choice(4)) {
        case 0:
            return VoteAsks{{{at.group, term, position(to, at), input_.flag(), input_.flag()}}};
        case 1:
            return VoteAnswers{{{at.group, term, input_.flag(), input_.flag(), number()}}};
        case 2: {
            AppendAnswer answer{at.group,      term,          input_.flag(),
                                input_.flag(), near(at.last), near(at.term)};
            answer.stamp_ahead = input_.choice(4) == 0;
            answer.sender_since = number();
            return AppendAnswers{{answer}};
        }
        default:
            return TimeoutNow{at.group, term};
    }
}

PeerMessage Forger::contact(std::size_t to) {
    const View at = view(to);
    const std::uint64_t round = near(std::uint64_t{1} << (input_.flag() ? 0 : 40));
    switch (input_.choice(5)) {
        case 0: {
            Heartbeat beat{ContactRound{round},
                           {{at.group, near(at.term), near(at.commit)}},
                           input_.byte(),
                           0};
            beat.unlisted_hash = input_.number<std::uint64_t>();
            beat.wall_ms = stamp();
            return beat;
        }
        case 1: {
            HeartbeatAnswer answer{ContactRound{round}, {{at.group, near(at.term)}}, input_.flag()};
            answer.wall_ms = stamp();
            if (input_.flag()) answer.cannot_stand = {at.group};
            return answer;
        }
        case 2:
            return Confirm{ConfirmRound{round}, {{at.group, near(at.term)}}};
        case 3:
            return ConfirmAnswer{ConfirmRound{round}, {{at.group, near(at.term)}}};
        default:
            return SnapshotAnswer{at.group, near(at.term), position(to, at),
                                  input_.flag() ? kSnapshotWhole : input_.byte(), input_.flag()};
    }
}

node::PeerHello Forger::hello(std::size_t from) {
    node::PeerHello hello;
    if (input_.choice(8) != 0) hello.genesis = xxh3_128(lab_.genesis_bytes);
    hello.mesh_address = lab_.genesis.founders[from].mesh_address;
    hello.answer = input_.flag();
    hello.types = {"counter:event-sourced", "kv:value"};
    hello.nonce = 1 + input_.choice(3);
    hello.token = HelloToken{input_.byte()};
    hello.refused = node::Verdict{
        static_cast<std::uint8_t>(input_.choice(16) == 0 ? input_.choice(4) : std::size_t{0})};
    hello.wall_ms = stamp();
    return hello;
}

node::MeshMessage Forger::message(std::size_t to, std::size_t from) {
    switch (input_.choice(8)) {
        case 0:
            return hello(from);
        case 1:
        case 2:
            return vote(to);
        case 3:
        case 4:
            return PeerMessage(append(to));
        case 5:
            return PeerMessage(chunk(to));
        case 6:
            return node::NodeRequest{OwnTag{input_.byte()}, request()};
        default:
            return contact(to);
    }
}

PeerMessage Forger::answer_to(const PeerMessage& asked) {
    const bool yes = input_.choice(8) != 0;
    if (const auto* asks = std::get_if<VoteAsks>(&asked)) {
        VoteAnswers answers;
        for (const VoteAsk& ask : asks->items)
            answers.items.push_back({ask.group, ask.term, ask.pre, yes});
        return answers;
    }
    if (const auto* batch = std::get_if<AppendBatch>(&asked)) {
        AppendAnswers answers;
        for (const AppendItem& item : batch->items) {
            const LogIndex end{item.prev.index.value + (yes ? item.count : 0)};
            answers.items.push_back({item.group, item.term, yes, false, end, Term{}});
        }
        return answers;
    }
    if (const auto* chunk = std::get_if<SnapshotChunk>(&asked))
        return SnapshotAnswer{chunk->group, chunk->term, chunk->at,
                              chunk->last ? kSnapshotWhole : chunk->sequence + 1, !yes};
    if (const auto* beat = std::get_if<Heartbeat>(&asked)) {
        HeartbeatAnswer answer{beat->round, {}, !yes};
        answer.wall_ms = stamp();
        return answer;
    }
    if (const auto* confirm = std::get_if<Confirm>(&asked))
        return ConfirmAnswer{confirm->round, yes ? std::vector<GroupTerm>{} : confirm->groups};
    return asked;  // an answer itself: said back
}

node::MeshMessage Forger::answer(const node::MeshMessage& asked, std::size_t from) {
    if (const auto* message = std::get_if<PeerMessage>(&asked)) return answer_to(*message);
    if (const auto* said = std::get_if<node::MemberMessage>(&asked))
        return node::MemberMessage{input_.flag() ? said->content : Bytes::copy_of(input_.text(64))};
    if (std::holds_alternative<node::NodeReply>(asked)) return asked;  // said back
    if (const auto* request = std::get_if<node::NodeRequest>(&asked)) {
        Reply reply;
        reply.id = request->request.id;
        reply.outcome = Outcome{static_cast<std::uint8_t>(1 + input_.choice(4))};
        if (reply.outcome != Outcome::Done)
            reply.error = make_error(ErrorNumber::NoLeader, "forged");
        reply.exists = input_.flag();
        reply.leader_hint = input_.flag() ? lab_[from].id() : NodeId{};
        reply.hint_term = near(Term{1});
        return node::NodeReply{request->tag, std::move(reply)};
    }
    node::PeerHello back = hello(from);
    back.answer = true;
    back.token = std::get<node::PeerHello>(asked).token;
    return back;
}

// ---- clients ------------------------------------------------------------------------------------

Request Forger::request() {
    static constexpr const char* kCommands[] = {"put", "get",   "delete",   "cas",
                                                "add", "found", "describe", "none"};
    const char* type = kForgedTypes[input_.choice(std::size(kForgedTypes))];
    const char* id = kForgedIds[input_.choice(std::size(kForgedIds))];
    const char* command = kCommands[input_.choice(std::size(kCommands))];
    Request request;
    own_texts(request, {type, id, command, input_.text(24)});
    request.id.client.bytes.fill(static_cast<std::uint8_t>(1 + input_.choice(2)));
    request.id.start_ms = lab_[0].now().wall.ms - 1;
    if (input_.choice(8) == 0) request.id.start_ms = std::max<std::int64_t>(0, stamp());
    request.id.group = lab_.group_of(type, id);
    if (input_.choice(16) == 0) request.id.group = PartitionId{input_.byte()};
    request.id.seq = near(std::uint64_t{1});
    request.lowest_open = input_.choice(4) == 0 ? near(request.id.seq) : 1;
    request.digest = routing::request_digest(type, id, command, request.payload);
    if (input_.choice(8) == 0) request.digest = {};
    request.kind = RequestKind{static_cast<std::uint8_t>(1 + input_.choice(3))};
    request.deadline_ms = input_.choice(4) == 0 ? input_.number<std::uint32_t>() : 1000;
    request.leaders_lost = input_.choice(4) == 0 ? input_.byte() : std::uint8_t{0};
    request.forced = input_.choice(8) == 0;
    return request;
}

routing::AdminRequest Forger::question() {
    static constexpr const char* kVerbs[] = {"status",    "peers",    "health",   "partitions",
                                             "partition", "transfer", "entities", "journal"};
    routing::AdminRequest request{input_.byte(), kVerbs[input_.choice(std::size(kVerbs))], {}};
    for (std::size_t left = input_.choice(4); left-- > 0;) {
        switch (input_.choice(4)) {
            case 0:
                request.arguments.emplace_back(
                    kForgedTypes[input_.choice(std::size(kForgedTypes))]);
                break;
            case 1:
                request.arguments.push_back(std::to_string(input_.choice(4)));
                break;
            case 2: {  // a cursor, nearly as the node gives it
                std::string cursor = fmt::format("\x01{}", input_.choice(4));
                cursor += fmt::format("/{}", input_.choice(2));
                cursor += fmt::format("/{}", near(std::uint64_t{1}));
                cursor += fmt::format("/{}", near(std::uint64_t{1}));
                cursor += fmt::format("/{}", input_.text(20));
                request.arguments.push_back(std::move(cursor));
                break;
            }
            default:
                request.arguments.emplace_back(input_.text(24));
                break;
        }
    }
    return request;
}

}  // namespace weft::fuzz
