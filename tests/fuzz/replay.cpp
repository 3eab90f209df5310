// Runs a target over the files of its corpus without libFuzzer, under any compiler:
//   fuzz_NAME_replay FOLDER|FILE...
// A broken property ends the process; the last name printed is the input that did it. Nothing to
// run is a failure: a corpus that went missing must not pass.

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {

namespace fs = std::filesystem;

std::vector<fs::path> files_of(const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return {path};
    std::vector<fs::path> files;
    for (const auto& entry : fs::directory_iterator(path, error))
        if (entry.is_regular_file()) files.push_back(entry.path());
    std::ranges::sort(files);
    return files;
}

bool run(const fs::path& file) {
    std::ifstream stream(file, std::ios::binary);
    if (!stream) {
        std::fprintf(stderr, "cannot read %s\n", file.c_str());
        return false;
    }
    const std::vector<char> bytes(std::istreambuf_iterator<char>(stream), {});
    std::printf("%s\n", file.c_str());
    std::fflush(stdout);
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    return true;
}

}  // namespace

int main(int count, char** arguments) {
    std::size_t ran = 0;
    for (int i = 1; i < count; ++i) {
        const auto files = files_of(arguments[i]);
        if (files.empty()) std::fprintf(stderr, "no input in %s\n", arguments[i]);
        if (files.empty()) return 1;
        for (const fs::path& file : files) {
            if (!run(file)) return 1;
            ++ran;
        }
    }
    std::printf("%zu inputs\n", ran);
    return ran == 0 ? 1 : 0;
}
