#pragma once
// Where a name leads, asked again and again off the caller's thread. Private to transport.

#include "transport/address.h"
#include "transport/sockets.h"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace weft::transport {

class NamedTarget {
public:
    // Configuration (1005): no descriptor is left. Asks at once.
    static Result<NamedTarget> open(const Resolver& resolver, Destination named);

    enum class Why : std::uint8_t { Refused, Disconnected };
    // target() has refused, or what was connected to it has ended: asks again, soon. Of several
    // addresses the one after that which has refused comes next.
    void ask(Why why);
    // Something is connected to target(): it stays until somebody asks.
    void keep();
    // Takes what has been answered. True: target() or unresolved() is news.
    bool look();
    // Nothing as long as the name has led nowhere.
    const std::optional<Destination>& target() const { return target_; }
    // No other address of the last answer is left to try.
    bool is_last() const { return last_; }
    // Why the last answer leads nowhere; empty: it leads to target().
    const std::string& unresolved() const { return unresolved_; }
    // Readable when look() has something to do.
    int descriptor() const;

private:
    struct Question;
    NamedTarget(const Resolver& resolver, Destination named, std::shared_ptr<Question> question)
        : resolver_(resolver), named_(std::move(named)), question_(std::move(question)) {}
    void begin();
    void wait(int ms);
    bool choose(const std::vector<Destination>& places);

    // Waiting: for the time of the next question. Asking: for an answer.
    enum class Stage : std::uint8_t { Idle, Waiting, Asking };
    Resolver resolver_;
    Destination named_;
    std::shared_ptr<Question> question_;  // a thread has it too, while it asks
    Stage stage_ = Stage::Idle;
    bool wanted_ = true;  // the next answer
    bool refused_ = false;
    bool last_ = true;
    std::optional<Destination> target_;
    std::string unresolved_;
};

}  // namespace weft::transport
