#!/usr/bin/env bash
# Builds every image of deploy/docker and tries each: its user, its health check without a server, and that it starts and answers on a read-only file system.
# For machines with a Docker engine; not part of CI's tests. eng/images.sh [NAME…]   REGISTRY=… TAG=… PUSH=1 as wanted; BUILD_ARGS go to docker build,
# such as --build-arg SDK_IMAGE=… RUNTIME_IMAGE=… for bases of one's own.
set -euo pipefail
ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TAG=${TAG:-$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$ROOT/Directory.Build.props")}
REVISION=$(git -C "$ROOT" rev-parse HEAD 2>/dev/null || echo unknown)
command -v docker >/dev/null && docker info >/dev/null 2>&1 || { echo "eng/images.sh: no Docker engine answers" >&2; exit 1; }

names=("$@")
if [ $# -eq 0 ]; then
    for file in "$ROOT"/deploy/docker/*.Dockerfile; do
        name=${file##*/}
        names+=("${name%.Dockerfile}")
    done
fi

# On the embedded adapters, so that nothing else is needed; below /tmp, the one place that can be written.
try() {
    local name=$1 image=$2 container
    [ "$(docker image inspect --format '{{.Config.User}}' "$image")" = 1654:1654 ] || { echo "$image runs as another user" >&2; return 1; }
    container=$(docker run -d --read-only --tmpfs /tmp:rw,mode=1777 --cap-drop ALL --security-opt no-new-privileges --workdir /tmp \
        -e Millrace__ClickHouse__Url=http://127.0.0.1:1 -e Millrace__ClickHouse__Secret=only-for-this-trial --entrypoint dotnet \
        "$image" "$(docker image inspect --format '{{index .Config.Entrypoint 1}}' "$image")" $([ "$name" = standalone ] && echo --data /tmp/data))
    for _ in $(seq 60); do
        # Live, not ready: the archiver has no ClickHouse here.
        if docker logs "$container" 2>&1 | grep -qE "Now listening|Millrace is up|http://"; then
            docker rm -f "$container" >/dev/null
            echo "$name starts"
            return 0
        fi
        sleep 1
    done
    docker logs "$container" >&2
    docker rm -f "$container" >/dev/null
    return 1
}

read -ra extra <<<"${BUILD_ARGS:-}"
for name in "${names[@]}"; do
    image=${REGISTRY:+$REGISTRY/}millrace-$name:$TAG
    docker build -f "$ROOT/deploy/docker/$name.Dockerfile" --build-arg "VERSION=$TAG" --build-arg "REVISION=$REVISION" "${extra[@]}" -t "$image" "$ROOT"
    try "$name" "$image"
    if [ "${PUSH:-}" = 1 ]; then docker push "$image"; fi
done
