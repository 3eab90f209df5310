#include "node/session_rate.h"

#include "core/error.h"

#include <fmt/core.h>

#include <algorithm>

namespace weft::node {

namespace {

constexpr std::int64_t kPerSessionUs = 1'000'000 / kSessionsPerSecond;
constexpr std::int64_t kFullUs = kSessionsAtOnce * kPerSessionUs;
constexpr std::size_t kConnectionsAtLeast = 1024;

constexpr std::int64_t kLifeSeconds = replication::kSessionLifeMs / 1000;
// One connection alone never fills a group.
static_assert(kSessionsPerSecond * kLifeSeconds + kSessionsAtOnce <
              static_cast<std::int64_t>(replication::SessionLimits{}.sessions));

}  // namespace

std::optional<Error> SessionRate::admit(ClientRef from, const replication::SessionName& session,
                                        Instant now) {
    const auto found = connections_.find(from);
    if (found != connections_.end() &&
        std::ranges::find(found->second.last, session) != found->second.last.end())
        return std::nullopt;
    if (found == connections_.end() && connections_.size() >= drop_at_) drop_idle(now);
    const auto [it, fresh] = connections_.try_emplace(from);
    Connection& connection = it->second;
    if (fresh) {
        connection.credit_us = kFullUs;
        connection.at = now;
    }
    refill(connection, now);
    if (connection.credit_us < kPerSessionUs)
        return make_error(ErrorNumber::SessionsTooFast,
                          fmt::format("more than {} new sessions in a second", kSessionsPerSecond));
    connection.credit_us -= kPerSessionUs;
    connection.last[connection.next] = session;
    connection.next = (connection.next + 1) % connection.last.size();
    return std::nullopt;
}

void SessionRate::refill(Connection& connection, Instant now) {
    const auto passed =
        std::chrono::duration_cast<std::chrono::microseconds>(now - connection.at).count();
    if (passed <= 0) return;
    connection.credit_us = std::min(kFullUs, connection.credit_us + std::min(kFullUs, passed));
    connection.at = connection.at + std::chrono::microseconds(passed);
}

// Not every end of a connection is told. One that has its full credit again is forgotten: as if it
// had just come.
void SessionRate::drop_idle(Instant now) {
    for (auto& [from, connection] : connections_) refill(connection, now);
    std::erase_if(connections_, [](const auto& item) { return item.second.credit_us >= kFullUs; });
    drop_at_ = std::max(kConnectionsAtLeast, 2 * connections_.size());
}

}  // namespace weft::node
