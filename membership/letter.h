#pragma once
// One datagram on its way out: begun with a header, filled, sent. One at a time, as all share the
// bytes of a step.

#include "membership/datagram.h"
#include "membership/effects.h"

namespace weft::membership {

class Letter {
public:
    Letter(Effects& effects, const NodeId& to, Carrier carrier, const Header& header)
        : effects_(effects),
          to_(to),
          carrier_(carrier),
          at_(effects.bytes.size()),
          writer_(effects.bytes, carrier) {
        writer_.begin(header);
    }
    bool add(const Message& message) { return writer_.add(message); }
    std::size_t bytes() const { return writer_.bytes(); }
    bool empty() const { return writer_.messages() == 0; }
    void send() {
        auto& list = carrier_ == Carrier::Datagram ? effects_.packets : effects_.streams;
        list.push_back({to_, at_, effects_.bytes.size() - at_});
    }
    void drop() { effects_.bytes.resize(at_); }

private:
    Effects& effects_;
    NodeId to_;
    Carrier carrier_;
    std::size_t at_;
    DatagramWriter writer_;
};

}  // namespace weft::membership
