# Native parts that come from npm; sourced by ./millrace and by tests. Needs nothing of the other scripts (ensure_librdkafka uses ensure_debian
# of lib.sh where that is sourced too).
#   chdb_library        prints where libchdb.so is or will be
#   ensure_chdb         downloads and unpacks it once for each user (178 MB, 566 MB on disk)
#   librdkafka_library  prints where librdkafka.so is or will be
#   ensure_librdkafka   has NuGet restore librdkafka.redist, or builds the library once for each user (about 2 minutes, 3 MB)

CHDB_VERSION=26.7.3-stable.1
# The version that Confluent.Kafka of Directory.Packages.props asks for; Directory.Build.targets names it too.
LIBRDKAFKA_VERSION=2.15.1

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

# What NuGet restored, or the build in the cache.
librdkafka_library() {
    local restored=${NUGET_PACKAGES:-$HOME/.nuget/packages}/librdkafka.redist/$LIBRDKAFKA_VERSION rid
    case $(uname -m) in aarch64) rid=linux-arm64 ;; *) rid=linux-x64 ;; esac
    if [ -d "$restored" ]; then
        printf '%s/runtimes/%s/native/librdkafka.so\n' "$restored" "$rid"
    else
        printf '%s/librdkafka/%s/librdkafka.so\n' "$(native_cache)" "$LIBRDKAFKA_VERSION"
    fi
}

# librdkafka_from_nuget DIR: whether NuGet has the package; it is in the packages folder then, where the projects' restore takes it from.
librdkafka_from_nuget() {
    cat >"$1/librdkafka.csproj" <<XML
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup><TargetFramework>net10.0</TargetFramework></PropertyGroup>
  <ItemGroup><PackageDownload Include="librdkafka.redist" Version="[$LIBRDKAFKA_VERSION]" /></ItemGroup>
</Project>
XML
    dotnet restore "$1/librdkafka.csproj" >"$1/restore.log" 2>&1
}

# In a subshell, as above. The npm package carries librdkafka's own source; built without Kerberos and curl (OAUTHBEARER by OIDC), which need
# libraries that few machines have; TLS, SASL PLAIN, SCRAM and OAUTHBEARER by callback are in, and lz4, zstd, zlib and snappy.
ensure_librdkafka() (
    library=$(librdkafka_library)
    [ -f "$library" ] && return 0
    set -euo pipefail
    home=$(native_cache)/librdkafka
    mkdir -p "$home"
    temporary=$(mktemp -d "$home/.building.XXXXXX")
    trap 'rm -rf "$temporary"' EXIT
    librdkafka_from_nuget "$temporary" && return 0
    command -v npm >/dev/null || native_fail "npm is missing; install Node.js 20 from https://nodejs.org or your distribution"
    if command -v dpkg >/dev/null && declare -F ensure_debian >/dev/null; then
        ensure_debian gcc libc6-dev make python3 libssl-dev zlib1g-dev libzstd-dev
    fi
    for tool in gcc make python3; do
        command -v "$tool" >/dev/null || native_fail "$tool is missing; librdkafka is built with gcc, make, python3 and the headers of OpenSSL, zlib and zstd"
    done
    package=@confluentinc/kafka-javascript@1.10.1
    digest=29578f5019f6d44a8254ff667f1cc4b8cdd26091c7105ed7fa2882d9ee374108034b211a92c2279821a8a13df0e6af9c340764482acaef58f42027eaa12a992f
    printf '· building librdkafka %s (once; about 2 minutes)\n' "$LIBRDKAFKA_VERSION" >&2
    if ! (cd "$temporary" && npm pack "$package" --cache "$temporary/npm" --silent --loglevel=error >npm.log 2>&1); then
        tail -5 "$temporary/npm.log" >&2
        native_fail "npm could not download $package"
    fi
    archive=$(find "$temporary" -maxdepth 1 -name '*.tgz' | head -1)
    [ -n "$archive" ] || native_fail "npm gave no archive of $package"
    actual=$(sha512sum "$archive" | cut -d' ' -f1)
    [ "$actual" = "$digest" ] || native_fail "the archive of $package is not the one that was reviewed (sha512 $actual)"
    mkdir "$temporary/source" "$temporary/built"
    tar -xzf "$archive" -C "$temporary/source" --strip-components=3 package/deps/librdkafka
    if ! (cd "$temporary/source" && ./configure --disable-curl --disable-gssapi --disable-lz4-ext && make -C src -j"$(nproc)" librdkafka.so.1) >"$temporary/build.log" 2>&1; then
        tail -20 "$temporary/build.log" >&2
        native_fail "librdkafka $LIBRDKAFKA_VERSION could not be built"
    fi
    for feature in WITH_SSL WITH_ZLIB WITH_ZSTD; do
        grep -q "^#define $feature 1" "$temporary/source/config.h" ||
            native_fail "librdkafka was configured without ${feature#WITH_}; install the headers of OpenSSL, zlib and zstd, and try again"
    done
    strip -g -o "$temporary/built/librdkafka.so" "$temporary/source/src/librdkafka.so.1"
    cp "$temporary/source/LICENSES.txt" "$temporary/built/"
    chmod 755 "$temporary/built" "$temporary/built/librdkafka.so"
    # Of two at once one wins, as above.
    if ! mv -T "$temporary/built" "$(dirname "$library")" 2>/dev/null; then
        [ -f "$library" ] || native_fail "$(dirname "$library") is in the way; remove it and try again"
    fi
    printf '· librdkafka is in %s\n' "$(dirname "$library")" >&2
)
