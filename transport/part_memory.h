#pragma once
// Memory of a listener for frames that are not whole yet, in pieces that are used again and go back
// to the system a few at a time. From the heap it would be new to the process with every burst, and
// be given back in one go: both stop a node, in a virtual machine by milliseconds for each MiB.
// Private to transport.

#include <cstddef>
#include <memory>
#include <vector>

namespace weft::transport {

class PartMemory {
public:
    static constexpr std::size_t kPieceBytes = std::size_t{64} << 10;
    // Free pieces that stay, as many as a frame of 4 MiB needs.
    static constexpr std::size_t kKept = 64;
    // New ones of one round.
    static constexpr std::size_t kNewInRound = 1;
    // How many give_back() returns: some tenths of a millisecond.
    static constexpr std::size_t kAtOnce = 16;

    PartMemory() = default;
    PartMemory(const PartMemory&) = delete;
    PartMemory& operator=(const PartMemory&) = delete;
    ~PartMemory();

    struct Release {
        PartMemory* memory;  // null: of the heap
        void operator()(char* bytes) const;
    };
    using Bytes = std::unique_ptr<char[], Release>;
    // A piece when it is of that size, else of the heap. std::bad_alloc when there is none. Ends
    // before this.
    Bytes take(std::size_t bytes);

    // False: what is left of this round's new pieces would not do.
    bool has(std::size_t bytes) const {
        return bytes != kPieceBytes || !free_.empty() || new_in_round_ < kNewInRound;
    }
    void begin_round() { new_in_round_ = 0; }

    // From time to time: what was free ever since the last time, and is not among the kept, is not
    // needed.
    void look();
    // Returns some of that; true: there is more.
    bool give_back();
    std::size_t free_bytes() const { return free_.size() * kPieceBytes; }

private:
    std::vector<char*> free_;
    std::size_t new_in_round_ = 0;
    std::size_t least_free_ = 0;  // since the last look()
    std::size_t surplus_ = 0;     // to be given back
};

}  // namespace weft::transport
