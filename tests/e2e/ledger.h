#pragma once
// Writes values of known content and remembers what was answered, so that everything acknowledged
// can be read back and compared byte by byte after whatever happened in between.

#include <weft/client.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>

namespace weft::e2e {

class Ledger {
public:
    explicit Ledger(Mesh mesh) : mesh_(std::move(mesh)) {}
    Ledger(const Ledger&) = delete;
    Ledger& operator=(const Ledger&) = delete;
    ~Ledger() { drain(); }

    // Begins to put the next value of `bytes` under kv/`key`; waits while much is on its way.
    void put(const std::string& key, std::size_t bytes);
    // Waits until everything begun is answered.
    void drain();
    std::uint64_t acknowledged() const;
    // Reads every key. Complaints: an acknowledged put that is missing, a value that is none of
    // ours, a version that more puts than were sent would explain.
    std::vector<std::string> differences();

private:
    // Of one key. Every put that is done has raised the version by one.
    struct Written {
        std::uint64_t sent = 0;
        std::map<std::uint64_t, std::uint64_t> done;  // version -> number of the put
        std::set<std::uint64_t> unknown;              // numbers of puts without an outcome
        std::size_t bytes = 0;
    };
    void answered(const std::string& key, std::uint64_t number, const CallResult& result);
    std::string compare(const std::string& key, const CallResult& read) const;

    Mesh mesh_;
    mutable std::mutex lock_;  // guards all below
    std::condition_variable room_;
    std::size_t calls_under_way_ = 0, bytes_under_way_ = 0;
    std::uint64_t acknowledged_ = 0;
    std::vector<std::string> refused_;
    std::map<std::string, Written> keys_;
};

}  // namespace weft::e2e
