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
        *) usage_error "bench takes the name of a benchmark: overload" ;;
    esac
}
