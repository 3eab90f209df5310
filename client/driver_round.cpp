// What happens in one round of the driver.
#include "client/clock.h"
#include "client/driver.h"
#include "core/error.h"

#include <unistd.h>

#include <algorithm>
#include <utility>

namespace weft::client {

namespace {

// How long a driver sleeps at most: socket monitors are no part of the poll set.
constexpr std::int64_t kPollMsMax = 10;
constexpr std::int64_t kPollMsUnsettled = 1;
constexpr Duration kLookAtLinks = std::chrono::milliseconds(1);

CallResult result_of(Reply&& reply) {
    CallResult result;
    result.outcome = reply.outcome;
    result.error = std::move(reply.error);
    result.reply = reply.payload.own();  // not the whole frame it came in
    result.request = reply.id;
    result.revision = reply.revision;
    result.version = reply.version;
    result.generation = reply.generation;
    result.exists = reply.exists;
    return result;
}

// One more page of an answer.
void append_page(Table& table, routing::AdminReply&& page) {
    if (table.columns.empty()) {
        table.columns = std::move(page.columns);
        for (const routing::CellKind kind : page.kinds) {
            table.numeric.push_back(kind == routing::CellKind::Number);
            table.flags.push_back(kind == routing::CellKind::Flag);
        }
        table.numeric.resize(table.columns.size());
        table.flags.resize(table.columns.size());
    }
    const std::size_t width = table.columns.size();
    if (width == 0) return;
    for (std::size_t first = 0; first + width <= page.cells.size(); first += width) {
        auto& row = table.rows.emplace_back();
        for (std::size_t i = 0; i < width; ++i) row.push_back(std::move(page.cells[first + i]));
    }
}

}  // namespace

// Milliseconds until the Caller or an ask wants to be looked at again.
std::int64_t Driver::wait_ms() const {
    Instant until = caller_.next_deadline();
    for (const auto& ask : asks_) until = std::min(until, ask->deadline);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - now_.mono).count();
    const bool soon = links_.backlogged() || !caller_.connected();
    const std::int64_t most = soon ? kPollMsUnsettled : kPollMsMax;
    return std::clamp<std::int64_t>(left, 0, most);
}

void Driver::work(bool may_block) {
    now_ = clock_now();
    if (may_block) {
        links_.wait(wake_, wait_ms());
        std::uint64_t count = 0;
        // Nothing to read is the ordinary case.
        [[maybe_unused]] const auto got = ::read(wake_, &count, sizeof count);
        now_ = clock_now();
    }
    take_inbox();
    links_.receive(events_);
    if (now_.mono - looked_at_links_ >= kLookAtLinks) {
        looked_at_links_ = now_.mono;
        links_.look_at_links(events_);
    }
    on_events();
    if (caller_.next_deadline() <= now_.mono) step(Timer{});
    look_after_asks();
    links_.flush(now_.mono, events_);
    on_events();
    links_.flush(now_.mono, events_);
}

void Driver::take_inbox() {
    for (auto& [start, slot] : taken_.calls) {
        if (free_ids_.empty()) {
            free_ids_.push_back(open_.size());
            open_.emplace_back();
        }
        start.call = free_ids_.back();
        free_ids_.pop_back();
        open_[start.call] = std::move(slot);
        step(std::move(start));
    }
    for (auto& ask : taken_.asks) asks_.push_back(std::move(ask));
    for (const auto& slot : taken_.given_up)
        if (const auto at = std::ranges::find(open_, slot); at != open_.end())
            step(GiveUp{static_cast<CallId>(at - open_.begin())});
    taken_.clear();
}

void Driver::step(Event event) {
    caller_.step(now_, std::move(event), effects_);
    apply_effects();
}

void Driver::apply_effects() {
    for (Effect& effect : effects_) {
        if (auto* send = std::get_if<SendNode>(&effect)) {
            links_.write(send->link, send->message, events_);
        } else if (auto* ended = std::get_if<CallEnded>(&effect)) {
            ended_.emplace_back(std::move(open_[ended->call]), result_of(std::move(ended->reply)));
            free_ids_.push_back(ended->call);
        } else if (const auto* open = std::get_if<OpenLink>(&effect)) {
            links_.open(*open, events_);
        } else if (const auto* close = std::get_if<CloseLink>(&effect)) {
            links_.close(close->link);
            end_asks_on(close->link);
        }
    }
    effects_.clear();
}

// Events may give rise to others (a link that cannot be opened), so the list may grow meanwhile.
void Driver::on_events() {
    for (std::size_t i = 0; i < events_.size(); ++i) {
        Event event = std::move(events_[i]);
        if (auto* from = std::get_if<FromNode>(&event)) {
            if (auto* reply = std::get_if<routing::AdminReply>(&from->message)) {
                on_admin_reply(from->link, std::move(*reply));
                continue;
            }
            if (std::holds_alternative<routing::HelloReply>(from->message)) nodes_changed_ = true;
        } else if (const auto* down = std::get_if<LinkDown>(&event)) {
            end_asks_on(down->link);
        }
        step(std::move(event));
    }
    events_.clear();
}

void Driver::on_admin_reply(LinkId link, routing::AdminReply&& reply) {
    const auto place = std::ranges::find_if(
        asks_, [&](const auto& ask) { return ask->link == link && ask->request.id == reply.id; });
    if (place == asks_.end()) return;
    const std::shared_ptr<AdminSlot> ask = *place;
    if (reply.error) return end_ask(ask, std::unexpected(std::move(*reply.error)));
    const bool last = reply.last;
    std::string cursor = std::move(reply.cursor);
    append_page(ask->pages, std::move(reply));
    if (last) return end_ask(ask, std::move(ask->pages));
    routing::AdminRequest next = ask->request;
    next.arguments.push_back(std::move(cursor));
    links_.write(link, next, events_);
}

// Sends what waited for its node, ends what waited too long.
void Driver::look_after_asks() {
    if (asks_.empty()) return;
    const std::vector<std::shared_ptr<AdminSlot>> asks = asks_;
    for (const auto& ask : asks) {
        if (now_.mono >= ask->deadline) {
            end_ask(ask, fail(ErrorNumber::CannotReachMesh, "{} did not answer in time",
                              ask->address.empty() ? "the node" : ask->address));
            continue;
        }
        if (ask->link) continue;
        if (auto wrong = caller_.wrong_mesh_at(ask->address)) {
            end_ask(ask, std::unexpected(*std::move(wrong)));
            continue;
        }
        ask->link = caller_.ready_link(ask->address);
        if (!ask->link) {
            const auto to = caller_.link_to(ask->address);
            if (to || ask->address.empty()) step(WantLink{to.value_or(kNoLink)});
            if (const auto why = to ? links_.refusal(*to) : ""; !why.empty())
                end_ask(ask, fail(ErrorNumber::CannotReachMesh, "{}", why));
            continue;
        }
        ask->request.id = ++next_ask_;
        links_.write(*ask->link, ask->request, events_);
    }
}

void Driver::end_asks_on(LinkId link) {
    const std::vector<std::shared_ptr<AdminSlot>> asks = asks_;
    for (const auto& ask : asks)
        if (ask->link == link)
            end_ask(ask, fail(ErrorNumber::CannotReachMesh, "the link to the node was closed"));
}

void Driver::end_ask(const std::shared_ptr<AdminSlot>& ask, Result<Table> result) {
    answered_.emplace_back(ask, std::move(result));
    std::erase(asks_, ask);
}

// Called with the lock held. Callbacks wait for the background thread.
void Driver::deliver() {
    if (std::exchange(nodes_changed_, false)) nodes_ = caller_.nodes();
    for (auto& [slot, result] : ended_) {
        if (slot->done) {
            callbacks_.emplace_back(std::move(slot), std::move(result));
            continue;
        }
        --unfinished_;
        slot->result = std::move(result);
        slot->ready = true;
        slot->changed.notify_all();
    }
    ended_.clear();
    for (auto& [ask, result] : answered_) {
        --unfinished_;
        ask->result = std::move(result);
        ask->ready = true;
        ask->changed.notify_all();
    }
    answered_.clear();
    if (!callbacks_.empty()) background_.notify_one();
}

// The client is being closed: what is still open ends, and nobody can say how.
void Driver::end_everything() {
    taken_.clear();
    std::swap(taken_, inbox_);
    for (auto& [start, slot] : taken_.calls) {
        CallResult result;
        result.outcome = start.request ? Outcome::Unknown : Outcome::NotDone;
        if (start.request) result.request = *start.request;
        result.error = make_error(ErrorNumber::CannotReachMesh, "the client was closed");
        ended_.emplace_back(std::move(slot), std::move(result));
    }
    for (auto& slot : open_) {
        if (!slot) continue;
        CallResult result;
        result.outcome = Outcome::Unknown;
        result.error = make_error(ErrorNumber::NoAnswerInTime, "the client was closed");
        ended_.emplace_back(std::move(slot), std::move(result));
    }
    for (auto& ask : taken_.asks) asks_.push_back(std::move(ask));
    const std::vector<std::shared_ptr<AdminSlot>> asks = asks_;
    for (const auto& ask : asks)
        end_ask(ask, fail(ErrorNumber::CannotReachMesh, "the client was closed"));
    taken_.clear();
    deliver();
}

}  // namespace weft::client
