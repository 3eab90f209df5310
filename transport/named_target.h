#pragma once
// Where a name leads, asked again and again off the caller's thread as long as nothing is connected
// there. Private to transport.

#include "transport/address.h"
#include "transport/name_service.h"

#include <cstddef>
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
    static Result<NamedTarget> open(std::shared_ptr<NameService> service, Destination named);

    // Nothing is connected to target() any more, or an attempt has failed: asks again, soon. Of
    // several addresses the one after that which has refused comes next; true: all have refused.
    void disconnected();
    bool refused();
    // Something is connected to target(): it stays until one of the two above is called.
    void connected();

    enum class News : std::uint8_t {
        None,
        Connect,     // to target(), also when that is where it was
        Refused,     // all addresses, the last one by silence
        Unresolved,  // unresolved() says why
    };
    // Does what is due.
    News look();
    // Nothing: not known yet.
    const std::optional<Destination>& target() const { return target_; }
    // Why the last answer leads nowhere; empty: it leads to target(), or something is connected.
    const std::string& unresolved() const { return unresolved_; }
    // Readable when look() has something to do.
    int descriptor() const;

private:
    struct Question;
    // Idle: connected. Waiting: for the time of the next question. Asking: for its answer. Trying:
    // for what comes of the target.
    enum class Stage : std::uint8_t { Idle, Waiting, Asking, Trying };

    NamedTarget(std::shared_ptr<NameService> service, Destination named,
                std::shared_ptr<Question> question)
        : service_(std::move(service)), named_(std::move(named)), question_(std::move(question)) {}
    void begin();
    void enter(Stage stage, int ms);
    News answered(const Result<std::vector<std::string>>& numbers);
    bool choose(const std::vector<Destination>& places);
    bool take_reached();

    std::shared_ptr<NameService> service_;
    Destination named_;
    std::shared_ptr<Question> question_;  // a thread has it too, while it asks
    Stage stage_ = Stage::Idle;
    bool wanted_ = true;        // nothing is connected
    bool refused_ = false;      // target_, since the last answer
    bool again_ = false;        // connect anew, also to the same: libzmq may have given up
    std::size_t places_ = 1;    // of the last answer
    std::size_t refusals_ = 0;  // since all had refused, or something was connected
    bool all_refused_ = false;  // once or more since something was connected
    std::optional<Destination> target_;
    std::string unresolved_;
};

}  // namespace weft::transport
