#pragma once
// The crash slot as a mapped file of the data directory (docs/storage-format.md): what is stored
// into it outlives the process however that ends, and costs no system call. A power cut may lose
// it, and no handler dies of one.

#include "replication/partition/crash_slot.h"
#include "weft/result.h"
#include "weft/types.h"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace weft::node {

class CrashFile final : public replication::CrashSlot {
public:
    // Requests remembered at most; the oldest is forgotten.
    static constexpr std::size_t kKept = 8;

    // A handler that a former process of this node did not return from.
    struct Crash {
        RequestId request;
        std::string type, id;
    };

    // Maps `path`, made when missing, and moves what is found running there to what is remembered.
    // A file that is none of ours begins anew. StorageFailed (DiskFull, StorageRefused): there is
    // no slot; a node may run without one.
    static Result<std::unique_ptr<CrashFile>> open(const std::string& path);
    ~CrashFile() override;
    CrashFile(const CrashFile&) = delete;
    CrashFile& operator=(const CrashFile&) = delete;

    // By the core thread only.
    void enter(const Request& request) override;
    void leave() override;

    // The crash that this start found, if any.
    const std::optional<Crash>& found() const { return found_; }
    // Every request remembered, newest first.
    std::vector<RequestId> crashed() const;

private:
    struct Page;
    explicit CrashFile(Page* page);
    void recover();

    Page* page_;
    std::optional<Crash> found_;
};

}  // namespace weft::node
