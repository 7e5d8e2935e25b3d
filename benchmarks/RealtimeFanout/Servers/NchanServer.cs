using System.Diagnostics;

namespace Millrace.RealtimeFanout.Servers;

/// <summary>nginx with the module nchan, one worker; each channel keeps a hundred messages, in memory. Pings as often as the gateway.</summary>
internal sealed class NchanServer : ServerProcess
{
    private const string Program = "/usr/sbin/nginx";
    private const string Module = "/usr/lib/nginx/modules/ngx_nchan_module.so";

    /// <summary>Whether the machine has it.</summary>
    public static bool IsInstalled => File.Exists(Program) && File.Exists(Module);

    protected override ProcessStartInfo Command()
    {
        var file = Path.Combine(Folder, "nginx.conf");
        File.WriteAllText(file, $$"""
            load_module {{Module}};
            daemon off;
            user root;
            worker_processes 1;
            worker_rlimit_nofile 20000;
            pid {{Folder}}/nginx.pid;
            error_log {{Folder}}/error.log crit;
            events { worker_connections 15000; }
            http {
                access_log off;
                tcp_nodelay on;
                keepalive_requests 100000000;
                client_body_temp_path {{Folder}}/body;
                proxy_temp_path {{Folder}}/proxy;
                fastcgi_temp_path {{Folder}}/fastcgi;
                uwsgi_temp_path {{Folder}}/uwsgi;
                scgi_temp_path {{Folder}}/scgi;
                nchan_shared_memory_size 256m;
                nchan_message_buffer_length 100;
                nchan_message_timeout 5m;
                server {
                    listen 127.0.0.1:{{Port}} backlog=4096;
                    location ~ ^/sub/(\d+)$ { nchan_subscriber websocket; nchan_websocket_ping_interval 25; nchan_channel_id $1; nchan_subscriber_first_message newest; }
                    location ~ ^/pub/(\d+)$ { nchan_publisher http; nchan_channel_id $1; }
                }
            }
            """);
        return new ProcessStartInfo(Program, ["-c", file, "-p", Folder, "-e", Path.Combine(Folder, "error.log")]);
    }
}
