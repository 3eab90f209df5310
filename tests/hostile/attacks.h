#pragma once
// What strangers were seen to do to a node, one function each. An attack ends when its amount is
// reached or its time is over, whichever comes first, and says what it did.

#include "core/random.h"
#include "tests/hostile/connection.h"
#include "tests/hostile/forger.h"

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::hostile {

struct Plan {
    std::uint16_t client_port = 0, mesh_port = 0;
    std::vector<std::uint16_t> targets;  // connections take them in turns
    std::uint64_t amount = 0;            // of what the attack's description says
    Clock::time_point end;
    std::uint64_t seed = 1;
    std::string gossip_keys;  // the mesh's file of them; empty: it has none

    bool over() const { return Clock::now() >= end; }
    std::uint16_t target(std::uint64_t number) const { return targets[number % targets.size()]; }
    Connection connect(std::uint64_t number) const { return Connection(target(number)); }
    std::optional<Forger> forger() const;
};

struct Tally {
    std::uint64_t connections = 0;  // opened
    std::uint64_t refused = 0;      // not opened, or the request was refused
    std::uint64_t cut = 0;          // ended by the node
    std::uint64_t messages = 0;     // frames and requests sent, whole or not
    std::uint64_t bytes = 0;
    std::map<std::string, std::string> notes;
    std::string trouble;  // the attack could not be carried out
};

struct Attack {
    std::string_view name, amount_of;
    std::uint64_t amount;  // unless another is given
    Tally (*run)(const Plan& plan);
};
// All of them.
std::vector<Attack> attacks();

// ---- protocol (attack_protocol.cpp, attack_fuzz.cpp)
Tally abort_ping(const Plan& plan);
Tally abort_rid(const Plan& plan);
Tally claims(const Plan& plan);
Tally random_bytes(const Plan& plan);
Tally zmtp_fuzz(const Plan& plan);
// ---- memory and rounds (attack_memory.cpp)
Tally garbage(const Plan& plan);
Tally unknown(const Plan& plan);
Tally endless_multipart(const Plan& plan);
Tally unfinished(const Plan& plan);
Tally never_read(const Plan& plan);
// ---- what a client may send (attack_client.cpp)
Tally sessions(const Plan& plan);
Tally admin_flood(const Plan& plan);
Tally hello_flood(const Plan& plan);
Tally big_listing(const Plan& plan);
// ---- connections (attack_connections.cpp)
Tally bad_frames(const Plan& plan);
Tally half_open(const Plan& plan);
Tally slowloris(const Plan& plan);
Tally fd_flood(const Plan& plan);
// ---- forged peers (attack_replay.cpp)
Tally replay(const Plan& plan);
// ---- datagrams of membership (attack_datagrams.cpp)
Tally datagram_garbage(const Plan& plan);
Tally datagram_damage(const Plan& plan);
Tally datagram_replay(const Plan& plan);
Tally datagram_foreign(const Plan& plan);

// What an attack returns that could not begin.
Tally cannot(std::string why);
// Sends `bytes` again and again over all `connections` until the plan is over; what arrives is
// thrown away.
void flood(const Plan& plan, std::vector<Connection>& connections, std::string_view bytes,
           Tally& tally);
// `count` connections that have shaken hands.
std::vector<Connection> handshaken(const Plan& plan, std::uint64_t count, Tally& tally);
// Waits until the plan is over; connections that the node ends meanwhile are counted and closed.
void hold(const Plan& plan, std::vector<Connection>& connections, Tally& tally);

}  // namespace weft::hostile
