#!/usr/bin/env bash
# Writes build/order.txt: the functions that run when mailwright serves and when it generates, in the order
# in which the linker puts them one after the other. What runs is then no longer spread over all of the
# program, of which the system maps sixteen pages around each that is touched.
#
#   benches/order.sh
#
# Needs cargo, curl and valgrind. PROGRAM names a finished mailwright with its symbols, which is then not
# built. To be run when figures of memory have grown: names that are there no more do no harm, functions
# that are missing stand behind the others. The names have the version and the features of every crate in
# them; the order is for the default features.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${PROGRAM-}" ]; then
    # By an argument and not by the profile, which is part of every name.
    cargo rustc --release --locked --quiet --bin mailwright -- -Cstrip=none
    PROGRAM=${CARGO_TARGET_DIR:-target}/release/mailwright
fi
program=$(realpath "$PROGRAM")
provider=$(realpath tests/fixtures/providers/both.example.toml)
asks=$(sed -n '/^local OUTLOOK_ASKS/,/^<\/Auto/p' benches/serve.lua |
    sed 's/.*= \[\[//; s/\]\]$//; s/%s/ann@both.example/')
order=$PWD/build/order.txt
folder=$(mktemp -d)
process=
trap 'if [ -n "$process" ]; then kill "$process" 2>/dev/null || true; fi; rm -rf "$folder"' EXIT
cd "$folder"
mkdir providers
cp "$provider" providers
port=18080

notes=(valgrind --quiet --tool=callgrind --demangle=no)
run() { # where to, arguments…
    "${notes[@]}" --callgrind-out-file="$1" "${@:2}" >>said 2>&1
}
serve=(serve --user "$(id -un)" --listen "127.0.0.1:$port" --metrics "127.0.0.1:$((port + 1))" --providers providers)
get() { # path host more…
    curl -sS --fail -o answer -H "Host: $2" "${@:3}" "http://127.0.0.1:$1"
}

# How the process begins that answers. It goes no further: valgrind has no second process for it.
run begins "$program" "${serve[@]}" || true
# What reads. It is asked for everything that is not known, and nothing is.
printf '\3\0\0\0\0\0\0' >asked
MAILWRIGHT_READS_FOR_SERVE=1 run reads "$program" "${serve[@]}" <asked
# All in one process, since `serve` is not the first argument: how that begins, without what reads; and how
# it answers.
serve_in_one() { # where to, arguments of valgrind…
    "${notes[@]}" --callgrind-out-file="$1" "${@:2}" "$program" --quiet "${serve[@]}" >>said 2>&1 &
    process=$!
    local n
    for ((n = 0; ; n++)); do
        if get "$port/readyz" localhost 2>/dev/null; then break; fi
        if ((n > 600)) || ! kill -0 "$process"; then
            echo "it does not answer:" >&2
            cat said >&2
            exit 1
        fi
        sleep 0.1
    done
}
ends() {
    kill "$process"
    wait "$process" || true
    process=
}
serve_in_one starts
ends
serve_in_one answers --instr-atstart=no
callgrind_control --instr=on "$process" >>said 2>&1
for ((n = 0; n < 3; n++)); do
    get "$port/ann$n@both.example.mobileconfig" both.example
    get "$port/mail/config-v1.1.xml?emailaddress=ann$n%40both.example" autoconfig.both.example
    get "$port/autodiscover/autodiscover.xml" autodiscover.both.example -H 'Content-Type: text/xml' --data "$asks"
    get "$((port + 1))/metrics" localhost
done
ends
run generates "$program" generate ann@outlook.com

for ran in begins answers starts reads generates; do
    if [ ! -s "$ran" ]; then
        echo "nothing is noted of what $ran" >&2
        exit 1
    fi
done
# Callgrind writes a name where it stands first, and its number afterwards.
functions() {
    awk -v program="$program" 'match($0, /^c?(ob|fn)=\([0-9]+\)/) {
        key = substr($0, 1, RLENGTH)
        rest = substr($0, RLENGTH + 2)
        is_called = sub(/^c/, "", key)
        if (rest != "") name[key] = rest
        if (is_called) next
        if (key ~ /^ob/) object = name[key]
        else if (object == program) {
            function_name = name[key]
            sub(/\x27[0-9]+$/, "", function_name)
            if (function_name ~ /^[A-Za-z_][A-Za-z0-9_.$]*$/) print function_name
        }
    }' "$1"
}
{
    functions begins
    functions answers
    functions starts | grep -vxFf <(functions reads)
    functions reads
    functions generates
} | awk '!seen[$0]++' >"$order"
wc -l "$order"
if [ ! -s "$order" ]; then exit 1; fi
