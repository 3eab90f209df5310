#pragma once
// Between liblmdb and the C library: this program defines write, writev, pwrite, pwritev, fdatasync
// and fsync itself, and the shared liblmdb calls those. They pass on what they get, and can record
// it (power cuts) or answer for it (disk errors).

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace weft::storage::test {

enum class IoCall : std::uint8_t { Write, Sync };

// What reached one file, in order.
struct IoEvent {
    IoCall call{};
    std::uint64_t offset = 0;
    std::string bytes;
    bool synchronous = false;  // through a descriptor opened with O_DSYNC
};

// Watches one file while it lives; one at a time.
class IoShim {
public:
    explicit IoShim(std::string path);
    IoShim(const IoShim&) = delete;
    IoShim& operator=(const IoShim&) = delete;
    ~IoShim();

    std::vector<IoEvent> events;
    // Asked before each call that concerns the file; a number other than 0 is an errno: the call
    // then fails and does nothing.
    std::function<int(IoCall)> answer;

    // For the interposed functions.
    bool watches(int fd) const;
    int before(IoCall call);
    void wrote(int fd, std::uint64_t offset, const void* data, std::size_t size);
    void synced();

private:
    std::string path_;
};

}  // namespace weft::storage::test
