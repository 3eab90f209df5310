#pragma once
// Classes as a reader meets them: over all their files, not one file at a time.

#include "tests/tidy/tidy.h"

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace weft::tidy {

// A class or struct that is written out somewhere in the sources.
struct ClassSize {
    std::string folder;  // "replication/raft"
    std::string name;    // as it is written: "Node::State"; of an inner one "Outer::Inner"
    std::string header;  // where its body stands
    std::size_t line = 0;
    std::size_t lines = 0;      // of its body without its inner classes, and of its functions
    std::size_t functions = 0;  // declared in its body, but for `= default` and `= delete`
    std::size_t fields = 0;     // not static
};

// Every class of `files` outside tests. What has no functions is a record, and is here, too.
std::vector<ClassSize> sizes_of_classes(const std::vector<SourceFile>& files);

// A class that may be larger: no larger than this, and why.
struct LargeClass {
    std::string_view folder, name;
    std::size_t lines, functions, fields;
    std::string_view why;
};
// At most 500 lines, 30 functions and 15 fields a class, but for those of `large`: each of these
// is there, is above a limit, and its ceilings are no more than a twentieth above it. Fields of
// records (two functions at most) are not counted.
std::vector<Violation> check_classes(const std::vector<ClassSize>& sizes,
                                     std::span<const LargeClass> large);

// A header that may be longer, or be included by more files: no more than that, and why.
struct LargeHeader {
    std::string_view path;
    std::size_t most;
    std::string_view why;
};
// Headers outside include/ and tests/ have 150 lines at most, but for those of `large`.
std::vector<Violation> check_headers(const std::vector<SourceFile>& files,
                                     std::span<const LargeHeader> large);
// The inside of a class ("struct Node::State {" in a header) is included by three files at most,
// but for those of `wide`.
std::vector<Violation> check_insides(const std::vector<SourceFile>& files,
                                     std::span<const LargeHeader> wide);

// An integer that stands for an id all the same, and why.
struct RawId {
    std::string_view path, name;
    std::string_view why;
};
// No header of a core holds an id, index or number of a sequence as a bare integer, but for `raw`.
std::vector<Violation> check_raw_ids(const std::vector<SourceFile>& files,
                                     std::span<const RawId> raw);

// WEFT_INVARIANT and static_assert per 1,000 lines of code that are not blank.
struct Density {
    std::string folder;
    std::size_t lines = 0;
    std::size_t assertions = 0;
    double per_thousand() const;
};
// Per folder of the layers outside tests; those below belong to the folder with a layer of its own.
std::vector<Density> assertion_density(const std::vector<SourceFile>& files);

}  // namespace weft::tidy
