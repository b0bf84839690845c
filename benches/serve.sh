#!/usr/bin/env bash
# What `mailwright serve` does in a second, beside nginx that serves the same bytes as files, each on one
# core, with wrk on another, in turn so that both see the same machine.
#
#   benches/serve.sh [seconds] [rounds]    (default 5 and 5; each kind of request takes twice the seconds
#                                           a round, once for each server)
#   benches/serve.sh providers [number]    one server with that many providers (default 100000)
#
# Needs cargo, curl, bc, nginx, taskset and wrk. TMPDIR says on which file system the access log and the
# providers lie. PROGRAM names a finished mailwright, which is then not built.
#
# Every address is another one, mailwright is as it is when nobody sets anything, with its access log in
# a file and the listener for metrics on; nginx has its cache of open files (NGINX=plain: as it comes,
# without it), and no access log.
# wrk has no rate: for the latency at half of what was reached its connections, 128 then instead of 32,
# wait before each request (benches/serve.lua). A request is counted from when it is sent.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

if [ -z "${PROGRAM-}" ]; then
    cargo build --release --locked --quiet
    PROGRAM=${CARGO_TARGET_DIR:-target}/release/mailwright
fi
taskset -pc 1 $$ >/dev/null # what is no server stays away from the servers' core
program=$(realpath "$PROGRAM")
script=$(realpath benches/serve.lua)
provider=$(realpath tests/fixtures/providers/both.example.toml)
export PATH="$PATH:/usr/sbin"
folder=$(mktemp -d)
chmod 755 "$folder"
servers=()
trap 'kill "${servers[@]}" 2>/dev/null || true; wait; rm -rf "$folder"' EXIT
cd "$folder"
mkdir providers www

declare -A port=([mailwright]=18080 [nginx]=18081 [metrics]=18082) process

start_mailwright() { # the folder of providers, and the cores
    taskset -c "${2:-0}" "$program" serve --listen "127.0.0.1:${port[mailwright]}" \
        --metrics "127.0.0.1:${port[metrics]}" --providers "$1" >>access.log 2>>mailwright.log &
    process[mailwright]=$!
    servers+=($!)
}
start_nginx() {
    taskset -c 0 nginx -p "$folder" -c nginx.conf -e stderr 2>>nginx.log &
    process[nginx]=$!
    servers+=($!)
}
stop() { # mailwright or nginx
    kill "${process[$1]}"
    wait "${process[$1]}" || true
    servers=()
    local name
    for name in mailwright nginx; do
        if [ "$name" != "$1" ] && kill -0 "${process[$name]-}" 2>/dev/null; then
            servers+=("${process[$name]}")
        fi
    done
}

# The first line of the answer, by the shell alone since a program of its own takes milliseconds to start.
asks() { # server host path
    local line=
    { exec 3<>"/dev/tcp/127.0.0.1/${port[$1]}"; } 2>/dev/null || return 1
    printf 'GET %s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n\r\n' "$3" "$2" >&3
    read -r -t 10 line <&3 || true
    exec 3>&-
    [[ $line == "HTTP/1.1 200"* ]]
}
wait_for() { # server host path seconds
    local end=$((SECONDS + $4))
    until asks "$1" "$2" "$3"; do
        if ((SECONDS > end)) || ! kill -0 "${process[$1]}" 2>/dev/null; then
            echo "$1 does not answer $3:" >&2
            tail -n 5 "$1.log" >&2
            exit 1
        fi
        if [ -n "${5-}" ]; then sleep "$5"; fi
    done
}

family() { echo "${process[$1]}"; pgrep -P "${process[$1]}" || true; } # nginx has a worker process
ticks() { # of a server and its children, in hundredths of a second
    local id sum=0 fields
    for id in $(family "$1"); do
        fields=$(sed 's/.*) //' "/proc/$id/stat")
        sum=$((sum + $(cut -d ' ' -f 12 <<<"$fields") + $(cut -d ' ' -f 13 <<<"$fields")))
    done
    echo "$sum"
}
memory() { # KiB of a server and its children that no other process shares: Private_Dirty or Private_Clean
    local id
    for id in $(family "$1"); do grep "^$2:" "/proc/$id/smaps_rollup"; done | awk '{ sum += $2 } END { print sum }'
}
private() { # the same in words
    echo "$(memory "$1" Private_Dirty) KiB private of its own and $(memory "$1" Private_Clean) KiB of the program's file"
}
since() { printf '%.2f s' "$(bc -l <<<"$EPOCHREALTIME - $1")"; }
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

# Requests a second, microseconds at the median and for 99 of 100, microseconds of CPU a request, and how
# many hundredths of its core the server used: below a hundred, wrk or somebody else is what is slow.
load() { # server seconds connections arguments of the script…
    local server=$1 seconds=$2 connections=$3 before result
    shift 3
    before=$(ticks "$server")
    taskset -c 1 wrk -t1 "-c$connections" "-d${seconds}s" -s "$script" \
        "http://127.0.0.1:${port[$server]}/" -- "$@" >wrk.log
    result=$(grep '^result' wrk.log)
    awk -v ticks=$(($(ticks "$server") - before)) -v hertz="$(getconf CLK_TCK)" '
        $6 > 0 { print "wrk met " $6 " errors" >"/dev/stderr"; exit 1 }
        { cpu = ticks / hertz * 1e6
          printf "%.0f %d %d %.2f %.0f\n", $2 / $3 * 1e6, $4, $5, cpu / $2, cpu / $3 * 100 }' <<<"$result"
}

of_providers() { # number
    awk -v number="$1" '{ text = text $0 "\n" } END {
        for (n = 0; n < number; n++) {
            domain = sprintf("p%06d.example", n); copy = text
            gsub(/both\.example/, domain, copy); gsub(/beide\.example/, "b" domain, copy)
            file = "providers/" domain ".toml"; printf "%s", copy >file; close(file)
        }
    }' "$provider"
    local began=$EPOCHREALTIME changed=p000000.example rate p99 cpu
    start_mailwright providers 0,1
    wait_for mailwright localhost /readyz 600 0.01
    echo "$1 providers, read on two cores, answered on one"
    echo "ready after          $(since "$began")"
    taskset -acp 0 "${process[mailwright]}" >/dev/null
    echo "memory               $(private mailwright)"
    load mailwright 1 32 domains "$1" >warm
    read -r rate _ p99 cpu _ < <(load mailwright 5 32 domains "$1")
    echo "over random domains  $rate requests/s, p99 $p99 µs, $cpu µs CPU a request"
    began=$EPOCHREALTIME
    sed -i 's/displayName = .*/displayName = "Another"/' "providers/$changed.toml"
    until curl -s "http://127.0.0.1:${port[mailwright]}/mail/config-v1.1.xml?emailaddress=ann@$changed" \
        -H "Host: autoconfig.$changed" | grep -q Another; do
        if (($(bc <<<"$EPOCHREALTIME - $began > 120"))); then
            echo "a changed file is not served after 120 s"
            return
        fi
        sleep 0.01
    done
    echo "a changed file is served after $(since "$began")"
}

if [ "${1-}" = providers ]; then
    of_providers "${2:-100000}"
    exit
fi

seconds=${1:-5} rounds=${2:-5} addresses=100000
declare -A host=([autoconfig]=autoconfig.both.example [autodiscover]=autodiscover.both.example [profile]=both.example)
declare -A path=(
    [autoconfig]='/mail/config-v1.1.xml?emailaddress=user00000%40both.example'
    [autodiscover]=/autodiscover/autodiscover.xml
    [profile]=/user00000@both.example.mobileconfig
)
cp "$provider" providers
cache='open_file_cache max=100 inactive=1h;'
[ "${NGINX-}" != plain ] || cache=''
cat >nginx.conf <<END
worker_processes 1;
daemon off;
pid $folder/nginx.pid;
events { worker_connections 1024; }
http {
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 1000000000;
    $cache
    default_type text/xml;
    client_body_temp_path $folder/body; proxy_temp_path $folder/proxy;
    fastcgi_temp_path $folder/fastcgi; uwsgi_temp_path $folder/uwsgi; scgi_temp_path $folder/scgi;
    server {
        listen 127.0.0.1:${port[nginx]};
        root $folder/www;
        location = /mail/config-v1.1.xml { }
        # A file takes no POST; what says so sends it all the same.
        location = /autodiscover/autodiscover.xml { error_page 405 =200 \$uri; }
        location ~ \.mobileconfig\$ {
            default_type application/x-apple-aspen-config;
            alias $folder/www/mail.mobileconfig;
        }
    }
}
END

answer() { # server kind
    local body=()
    if [ "$2" = autodiscover ]; then
        body=(-H 'Content-Type: text/xml' --data "$(sed -n '/^local OUTLOOK_ASKS/,/^<\/Auto/p' "$script" |
            sed 's/.*= \[\[//; s/\]\]$//; s/%s/user00000@both.example/')")
    fi
    curl -sS --fail "${body[@]}" -H "Host: ${host[$2]}" "http://127.0.0.1:${port[$1]}${path[$2]}"
}

# From before the program is started to the status line of its answer.
first_answers() { # server; the median goes into `firsts`, what it has in memory then into `rest`
    local n began
    for ((n = 0; n < 20; n++)); do
        began=$EPOCHREALTIME
        "start_$1" providers
        until asks "$1" "${host[autoconfig]}" "${path[autoconfig]}"; do
            if ! kill -0 "${process[$1]}"; then exit 1; fi
        done
        bc <<<"($EPOCHREALTIME - $began) * 1000"
        rest=$(private "$1")
        stop "$1"
    done >taken
    firsts=$(median <taken)
}

start_mailwright providers
wait_for mailwright "${host[autoconfig]}" "${path[autoconfig]}" 10
mkdir www/mail www/autodiscover
answer mailwright autoconfig >www/mail/config-v1.1.xml
answer mailwright autodiscover >www/autodiscover/autodiscover.xml
answer mailwright profile >www/mail.mobileconfig
start_nginx
wait_for nginx "${host[autoconfig]}" "${path[autoconfig]}" 10
for kind in autoconfig autodiscover profile; do
    if ! cmp <(answer mailwright "$kind") <(answer nginx "$kind"); then exit 1; fi
done
echo "$seconds s a run, $rounds rounds, 32 connections; medians"

of() { echo "$1.$2.$3"; } # the file with the results: server kind what
column() { cut -d ' ' -f "$2" "$1" | median; }
for ((round = 0; round <= rounds; round++)); do
    for kind in autoconfig autodiscover profile; do
        order=(mailwright nginx)
        if ((round % 2)); then order=(nginx mailwright); fi
        for server in "${order[@]}"; do
            if ((round == 0)); then # a warm start for everybody
                load "$server" 1 32 "$kind" "$addresses" >warm
            else
                load "$server" "$seconds" 32 "$kind" "$addresses" >>"$(of "$server" "$kind" full)"
            fi
            : >access.log
        done
    done
done
# Half of what each has reached.
for kind in autoconfig autodiscover profile; do
    for server in mailwright nginx; do
        pause=$(bc -l <<<"128 * 1000 / ($(column "$(of "$server" "$kind" full)" 1) / 2)")
        for ((round = 0; round < rounds; round++)); do
            load "$server" "$seconds" 128 "$kind" "$addresses" "$pause" >>"$(of "$server" "$kind" half)"
        done
        : >access.log
    done
done

for kind in autoconfig autodiscover profile; do
    echo "$kind, $(answer nginx "$kind" | wc -c) bytes"
    for server in mailwright nginx; do
        full=$(of "$server" "$kind" full) half=$(of "$server" "$kind" half)
        printf '  %-10s %7.0f requests/s  p50 %5.0f µs  p99 %5.0f µs  %6.2f µs CPU a request (%3.0f %% of the core); at %6.0f/s p99 %5.0f µs\n' \
            "$server" "$(column "$full" 1)" "$(column "$full" 2)" "$(column "$full" 3)" "$(column "$full" 4)" \
            "$(column "$full" 5)" "$(column "$half" 1)" "$(column "$half" 3)"
    done
    # Of the two runs that stood side by side, round by round.
    paste -d ' ' "$(of mailwright "$kind" full)" "$(of nginx "$kind" full)" >both
    printf '  mailwright/nginx: %.2f of the requests (%s), %.2f of the CPU\n' \
        "$(awk '{ print $1 / $6 }' both | median)" \
        "$(awk '{ printf "%s%.2f", (NR > 1 ? " " : ""), $1 / $6 }' both)" \
        "$(awk '{ print $4 / $9 }' both | median)"
done
for server in mailwright nginx; do
    loaded=$(private "$server")
    stop "$server"
    first_answers "$server"
    printf '%-10s %.1f ms from start to first answer, %s then; %s after all of the above\n' \
        "$server" "$firsts" "$rest" "$loaded"
done
