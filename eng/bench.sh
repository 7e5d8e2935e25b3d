# ./millrace bench: measurements that are kept out of the tests; sourced by the script, never run.

verb_bench() {
    local name=${1:-}
    [ $# -eq 0 ] || shift
    case $name in
        overload)
            build_standalone
            ensure_built "$ROOT/benchmarks/Overload/Millrace.Benchmarks.Overload.csproj" bench-overload
            exec dotnet "$ROOT/artifacts/bin/Millrace.Benchmarks.Overload/release/Millrace.Benchmarks.Overload.dll" \
                --program "$ROOT/artifacts/bin/Millrace.Standalone/release/Millrace.Standalone.dll" "$@" ;;
        fanout) bench_fanout "$@" ;;
        *) usage_error "bench takes the name of a benchmark: overload, fanout" ;;
    esac
}

# The gateway by itself needs no Kafka library here: its log is the embedded one.
bench_fanout() {
    local arguments=()
    while [ $# -gt 0 ]; do
        case $1 in
            --with-peers) ensure_debian nginx-light libnginx-mod-nchan; shift ;;
            --json)
                [ $# -ge 2 ] || usage_error "$1 needs a value"
                arguments+=("$1" "$(absolute "$2")")
                shift 2 ;;
            *) arguments+=("$1"); shift ;;
        esac
    done
    command -v taskset >/dev/null || fail "taskset is missing; it is in the package util-linux"
    [ "$(nproc)" -ge 2 ] || fail "server and load need a processor each"
    need_dotnet
    ensure_dashboard
    ensure_built "$ROOT/services/realtime-gateway/RealtimeGateway.Host/Millrace.RealtimeGateway.Host.csproj" gateway-host
    ensure_built "$ROOT/benchmarks/RealtimeFanout/Millrace.RealtimeFanout.csproj" bench-fanout "$ROOT/benchmarks/RealtimeFanout"
    exec dotnet "$ROOT/artifacts/bin/Millrace.RealtimeFanout/release/Millrace.RealtimeFanout.dll" \
        --gateway "$ROOT/artifacts/bin/Millrace.RealtimeGateway.Host/release/Millrace.RealtimeGateway.Host.dll" ${arguments[@]+"${arguments[@]}"}
}
