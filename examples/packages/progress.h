#pragma once
// A progress bar on a terminal, a line now and then elsewhere.

#include <chrono>
#include <string>

namespace packages {

class Progress {
public:
    Progress();
    ~Progress();
    // `done` from 0 to 1. Called often; draws ten times a second at most.
    void show(const std::string& what, double done);
    // A line that stays.
    void say(const std::string& line);

private:
    void clear();

    bool terminal_;
    bool drawn_ = false;
    std::chrono::steady_clock::time_point last_{};
};

}  // namespace packages
