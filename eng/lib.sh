# Helpers of ./millrace; sourced, never run.

say() { printf '\033[2m· %s\033[0m\n' "$*" >&2; }

fail() {
    printf 'millrace: %s\n' "$*" >&2
    exit 1
}

usage_error() {
    printf "millrace: %s; './millrace --help' lists verbs and options\n" "$*" >&2
    exit 2
}

absolute() { case $1 in /*) printf '%s' "$1" ;; *) printf '%s/%s' "$PWD" "$1" ;; esac; }

need_dotnet() {
    command -v dotnet >/dev/null || fail ".NET SDK 10 is missing; install it from https://dotnet.microsoft.com/download or your distribution"
    case $(dotnet --version 2>/dev/null) in
        [1-9][0-9].*) ;;
        *) fail ".NET SDK 10 or newer is needed; 'dotnet --list-sdks' shows what is there" ;;
    esac
}

need_node() {
    command -v npm >/dev/null || fail "Node.js 20 with npm is missing; install it from https://nodejs.org or your distribution"
}

# stale STAMP PATH…: whether a file under the paths is newer than the stamp (or there is no stamp).
stale() {
    local stamp=$1
    shift
    [ -f "$stamp" ] || return 0
    [ -n "$(find "$@" \( -name node_modules -o -name artifacts -o -name dist \) -prune -o -type f -newer "$stamp" -print -quit 2>/dev/null)" ]
}

# ensure_built PROJECT NAME [PATH…]: builds a project in Release unless nothing has changed since the last time, below the paths too.
ensure_built() {
    local project=$1 name=$2 stamp=$ROOT/artifacts/.built-$2 started log
    shift 2
    local sources=("$ROOT/services" "$ROOT/shared" "$ROOT/tools" "$ROOT/Directory.Build.props" "$ROOT/Directory.Build.targets" "$ROOT/Directory.Packages.props" "$ROOT/eng" "$(librdkafka_library)" "$@")
    stale "$stamp" "${sources[@]}" || return 0
    say "building $name (up to 2 minutes the first time)"
    mkdir -p "$ROOT/artifacts"
    started=$(mktemp "$ROOT/artifacts/.started.XXXXXX")
    log=$ROOT/artifacts/build-$name.log
    if ! dotnet build "$project" -c "$CONFIGURATION" -v quiet >"$log" 2>&1; then
        grep -E 'error|warning' "$log" | sort -u | head -20 >&2
        rm -f "$started"
        fail "the build failed; the whole log is in $log"
    fi
    mv -f "$started" "$stamp"
}

# ensure_npm DIR: installs what the folder's lock file names, once a lock file.
ensure_npm() {
    need_node
    local stamp=$1/node_modules/.millrace-stamp
    [ -f "$stamp" ] && [ ! "$1/package-lock.json" -nt "$stamp" ] && return 0
    say "installing the npm packages of ${1#"$ROOT"/}"
    (cd "$1" && npm ci --no-audit --no-fund --loglevel=error) >&2 || fail "npm ci failed in $1"
    touch "$stamp"
}

ensure_dashboard() {
    local folder=$ROOT/services/realtime-gateway/dashboard
    stale "$folder/dist/index.html" "$folder" || return 0
    ensure_npm "$folder"
    say "building the dashboard"
    (cd "$folder" && npm run --silent build) >&2 || fail "the dashboard's build failed"
}

# ensure_debian PACKAGE…: installs Debian packages that are not there yet.
ensure_debian() {
    local missing=() package
    for package in "$@"; do dpkg -s "$package" >/dev/null 2>&1 || missing+=("$package"); done
    [ ${#missing[@]} -gt 0 ] || return 0
    [ "$(id -u)" = 0 ] || fail "Debian packages are missing; install them with: sudo apt-get install ${missing[*]}"
    say "installing Debian's ${missing[*]}"
    # In a subshell, for its trap. Servers are started by the tests, each on data of its own: the package's own must not run beside them.
    (
        policy=/usr/sbin/policy-rc.d
        if [ ! -e $policy ]; then
            trap 'rm -f $policy' EXIT
            printf '#!/bin/sh\nexit 101\n' >$policy && chmod 755 $policy
        fi
        apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}"
    ) >/dev/null || fail "apt-get could not install ${missing[*]}"
}
