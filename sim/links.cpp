#include "sim/world.h"

#include <utility>
#include <vector>

namespace weft::sim {
namespace {

constexpr Duration kRetry = std::chrono::milliseconds(100);

}  // namespace

void World::restart(std::size_t machine) {
    if (machines_[machine]->alive()) return;
    oracle_.restarted(machine);
    machines_[machine]->start();
    if (observer_ != nullptr)
        observer_->started(queue_.now(), machine, machines_[machine]->boot().value);
}

// The world knows nodes by their ids: wherever one moves to, it is the same machine.
void World::link_peer(std::size_t from, NodeId to) {
    const auto found = by_node_.find(to);
    if (found == by_node_.end()) return;
    PeerWay& way = ways_[from][found->second];
    if (way != PeerWay::Unlinked) return;
    way = PeerWay::Connecting;
    queue_.after(std::chrono::milliseconds(1),
                 [this, from, other = found->second, life = machines_[from]->life()] {
                     try_peer_link(from, other, life);
                 });
}

void World::unlink_peer(std::size_t from, NodeId to) {
    const auto found = by_node_.find(to);
    if (found != by_node_.end()) ways_[from][found->second] = PeerWay::Unlinked;
}

void World::try_peer_link(std::size_t from, std::size_t to, std::uint64_t life) {
    if (machines_[from]->life() != life || !machines_[from]->alive()) return;
    if (ways_[from][to] != PeerWay::Connecting) return;
    const auto a = static_cast<Endpoint>(from);
    const auto b = static_cast<Endpoint>(to);
    // A handshake needs both directions.
    if (machines_[to]->alive() && !network_.is_cut(a, b) && !network_.is_cut(b, a)) {
        ways_[from][to] = PeerWay::Up;
        machines_[from]->event(node::PeerLink{machines_[to]->record().node, node::LinkState::Up});
        return;
    }
    queue_.after(kRetry, [this, from, to, life] { try_peer_link(from, to, life); });
}

void World::crash(std::size_t machine, std::uint64_t salt, DiskImage::Ending ending) {
    if (!machines_[machine]->alive()) return;
    machines_[machine]->crash(salt, ending);
    if (observer_ != nullptr) observer_->crashed(queue_.now(), machine);
    network_.reset(static_cast<Endpoint>(machine));
    drop_links_to(machine);
}

void World::drop_links_to(std::size_t machine) {
    for (std::size_t other = 0; other < machines_.size(); ++other) {
        ways_[machine][other] = PeerWay::Unlinked;
        if (other == machine || ways_[other][machine] != PeerWay::Up) continue;
        ways_[other][machine] = PeerWay::Connecting;
        const std::uint64_t life = machines_[other]->life();
        queue_.after(notice_delay(other), [this, other, machine, life] {
            if (machines_[other]->life() != life) return;
            const NodeId node = machines_[machine]->record().node;
            machines_[other]->event(node::PeerLink{node, node::LinkState::Down});
            const bool reachable =
                !network_.is_cut(static_cast<Endpoint>(other), static_cast<Endpoint>(machine));
            if (reachable && !machines_[machine]->alive())
                machines_[other]->event(node::PeerLink{node, node::LinkState::Refused});
            try_peer_link(other, machine, life);
        });
    }
    std::vector<std::pair<ClientRef, ClientEnd>> gone;
    for (const auto& [ref, end] : client_ends_)
        if (client_links_[end.client][end.link].machine == machine) gone.emplace_back(ref, end);
    for (const auto& [ref, end] : gone) {
        client_ends_.erase(ref);
        client_links_[end.client][end.link].ref = ClientRef{};
        queue_.after(notice_delay(machine), [this, end] {
            clients_[end.client]->event(client::LinkDown{end.link});
            try_client_link(end.client, end.link);
        });
    }
}

void World::open_link(std::size_t client, client::LinkId link, const std::string& address) {
    for (std::size_t i = 0; i < machines_.size(); ++i) {
        if (machines_[i]->record().client_address != address) continue;
        client_links_[client][link] = ClientLink{i, ClientRef{}};
        queue_.after(std::chrono::milliseconds(1),
                     [this, client, link] { try_client_link(client, link); });
    }
}

void World::try_client_link(std::size_t client, client::LinkId link) {
    const auto found = client_links_[client].find(link);
    if (found == client_links_[client].end() || found->second.ref != ClientRef{}) return;
    ClientLink& target = found->second;
    const Endpoint here = client_endpoint(client);
    const auto there = static_cast<Endpoint>(target.machine);
    if (machines_[target.machine]->alive() && !network_.is_cut(here, there) &&
        !network_.is_cut(there, here)) {
        target.ref = ClientRef{next_ref_++};
        client_ends_[target.ref] = {client, link};
        clients_[client]->event(client::LinkUp{link});
        return;
    }
    queue_.after(kRetry, [this, client, link] { try_client_link(client, link); });
}

void World::close_link(std::size_t client, client::LinkId link) {
    const auto found = client_links_[client].find(link);
    if (found == client_links_[client].end()) return;
    const ClientLink target = found->second;
    client_links_[client].erase(found);
    if (target.ref == ClientRef{}) return;
    client_ends_.erase(target.ref);
    machines_[target.machine]->client_gone(target.ref);
}

}  // namespace weft::sim
