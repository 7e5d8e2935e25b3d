# ./millrace verify; sourced.

verify_builds() {
    need_dotnet
    ensure_chdb
    # The services' own programs are built with the checker.
    ensure_librdkafka
    ensure_dashboard
    ensure_built "$ROOT/tools/Verify/Millrace.Verify.csproj" verify "$ROOT/tests/Installations" "$ROOT/tests/KafkaMock" "$ROOT/tests/Servers" "$ROOT/tests/Testing"
}

verb_verify() {
    case " $* " in
        *" --target services "*) ensure_debian ceph-common ceph-mon ceph-osd postgresql rabbitmq-server radosgw ;;
    esac
    verify_builds
    exec dotnet "$ROOT/artifacts/bin/Millrace.Verify/release/Millrace.Verify.dll" "$@"
}
