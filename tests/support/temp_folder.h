#pragma once
// A folder of a test's own, removed with everything in it at the end of the test. What goes wrong
// is said: a test that cannot have a folder stops, one that leaves something behind fails.

#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <string>
#include <system_error>

namespace weft::test {

class TempFolder {
public:
    // Memory: where the machine has such a place, for tests that are about bytes and not about
    // disks.
    enum class Place : unsigned char { Disk, Memory };

    explicit TempFolder(Place place = Place::Disk) {
        std::filesystem::path parent = std::filesystem::temp_directory_path();
        if (place == Place::Memory && ::access("/dev/shm", W_OK) == 0) parent = "/dev/shm";
        std::string name = (parent / "weft-test-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::system_error(errno, std::generic_category(),
                                    "a folder below " + parent.string() + " for a test");
        path_ = name;
    }
    TempFolder(const TempFolder&) = delete;
    TempFolder& operator=(const TempFolder&) = delete;
    ~TempFolder() {
        std::error_code why;
        std::filesystem::remove_all(path_, why);
        if (why) ADD_FAILURE() << path_ << " cannot be removed: " << why.message();
    }

    const std::filesystem::path& path() const { return path_; }
    std::string file(const std::string& name) const { return (path_ / name).string(); }

private:
    std::filesystem::path path_;
};

}  // namespace weft::test
