namespace Millrace.Servers;

/// <summary>The configuration file of a Ceph cluster of one monitor, one store in memory and one S3 gateway, all on 127.0.0.1.</summary>
internal static class CephConfiguration
{
    /// <summary>The file's text.</summary>
    /// <param name="directory">Where everything stands.</param>
    /// <param name="cluster">Id of the cluster.</param>
    /// <param name="monitorPort">Port of the monitor.</param>
    /// <param name="gatewayPort">Port of the S3 gateway.</param>
    /// <param name="storePorts">First of a hundred ports among which the store takes some.</param>
    // "auth none" hangs the gateway, so cephx stays on; one copy and no manager are enough for a test, and what would only warn is turned off.
    public static string Text(string directory, Guid cluster, int monitorPort, int gatewayPort, int storePorts) =>
        $"""
        [global]
        fsid = {cluster}
        mon host = [v2:127.0.0.1:{monitorPort}]
        ms bind msgr1 = false
        public network = 127.0.0.0/8
        public addr = 127.0.0.1
        cluster addr = 127.0.0.1
        auth cluster required = cephx
        auth service required = cephx
        auth client required = cephx
        keyring = {directory}/keyring
        run dir = {directory}/run
        admin socket = {directory}/run/$name.asok
        log file = {directory}/log/$name.log
        pid file = {directory}/run/$name.pid
        crash dir = {directory}/log
        osd pool default size = 1
        osd pool default min size = 1
        osd pool default pg num = 1
        osd pool default pgp num = 1
        osd pool default pg autoscale mode = off
        osd crush chooseleaf type = 0
        paxos propose interval = 0.05
        paxos min wait = 0.01
        mon osd cache size = 10
        mon allow pool size one = true
        mon max pg per osd = 1000
        mon osd min in ratio = 0
        mon data avail warn = 1
        mon data avail crit = 0
        mon warn on pool no redundancy = false
        ms bind port min = {storePorts}
        ms bind port max = {storePorts + 99}

        [mon.a]
        mon data = {directory}/mon

        [osd.0]
        osd data = {directory}/osd
        osd objectstore = memstore
        memstore device bytes = 4294967296
        osd class load list = *
        osd class default list = *

        [client.rgw]
        rgw frontends = beast endpoint=127.0.0.1:{gatewayPort}
        rgw thread pool size = 16
        rgw num rados handles = 1
        rgw enable usage log = false
        rgw enable ops log = false
        rgw dns name = localhost
        debug rgw = 1

        """;
}
