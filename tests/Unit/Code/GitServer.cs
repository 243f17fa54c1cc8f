using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IacCi.Tests.Unit.Code;

/// <summary>
/// A git server: the real <c>git http-backend</c> behind a port of this machine. It asks for a token, and answers paths that have moved
/// with a redirect.
/// </summary>
internal sealed class GitServer : IAsyncDisposable
{
    internal const string Token = "ghp_Secret0123456789";

    internal static readonly string Basic = Convert.ToBase64String(Encoding.ASCII.GetBytes("x-access-token:" + Token));

    private readonly WebApplication app;
    private readonly TempFolder folder = new();

    private GitServer(WebApplication app) => this.app = app;

    /// <summary>Scheme, host and port; 127.0.0.1.</summary>
    internal string Url { get; private set; } = "";

    /// <summary>The same server under another name, and so another origin.</summary>
    internal string OtherName => Url.Replace("127.0.0.1", "localhost", StringComparison.Ordinal);

    internal string Commit { get; private set; } = "";

    /// <summary>Whether a token has to be shown.</summary>
    internal bool IsPrivate { get; set; } = true;

    /// <summary>
    /// What answers with a redirect: by the beginning of a path (and POST alone, if so said), its status and what takes the beginning's
    /// place.
    /// </summary>
    internal List<(string From, string To, int Status, bool PostsOnly)> Moved { get; } = [];

    /// <summary>Each request: method, host, path, and what it shows.</summary>
    internal ConcurrentQueue<(string Method, string Host, string Path, string Authorization)> Requests { get; } = new();

    /// <summary>Starts a server of one repository, <c>acme/infra</c>, with one file, <c>a</c>.</summary>
    internal static async Task<GitServer> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var server = new GitServer(builder.Build());
        server.app.Run(server.HandleAsync);
        await server.app.StartAsync();
        server.Url = server.app.Urls.Single();
        using var work = new TempFolder();
        work.With("a", "the code").Commit(out var commit);
        server.Commit = commit;
        TempFolder.Run("git", "clone", "-q", "--bare", work.Path, server.folder["acme/infra.git"]);
        TempFolder.Run("touch", server.folder["acme/infra.git/git-daemon-export-ok"]);
        return server;
    }

    public async ValueTask DisposeAsync()
    {
        await app.StopAsync(new CancellationToken(canceled: true));
        await app.DisposeAsync();
        folder.Dispose();
    }

    private async Task HandleAsync(HttpContext context)
    {
        var (request, path) = (context.Request, context.Request.Path.Value!);
        using var body = new MemoryStream();
        await request.Body.CopyToAsync(body);
        Requests.Enqueue((request.Method, request.Host.Value!, path, request.Headers.Authorization.ToString()));
        foreach (var (from, to, status,
            _) in Moved.Where(moved =>
                path.StartsWith(moved.From, StringComparison.Ordinal) && (!moved.PostsOnly || request.Method == "POST")))
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = to + path[from.Length..] + request.QueryString;
            return;
        }

        if (IsPrivate && request.Headers.Authorization != $"Basic {Basic}")
        {
            context.Response.StatusCode = 401;
            context.Response.Headers.WWWAuthenticate = "Basic realm=\"git\"";
            return;
        }

        await BackendAsync(context, body.ToArray());
    }

    /// <summary>A CGI program: git-http-backend(1), RFC 3875.</summary>
    private async Task BackendAsync(HttpContext context, byte[] body)
    {
        var request = context.Request;
        var info = new ProcessStartInfo(
            "git", ["http-backend"])
        { RedirectStandardInput = true, RedirectStandardOutput = true, UseShellExecute = false };
        foreach (var (name, value) in new Dictionary<string, string>
        {
            ["GIT_PROJECT_ROOT"] = folder.Path,
            ["PATH_INFO"] = request.Path.Value!.Replace("/posts/", "/", StringComparison.Ordinal),
            ["QUERY_STRING"] = request.QueryString.Value!.TrimStart('?'),
            ["REQUEST_METHOD"] = request.Method,
            ["CONTENT_TYPE"] = request.ContentType ?? "",
            ["CONTENT_LENGTH"] = $"{body.Length}",
            ["HTTP_CONTENT_ENCODING"] = request.Headers.ContentEncoding.ToString(),
            ["GIT_PROTOCOL"] = request.Headers["Git-Protocol"].ToString(),
        })
        {
            info.Environment[name] = value;
        }

        using var process = Process.Start(info)!;
        var reading = ReadAsync(process.StandardOutput.BaseStream);
        await process.StandardInput.BaseStream.WriteAsync(body);
        process.StandardInput.Close();
        var answer = await reading;
        await process.WaitForExitAsync();
        var end = answer.AsSpan().IndexOf("\r\n\r\n"u8);
        foreach (var line in Encoding.ASCII.GetString(answer, 0, end).Split("\r\n"))
        {
            var (name, value) = (line.Split(": ")[0], line.Split(": ")[1]);
            if (name == "Status")
            {
                context.Response.StatusCode = int.Parse(value.Split(' ')[0]);
            }
            else
            {
                context.Response.Headers[name] = value;
            }
        }

        await context.Response.Body.WriteAsync(answer.AsMemory(end + 4));
    }

    private static async Task<byte[]> ReadAsync(Stream from)
    {
        using var all = new MemoryStream();
        await from.CopyToAsync(all);
        return all.ToArray();
    }
}
