# Native parts that come from npm; sourced by ./millrace and by tests. Needs nothing of the other scripts.
#   chdb_library   prints where libchdb.so is or will be
#   ensure_chdb    downloads and unpacks it once for each user (178 MB, 566 MB on disk)

CHDB_VERSION=26.7.3-stable.1

native_cache() { printf '%s' "${MILLRACE_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/millrace}"; }

chdb_library() { printf '%s/chdb/%s/libchdb.so\n' "$(native_cache)" "$CHDB_VERSION"; }

native_fail() {
    printf 'millrace: %s\n' "$*" >&2
    return 1
}

# The package for this machine, and the SHA-512 that its archive must have.
# Where none is noted here, npm's own check against the registry's value is all there is.
chdb_package() {
    case $(uname -s)-$(uname -m) in
        Linux-x86_64) printf '%s' '@chdb/lib-linux-x64-gnu 5cff7b98caa7739b59a4a432c11f0dedc2d3b073624e61ebdf4a42e66ce8de35a6ba48ca9f62016bad1cd81fe059435cb858ce3235a8a2b408082a81563e70a7' ;;
        Linux-aarch64) printf '%s' '@chdb/lib-linux-arm64-gnu -' ;;
        *) native_fail "there is no libchdb for $(uname -s) on $(uname -m); Millrace's embedded ClickHouse runs on 64-bit Linux" ;;
    esac
}

# chdb_progress DIR PID: says how much has arrived while the process runs; on a terminal only.
chdb_progress() {
    [ -t 2 ] || return 0
    while kill -0 "$2" 2>/dev/null; do
        printf '\r· ClickHouse engine: %s of about 178 MB' "$(du -sm "$1" 2>/dev/null | cut -f1)" >&2
        sleep 1
    done
    printf '\r\033[K' >&2
}

# In a subshell, so that the trap and the directory are its own.
ensure_chdb() (
    library=$(chdb_library)
    [ -f "$library" ] && return 0
    set -euo pipefail
    command -v npm >/dev/null || native_fail "npm is missing; install Node.js 20 from https://nodejs.org or your distribution"
    package=$(chdb_package)
    digest=${package#* }
    package=${package% *}
    home=$(dirname "$(dirname "$library")")
    mkdir -p "$home"
    free=$(df -Pk "$home" | awk 'NR == 2 { print int($4 / 1024) }')
    [ "$free" -ge 1000 ] || native_fail "$home has $free MB free; the ClickHouse engine needs 1000 MB while it is unpacked"
    # Unpacked beside its place and renamed into it: who finds the directory finds all of it, and of two at once one wins.
    temporary=$(mktemp -d "$home/.unpacking.XXXXXX")
    trap 'rm -rf "$temporary"' EXIT
    printf '· downloading the ClickHouse engine %s (178 MB, once; 1 to 5 minutes)\n' "$CHDB_VERSION" >&2
    (cd "$temporary" && exec npm pack "$package@$CHDB_VERSION" --cache "$temporary/npm" --silent --loglevel=error >npm.log 2>&1) &
    download=$!
    chdb_progress "$temporary" "$download"
    if ! wait "$download"; then
        tail -5 "$temporary/npm.log" >&2
        native_fail "npm could not download $package@$CHDB_VERSION"
    fi
    archive=$(find "$temporary" -maxdepth 1 -name '*.tgz' | head -1)
    [ -n "$archive" ] || native_fail "npm gave no archive of $package@$CHDB_VERSION"
    if [ "$digest" != - ]; then
        actual=$(sha512sum "$archive" | cut -d' ' -f1)
        [ "$actual" = "$digest" ] || native_fail "the archive of $package@$CHDB_VERSION is not the one that was reviewed (sha512 $actual)"
    fi
    printf '· unpacking it (566 MB)\n' >&2
    mkdir "$temporary/unpacked"
    tar -xzf "$archive" -C "$temporary/unpacked" --strip-components=1 package/libchdb.so
    chmod 755 "$temporary/unpacked" "$temporary/unpacked/libchdb.so"
    if ! mv -T "$temporary/unpacked" "$(dirname "$library")" 2>/dev/null; then
        [ -f "$library" ] || native_fail "$(dirname "$library") is in the way; remove it and try again"
    fi
    printf '· the ClickHouse engine is in %s\n' "$(dirname "$library")" >&2
)
