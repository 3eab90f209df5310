#pragma once
// The Unix socket over which a test sets the faults of this node's links. One line of at most
// kLineMax bytes, as FaultTable::change() takes it; the answer is "ok" and a line for each fault in
// force, or "error NUMBER TEXT"; then the connection ends.

#include "core/log.h"
#include "core/time.h"
#include "node/runtime/link_faults.h"
#include "weft/result.h"

#include <cstddef>
#include <list>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::node {

// Nobody else can listen there. A name may lead elsewhere tomorrow, but for "localhost".
bool is_of_this_machine(std::string_view address);

class FaultSocket {
public:
    static constexpr std::size_t kLineMax = 8192;
    static constexpr std::size_t kConnectionsMax = 4;
    static constexpr Duration kPatience = std::chrono::seconds(2);  // for the whole line

    // Of a mode that lets the owner alone in. What a process that has ended left at `path` is
    // replaced. BadConfiguration (1005): the path is too long, a process listens there, or it
    // cannot be used for another reason.
    static Result<std::unique_ptr<FaultSocket>> open(const std::string& path, FaultTable table,
                                                     Log log);
    FaultSocket(const FaultSocket&) = delete;
    FaultSocket& operator=(const FaultSocket&) = delete;
    ~FaultSocket();

    LinkFaults& faults() { return faults_; }
    // Takes what has come, never blocking. True: faults were changed.
    bool serve(Instant now);
    void descriptors(std::vector<int>& out) const;

private:
    struct Connection {
        int descriptor;
        Instant since;
        std::string line;
    };
    FaultSocket(std::string path, int listener, FaultTable table, Log log)
        : path_(std::move(path)), listener_(listener), faults_(std::move(table)), log_(log) {}
    void accept(Instant now);
    // True: it is over.
    bool read(Connection& connection, bool& changed);
    std::string answer(std::string_view line, bool& changed);

    std::string path_;
    int listener_;
    LinkFaults faults_;
    Log log_;
    std::list<Connection> connections_;
};

}  // namespace weft::node
