#pragma once
// The world as node/loop sees it: frames of both ports, finished work of the threads, link changes
// and the wish to stop become events; effects become frames, rounds for the disk and reads.

#include "core/log.h"
#include "core/time.h"
#include "flatbuffers/wire_frame.h"
#include "flatbuffers/wire_link.h"
#include "node/events.h"
#include "node/runtime/client_port.h"
#include "node/runtime/completions.h"
#include "node/runtime/connection_watch.h"
#include "node/runtime/fault_socket.h"
#include "node/runtime/gossip_port.h"
#include "node/runtime/journal_thread.h"
#include "node/runtime/peer_links.h"
#include "node/runtime/reader_thread.h"
#include "node/runtime/rejects.h"
#include "transport/sockets.h"

#include <deque>
#include <optional>
#include <utility>
#include <vector>

namespace weft::node {

inline constexpr int kExitNoLink = 78;  // to a peer

struct PortParts {
    transport::Router& mesh;
    ClientPort& clients;
    PeerLinks& peers;
    JournalThread& journal;
    ReaderThread& reader;
    Completions& completions;
    FaultSocket* faults = nullptr;  // null: none are possible
    GossipPort* gossip = nullptr;   // null: membership has the links alone
};

struct PortOptions {
    wire::FrameHeader header;  // of every frame we send; the channel is the client's
    int stop_descriptor = -1;
    Log log;
};

class Port {
public:
    Port(PortParts parts, PortOptions options);

    // ---- what node/loop asks for
    Now now() const;
    bool next_event(Event& event);
    void perform(Effects& effects);

    // ---- the driver around it
    // After every round: frames that wait, links, signals.
    void end_round();
    // Sleeps until input, a finished read or write, `deadline`, or nothing at all.
    void sleep(Instant deadline);
    // The store failed: end without performing anything further.
    const std::optional<Error>& store_failure() const { return store_failure_; }
    // The node asked to end, or the second wish to stop has come.
    const std::optional<Stop>& stop() const { return stop_; }
    // Since the last time that this was asked, SIGHUP has come.
    bool take_reload() { return std::exchange(reload_, false); }
    // Gives slow connections until `limit` to take the frames that wait for them.
    void send_the_rest(Instant limit);
    // What the journal thread says no longer counts; the node hears of it and ends.
    void lose_disk();
    // When links, signals and frames were last looked after.
    Instant looked() const { return looked_; }
    Lsn durable() const { return header_.durable; }
    const Rejects& rejects() const { return rejects_; }

private:
    enum class Source : std::uint8_t { Mesh, Client };
    struct Incoming {
        wire::FrameReader frame;
        ClientRef from;        // of the port that `source` names
        bool foreign = false;  // a client's that means another mesh or node
        Source source = Source::Mesh;
        std::uint32_t skipped = 0;  // messages of unknown types
        bool proven = false;        // a peer's, and that peer has sent it
    };

    void take_completions();
    // Takes a frame off a socket, into incoming_ if it holds; false: there is none.
    bool next_frame();
    // A frame that a fault has kept until now.
    bool next_late_frame();
    enum class Faults : std::uint8_t { Possible, Passed };
    void open_mesh_frame(const transport::Router::Received& received, Faults faults);
    void open_client_frame(const transport::Router::Received& received);
    enum class Taken : std::uint8_t { Message, Nothing, FrameEnd, FrameFailed };
    // The next message of the frame at hand.
    Taken next_message(Event& event);
    Taken take_mesh_message(const wire::RawMessage& raw, Event& event);
    Taken take_link_message(const wire::LinkMessage& message);
    // The frame claims a peer without proof: nothing of it is taken, and who sent it may prove it.
    Taken refuse_unproven(std::string_view what);
    Taken take_client_message(const wire::RawMessage& raw, Event& event);
    Taken skip_message();
    Taken refuse_foreign(const wire::RawMessage& raw);
    void refuse_client(const wire::RawMessage& raw, const Error& error);
    // Ends the connection that the frame at hand came on.
    Taken fail_frame(Reject reason, const Error& error);
    void refuse_client_frame(ClientRef client, const Error& error);
    void reject(Reject reason, const Error& error);
    void link(const routing::NodeRecord& record);
    void unlink(NodeId node);
    void tell(ClientRef client, routing::ToClient message);
    // A round's share of the large replies that wait.
    void tell_large();
    // Counts and logs what fitted no frame.
    void sent(std::string_view port, const Result<void>& written);
    void look_around();
    void look_at_faults(Instant at);

    transport::Router& mesh_;
    ClientPort& clients_;
    PeerLinks& peers_;
    JournalThread& journal_;
    ReaderThread& reader_;
    Completions& completions_;
    FaultSocket* faults_;
    GossipPort* gossip_;
    wire::FrameHeader header_;
    int stop_descriptor_;
    Log log_;
    Rejects rejects_;
    std::deque<Event> pending_;
    std::vector<Completion> completed_;
    std::vector<Fetch> fetches_;
    std::optional<Incoming> incoming_;
    Source turn_ = Source::Mesh;
    // Of this round: what was looked at and gave no event, and frames whose refusal was told.
    int useless_ = 0, told_ = 0;
    ConnectionWatch mesh_watch_, client_watch_;
    transport::PollSet poll_set_;
    Instant looked_ = Instant::long_ago();
    std::optional<Error> store_failure_;
    std::optional<Stop> stop_;
    bool draining_ = false, reload_ = false;
    bool disk_lost_ = false;
};

}  // namespace weft::node
