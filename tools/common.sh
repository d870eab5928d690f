# common.sh - what the scripts of this folder share: messages and builds. To be sourced, with `set -euo pipefail`.
cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { printf '==> %s\n' "$*"; }
fail() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# configure_and_build PRESET [CMAKE OPTION...]: build/PRESET, with progress; on failure the compiler's own words.
configure_and_build() {
    local preset=$1 log
    shift
    log=build/$preset/build.log
    mkdir -p "build/$preset"
    say "configuring build/$preset"
    cmake --preset "$preset" "$@" >"$log" 2>&1 || { tail -n 40 "$log" >&2; fail "cmake --preset $preset failed, see $log"; }
    say "building build/$preset with $(nproc) jobs"
    NINJA_STATUS='[%f/%t] ' ninja -C "build/$preset" 2>&1 | tee "$log" | awk '
        match($0, /^\[[0-9]+\/[0-9]+\]/) {
            split(substr($0, 2, RLENGTH - 2), count, "/")
            part = int(count[1] * 5 / count[2])
            if (part != last || count[1] == 1) { printf "    %s of %s\n", count[1], count[2]; fflush(); last = part }
        }' || {
        grep -aE -A 12 'FAILED|error:' "$log" | head -n 80 >&2 || tail -n 40 "$log" >&2
        fail "the build of build/$preset failed, see $log"
    }
}
