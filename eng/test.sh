# ./millrace test; sourced.

# Adds up the closing lines of the .NET and the Node runners.
count_results() {
    awk '
        /^(Passed|Failed|Skipped)! / {
            match($0, /Failed: *[0-9]+/);  f += substr($0, RSTART + 7, RLENGTH - 7)
            match($0, /Passed: *[0-9]+/);  p += substr($0, RSTART + 7, RLENGTH - 7)
            match($0, /Skipped: *[0-9]+/); s += substr($0, RSTART + 8, RLENGTH - 8)
        }
        /^(ℹ|#) pass [0-9]+/    { p += $3 }
        /^(ℹ|#) fail [0-9]+/    { f += $3 }
        /^(ℹ|#) skipped [0-9]+/ { s += $3 }
        END { printf "%d passed, %d failed, %d skipped\n", p, f, s }' "$1"
}

# The test projects in an order that keeps both lanes busy to the end and the two that load the machine most apart.
ordered_test_projects() {
    local name project
    local -a first=(EndToEnd Alerting Adapters.Kafka Ingest RealtimeGateway Hosting Archiver Verify)
    for name in "${first[@]}"; do
        for project in "$ROOT"/tests/"$name".Tests/*.csproj; do if [ -f "$project" ]; then echo "$project"; fi; done
    done
    for project in "$ROOT"/tests/*.Tests/*.csproj; do
        name=${project#"$ROOT"/tests/}
        case " ${first[*]} " in *" ${name%%.Tests/*} "*) ;; *) echo "$project" ;; esac
    done
}

# run_test_projects LOG PROJECT... : two at a time (MILLRACE_TEST_LANES), since most of them wait for servers; each one's lines stay together.
run_test_projects() {
    local log=$1 lanes=${MILLRACE_TEST_LANES:-2} running=0 outcome=0 project
    shift
    # With groups of their own they can be stopped whole, test servers included.
    set -m
    trap stop_test_projects INT TERM
    for project in "$@"; do
        if [ "$running" -ge "$lanes" ]; then
            wait -n || outcome=1
            running=$((running - 1))
        fi
        run_test_project "$project" &
        running=$((running + 1))
    done
    while [ "$running" -gt 0 ]; do
        wait -n || outcome=1
        running=$((running - 1))
    done
    trap - INT TERM
    set +m
    for project in "$@"; do cat "$(test_log "$project")" >>"$log"; done
    return $outcome
}

stop_test_projects() {
    local group
    for group in $(jobs -p); do kill -TERM -- "-$group" 2>/dev/null || true; done
    fail "stopped"
}

run_test_project() {
    local own code=0 started=$SECONDS
    own=$(test_log "$1")
    say "testing $(basename "$1" .csproj)"
    dotnet test "$1" -c "$CONFIGURATION" --no-build --nologo --logger "console;verbosity=minimal" >"$own" 2>&1 </dev/null || code=1
    cat "$own"
    say "$(basename "$1" .csproj) took $((SECONDS - started)) s"
    return $code
}

test_log() { echo "$ROOT/artifacts/test-$(basename "$1" .csproj).log"; }

verb_test() {
    local filter=${1:-} name started=$SECONDS log=$ROOT/artifacts/test.log outcome=0 project folder wanted
    need_dotnet
    need_node
    mkdir -p "$ROOT/artifacts"
    : >"$log"
    ensure_chdb
    ensure_librdkafka
    ensure_debian ceph-common ceph-mon ceph-osd chromium docker-compose postgresql rabbitmq-server radosgw
    ensure_dashboard
    for folder in "$ROOT"/tests/clients/*/; do ensure_npm "${folder%/}"; done

    say "building all projects ($CONFIGURATION)"
    dotnet build "$ROOT/Millrace.slnx" -c "$CONFIGURATION" -v quiet --nologo || fail "the build failed"
    export MILLRACE_REPOSITORY=$ROOT

    # Lower case beforehand: within a pattern bash 5.2 makes something of an empty "${filter,,}" that matches nothing.
    wanted=${filter,,}
    local -a projects=()
    while IFS= read -r project; do
        name=${project#"$ROOT"/}
        name=${name,,}
        case $name in *"$wanted"*) projects+=("$project") ;; esac
    done < <(ordered_test_projects)
    run_test_projects "$log" "${projects[@]}" || outcome=1
    # No project at all is no success.
    if [ ${#projects[@]} -eq 0 ]; then
        say "no test project's path contains '$filter'"
        outcome=1
    fi
    if [ -z "$filter" ]; then
        say "testing the dashboard"
        (cd "$ROOT/services/realtime-gateway/dashboard" && npm test --silent) 2>&1 | tee -a "$log" || outcome=1
    fi

    local summary
    summary=$(count_results "$log")
    # A runner that broke before its closing line counts as one failure, so that the sum can't look green.
    case $summary in
        "0 passed"*) outcome=1 ;;
    esac
    if [ $outcome -ne 0 ]; then summary=$(sed -E 's/, 0 failed,/, 1 failed,/' <<<"$summary"); fi
    say "$((SECONDS - started)) s"
    echo "$summary"
    return $outcome
}
