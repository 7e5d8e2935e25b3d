# ./millrace doctor; sourced.

verb_doctor() {
    local bad=0
    check() { # NAME COMMAND-THAT-TELLS HOW-TO-INSTALL
        local found
        if found=$(eval "$2" 2>/dev/null | head -1) && [ -n "$found" ]; then
            printf 'ok       %-22s %s\n' "$1" "$found"
        else
            printf 'missing  %-22s %s\n' "$1" "$3"
            bad=1
        fi
    }
    check ".NET SDK >= 10" "dotnet --version | grep -E '^[1-9][0-9]\.'" "https://dotnet.microsoft.com/download"
    check "Node.js >= 20" "node --version | grep -E '^v(2[0-9]|[3-9][0-9])'" "https://nodejs.org, or: apt-get install nodejs npm"
    check "npm" "npm --version" "comes with Node.js"
    check "libchdb (ClickHouse)" "ls -d \"\$(chdb_library)\"" "./millrace build downloads it (178 MB) into $CACHE"
    check "librdkafka (Kafka)" "ls -d \"\$(librdkafka_library)\"" "only for Kafka: ./millrace build takes it from NuGet or builds it (2 minutes) into $CACHE"
    check "dashboard" "ls -d '$ROOT/services/realtime-gateway/dashboard/dist/index.html'" "./millrace build"
    check "chromium (tests only)" "command -v chromium" "apt-get install chromium"
    check "free disk under $ROOT" "df -h --output=avail '$ROOT' | tail -1 | tr -d ' '" ""
    check "memory" "awk '/MemAvailable/ { printf \"%.1f GiB available\", \$2 / 1048576 }' /proc/meminfo" ""
    return $bad
}
