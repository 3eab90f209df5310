#pragma once
// A folder of this process alone for the files of simulated disks, below /dev/shm when that is a
// tmpfs. Removed at the end of its life; what a killed process left goes with the next folder made.

#include <string>

namespace weft::sim {

class PrivateFolder {
public:
    PrivateFolder();
    ~PrivateFolder();
    PrivateFolder(const PrivateFolder&) = delete;
    PrivateFolder& operator=(const PrivateFolder&) = delete;
    const std::string& path() const { return path_; }

private:
    std::string path_;
    int lock_ = -1;  // held while the folder is in use
};

// Removes the folders of processes that have ended without doing so.
void remove_abandoned_folders();

}  // namespace weft::sim
