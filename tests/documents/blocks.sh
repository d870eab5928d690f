# What the tests of documents share; sourced. A document marks what is compiled or run: "<!-- file: NAME -->" stands before a
# file, "<!-- command: NAME -->" before commands. SANITIZE (may be empty) says which sanitizers the build has.

step() { echo "-- $*"; }
fail() { echo "FAILED: $*" >&2; exit 1; }

# block PAGE KIND NAME: the fenced block behind the mark; there must be one.
block() {
    local text
    text=$(awk -v mark="<!-- $2: $3 -->" '
        $0 == mark { found = 1; next }
        found && /^```/ { if (inside) exit; inside = 1; next }
        inside { print }' "$1")
    [ -n "$text" ] || fail "there is no $2 $3 in $1"
    printf '%s\n' "$text"
}

# cc: the compiler that the documents call, with every warning an error.
compiler=$(command -v "${CC:-cc}")
cc() { "$compiler" -Wall -Wextra -Werror ${SANITIZE:+-fsanitize=$SANITIZE} "$@"; }
