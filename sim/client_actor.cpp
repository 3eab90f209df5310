#include "sim/client_actor.h"

#include "core/invariant.h"
#include "flatbuffers/wire_client.h"
#include "sim/clock.h"
#include "weft/kv_payload.h"

#include <fmt/core.h>

#include <memory>
#include <utility>
#include <variant>

namespace weft::sim {
namespace {

// Of the final reads, in flight at once: a group remembers so many sessions' calls.
constexpr std::size_t kFinalReadsMax = 256;
// A final read that is refused is asked again for so long: damage may be found by that read, and
// takes its leader the leadership.
constexpr Duration kFinalReadsAgain = std::chrono::seconds(20);
constexpr Duration kFinalReadPause = std::chrono::milliseconds(200);

struct Spelled {
    const char* command;
    std::string payload;
};

Spelled spell(const Operation& op) {
    switch (op.kind) {
        case OperationKind::Put:
            return {"put", op.argument};
        case OperationKind::Get:
            return {"get", {}};
        case OperationKind::Delete:
            return {"delete", {}};
        case OperationKind::Add:
            return {"add", op.argument};
        case OperationKind::Cas: {
            kv::Expect expect;
            if (op.expected) {
                expect.kind = kv::Expect::Kind::Value;
                expect.value = *op.expected;
            }
            return {"cas", kv::cas_payload(expect, op.argument)};
        }
    }
    return {"get", {}};
}

OperationOutcome outcome_of(Outcome outcome) {
    switch (outcome) {
        case Outcome::Done:
            return OperationOutcome::Done;
        case Outcome::Rejected:
            return OperationOutcome::Rejected;
        case Outcome::NotDone:
            return OperationOutcome::NotDone;
        case Outcome::Unknown:
            break;
    }
    return OperationOutcome::Unknown;
}

}  // namespace

ClientActor::ClientActor(std::size_t number, client::CallerOptions options, Workload workload,
                         EventQueue& queue, ClientWorld& world, Histories& histories, Random random)
    : number_(number),
      workload_(workload),
      queue_(queue),
      world_(world),
      histories_(histories),
      random_(random.stream("pace")),
      calls_seed_(random.stream("workload").next()),
      callers_(random.stream("session")),
      options_(std::move(options)) {}

void ClientActor::begin() {
    start_caller();
    live();
    if (workload_.interval > Duration{})
        start_by_rate();
    else
        start_some();
}

// One call per interval, unless too many are still open; evenly spread, jittered.
void ClientActor::start_by_rate() {
    if (finishing_) return;
    queue_.after(random_.between(workload_.interval / 2, workload_.interval * 3 / 2), [this] {
        if (!finishing_ && caller_ && open_.size() < workload_.pipeline) start_one();
        start_by_rate();
    });
}

void ClientActor::start_some() {
    scheduled_ = false;
    if (finishing_ || !caller_) return;
    for (std::size_t open = 0; open_.size() < workload_.pipeline; open = open_.size()) {
        start_one();
        if (open_.size() <= open) return;  // it was refused, and the next one waits
    }
}

std::string ClientActor::fresh_value(Random& chance) const {
    std::string value = fmt::format("c{}-{}", number_, calls_ + 1);
    if (workload_.value_bytes > value.size() && chance.chance(1, 4))
        value.resize(value.size() + chance.below(workload_.value_bytes - value.size()), '.');
    return value;
}

void ClientActor::start_one() {
    Random chance = chance_of(calls_);
    const bool hot = chance.chance(workload_.hot_percent, 100);
    const std::uint64_t drawn = chance.below(workload_.entities);
    const std::uint64_t place = hot ? 0 : drawn;
    Operation op;
    if (chance.chance(workload_.counter_percent, 100)) {
        op.kind =
            chance.chance(workload_.get_percent, 100) ? OperationKind::Get : OperationKind::Add;
        if (op.kind == OperationKind::Add) op.argument = std::to_string(1 + chance.below(9));
        begin_call(fmt::format("counter/n{}", place), std::move(op));
        return;
    }
    const std::string entity = fmt::format("kv/k{}", place);
    const std::uint64_t dice = chance.below(100);
    if (dice < workload_.get_percent) {
        op.kind = OperationKind::Get;
    } else if (dice < workload_.get_percent + workload_.cas_percent) {
        op.kind = OperationKind::Cas;
        op.argument = fresh_value(chance);
        op.expected = seen_[entity];
    } else if (dice < workload_.get_percent + workload_.cas_percent + workload_.delete_percent) {
        op.kind = OperationKind::Delete;
    } else {
        op.kind = OperationKind::Put;
        op.argument = fresh_value(chance);
    }
    begin_call(entity, std::move(op));
}

void ClientActor::begin_call(std::string entity, Operation operation) {
    operation.client = static_cast<std::uint32_t>(number_);
    operation.start_ns = queue_.now().ns;
    Open open{.entity = std::move(entity), .operation = std::move(operation)};
    Random chance = chance_of(calls_).stream("tell");
    open.call = ++calls_;
    if (open.operation.kind != OperationKind::Get)
        open.tell = chance.chance(workload_.tell_percent, 100);
    submit(std::move(open));
}

void ClientActor::submit(Open open) {
    const client::CallId call = open.asked > 0 ? ++asks_ : open.call;
    client::StartCall start;
    start.call = call;
    start.timeout = auditing_ ? Duration(std::chrono::seconds(30)) : workload_.timeout;
    if (open.tell) start.kind = RequestKind::Tell;
    if (open.asked > 0) {
        start.request = open.request;
        if (!open.repeat) start.kind = RequestKind::Resolve;
    }
    if (start.kind != RequestKind::Resolve) {
        Spelled spelled = spell(open.operation);
        const std::size_t slash = open.entity.find('/');
        start.type = open.entity.substr(0, slash);
        start.id = open.entity.substr(slash + 1);
        start.command = spelled.command;
        start.payload = Bytes::adopt(std::move(spelled.payload));
    }
    open_.emplace(call, std::move(open));
    world_.call_started(number_, call);
    event(std::move(start));
}

void ClientActor::read_all() {
    auditing_ = true;
    reads_left_ = 2 * workload_.entities;
    read_again_until_ = queue_.now() + kFinalReadsAgain;
    read_some();
}

void ClientActor::read_some() {
    scheduled_ = false;
    const std::size_t most = std::min(kFinalReadsMax, options_.in_flight_max);
    while (reads_left_ > 0 && open_.size() < most) {
        const std::uint32_t place = 2 * workload_.entities - reads_left_--;
        read(fmt::format("{}{}", place % 2 == 0 ? "kv/k" : "counter/n", place / 2));
    }
}

void ClientActor::read(std::string entity) {
    Operation op;
    op.kind = OperationKind::Get;
    begin_call(std::move(entity), std::move(op));
}

void ClientActor::ended(client::CallEnded& call) {
    auto found = open_.find(call.call);
    if (found == open_.end()) return;
    Open open = std::move(found->second);
    open_.erase(found);
    if (open.known) return told(open, call.reply);
    Operation& op = open.operation;
    op.end_ns = queue_.now().ns;
    op.outcome = outcome_of(call.reply.outcome);
    const bool counter = open.entity.starts_with("counter/");
    if (op.outcome == OperationOutcome::Done) {
        const std::string text(call.reply.payload.view());
        if (op.kind == OperationKind::Add && !open.tell) op.result = text;
        if (op.kind == OperationKind::Get && (call.reply.exists || counter)) op.result = text;
        if (op.kind == OperationKind::Get) seen_[open.entity] = op.result;
        if (op.kind == OperationKind::Put || op.kind == OperationKind::Cas)
            seen_[open.entity] = op.argument;
    }
    if (op.outcome == OperationOutcome::NotDone || op.outcome == OperationOutcome::Unknown)
        op.note = std::move(call.reply.error.message);
    const bool unread =
        op.outcome == OperationOutcome::NotDone || op.outcome == OperationOutcome::Unknown;
    if (auditing_ && unread && queue_.now() < read_again_until_) {
        ++waiting_;
        queue_.after(kFinalReadPause, [this, entity = std::make_unique<std::string>(open.entity)] {
            --waiting_;
            read(std::move(*entity));
        });
    }
    if (!asks_again(open, call.reply)) record(std::move(open));
    if (reads_left_ > 0 && !scheduled_) {
        scheduled_ = true;
        queue_.after(Duration{}, [this] { read_some(); });
    }
    if (finishing_ || scheduled_ || workload_.interval > Duration{}) return;
    scheduled_ = true;
    queue_.after(random_.between({}, workload_.think_max), [this] { start_some(); });
}

void ClientActor::record(Open open) {
    ++ended_[static_cast<std::size_t>(open.operation.outcome)];
    world_.call_ended(number_, open.entity, open.operation);
    histories_[open.entity].push_back(std::move(open.operation));
}

void ClientActor::event(client::Event event) {
    if (!caller_) return;
    // The Caller's clock is the world's: clients are not subject to clock faults.
    const Now now = MachineClock{}.read(queue_.now());
    client::Effects effects = std::move(effects_);
    effects.clear();
    caller_->step(now, std::move(event), effects);
    caller_->check();
    for (client::Effect& effect : effects) {
        if (auto* open = std::get_if<client::OpenLink>(&effect)) {
            links_.insert(open->link);
            world_.open_link(number_, open->link, open->address);
        } else if (auto* close = std::get_if<client::CloseLink>(&effect)) {
            links_.erase(close->link);
            world_.close_link(number_, close->link);
        } else if (auto* send = std::get_if<client::SendNode>(&effect)) {
            const auto written = wire::write(frame_, send->message);
            WEFT_INVARIANT(written.has_value(), "a client's message: {}", written.error().message);
            wire::FrameHeader header;
            header.cluster = caller_->cluster();
            world_.send_node(number_, send->link, Bytes::copy_of(frame_.seal(header)));
        } else {
            ended(std::get<client::CallEnded>(effect));
        }
    }
    effects_ = std::move(effects);
    wake_at(caller_->next_deadline());
}

void ClientActor::wake_at(Instant at) {
    if (at == Instant::never() || wake_ <= at) return;
    wake_ = at;
    queue_.at(at, [this, at] {
        if (wake_ != at) return;
        wake_ = Instant::never();
        event(client::Timer{});
    });
}

void ClientActor::node_frame(client::LinkId link, const Bytes& bytes) {
    auto frame = wire::FrameReader::open(bytes.view());
    if (!frame) return;
    for (auto raw = frame->next(); raw && *raw; raw = frame->next()) {
        auto message = wire::read_to_client(**raw);
        if (message && *message) event(client::FromNode{link, std::move(**message)});
    }
}

}  // namespace weft::sim
