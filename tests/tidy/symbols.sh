#!/usr/bin/env bash
# What the object files of the cores ask of others: no clocks, chance, threads, sockets or files. An
# include says what a source could use, a symbol what it does.
#   symbols.sh NM LIBRARY...   exit code 1 when one does; a line for each
set -euo pipefail
nm=$1
shift
kinds=(
    'clocks ^(std::chrono::.*::now\(|clock_gettime|clock_nanosleep|gettimeofday|time$|nanosleep|usleep|sleep$|timerfd_)'
    'chance ^(std::random_device|rand$|rand_r$|srand|random$|arc4random|getrandom|getentropy|randombytes)'
    'threads ^(pthread_|std::thread|std::this_thread|std::(shared_|timed_|recursive_)*mutex|std::condition_variable|std::__atomic_futex|std::(jthread|stop_)|sem_(wait|post|init)|fork$|clone$)'
    'sockets ^(socket$|connect$|bind$|listen$|accept4?$|send(to|msg)?$|recv(from|msg)?$|e?poll|select$|getaddrinfo|zmq_|eventfd)'
    'files ^(open(at)?(64)?$|creat|fopen|read$|write$|pread|pwrite|close$|unlink|rename|mmap|f(data)?sync|l?stat(64)?$|mdb_|std::(__cxx11::)?basic_(if|of|f)stream|std::(__cxx11::)?basic_filebuf|std::filesystem)'
    'surroundings ^(getenv|secure_getenv|getpid|gethostname|std::basic_ostream.*std::cout|std::cout|std::cerr)'
)
failed=0
for library in "$@"; do
    symbols=$("$nm" --undefined-only --demangle "$library" | sed -n 's/^ *U //p' | sed 's/@.*//' | sort -u)
    [ -n "$symbols" ] || { echo "symbols.sh: no symbols in $library" >&2; exit 2; }
    for kind in "${kinds[@]}"; do
        while read -r symbol; do
            echo "$(basename "$library") asks for ${kind%% *}: $symbol"
            failed=1
        done < <(grep -E -- "${kind#* }" <<<"$symbols" || true)
    done
done
exit "$failed"
