# ./millrace verify; sourced.

verb_verify() {
    local word all=" $* "
    case $all in
        *" --target services "*) ensure_debian ceph-common ceph-mon ceph-osd postgresql rabbitmq-server radosgw ;;
    esac
    # On a machine without the right to install it the fault is left out, and the checker says so.
    for word in "$@"; do
        case ,$word, in
            *,all,* | *,clock,*) [ "$(id -u)" != 0 ] || ensure_debian libfaketime ;;
        esac
    done
    need_dotnet
    ensure_chdb
    # The services' own programs are built with the checker.
    ensure_librdkafka
    ensure_dashboard
    ensure_built "$ROOT/tools/Verify/Millrace.Verify.csproj" verify "$ROOT/tests/Installations" "$ROOT/tests/KafkaMock" "$ROOT/tests/Servers" "$ROOT/tests/Testing"
    exec dotnet "$ROOT/artifacts/bin/Millrace.Verify/release/Millrace.Verify.dll" "$@"
}
