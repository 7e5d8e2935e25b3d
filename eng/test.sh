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

verb_test() {
    local filter=${1:-} name started=$SECONDS log=$ROOT/artifacts/test.log outcome=0 project folder wanted ran=0
    need_dotnet
    need_node
    mkdir -p "$ROOT/artifacts"
    : >"$log"
    ensure_chdb
    ensure_librdkafka
    ensure_debian ceph-common ceph-mon ceph-osd chromium postgresql rabbitmq-server radosgw
    ensure_dashboard
    for folder in "$ROOT"/tests/clients/*/; do ensure_npm "${folder%/}"; done

    say "building all projects ($CONFIGURATION)"
    dotnet build "$ROOT/Millrace.slnx" -c "$CONFIGURATION" -v quiet --nologo || fail "the build failed"
    export MILLRACE_REPOSITORY=$ROOT

    # Lower case beforehand: within a pattern bash 5.2 makes something of an empty "${filter,,}" that matches nothing.
    wanted=${filter,,}
    for project in "$ROOT"/tests/*.Tests/*.csproj; do
        name=${project#"$ROOT"/}
        name=${name,,}
        case $name in *"$wanted"*) ;; *) continue ;; esac
        ran=$((ran + 1))
        say "testing $(basename "$project" .csproj)"
        dotnet test "$project" -c "$CONFIGURATION" --no-build --nologo --logger "console;verbosity=minimal" 2>&1 | tee -a "$log" || outcome=1
    done
    # No project at all is no success.
    if [ $ran -eq 0 ]; then
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
