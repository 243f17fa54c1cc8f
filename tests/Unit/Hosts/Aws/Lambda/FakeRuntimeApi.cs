using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using System.Text;
using System.Threading.Channels;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace IacCi.Tests.Unit.Hosts.Aws.Lambda;

/// <summary>
/// Lambda's side of the runtime API, on a port of this machine: gives the events it was given, and keeps what comes back.
/// </summary>
internal sealed class FakeRuntimeApi : IAsyncDisposable
{
    private readonly WebApplication server;
    private readonly Channel<Given> events = Channel.CreateUnbounded<Given>();
    private readonly Channel<Back> back = Channel.CreateUnbounded<Back>();

    private FakeRuntimeApi(WebApplication server) => this.server = server;

    /// <summary>An event: its name, its content and its headers.</summary>
    internal sealed record Given(string RequestId, string Json, DateTimeOffset? Deadline);

    /// <summary>What came back: the path after <c>runtime/</c>, the body, and the header with the error's type.</summary>
    internal sealed record Back(string Path, string Body, string? ErrorType);

    internal string Address { get; private set; } = "";

    /// <summary>The status of the next answers to <c>response</c>; 202 when there is none.</summary>
    internal ConcurrentQueue<int> Refusals { get; } = new();

    internal IHeaderDictionary? LastHeaders { get; private set; }

    internal static async Task<FakeRuntimeApi> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var server = builder.Build();
        var api = new FakeRuntimeApi(server);
        server.Run(api.HandleAsync);
        await server.StartAsync();
        var url = server.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses.Single();
        api.Address = new Uri(url).Authority;
        return api;
    }

    /// <summary>Gives an event to whoever asks next.</summary>
    internal void Give(string requestId, string json, DateTimeOffset? deadline = null) =>
        events.Writer.TryWrite(new Given(requestId, json, deadline));

    /// <summary>No more events: whoever asks next is told that the API is gone.</summary>
    internal void End() => events.Writer.TryComplete();

    /// <summary>What came back next.</summary>
    internal async Task<Back> NextAsync() => await back.Reader.ReadAsync(new CancellationTokenSource(TimeSpan.FromSeconds(60)).Token);

    public async ValueTask DisposeAsync() => await server.DisposeAsync();

    private async Task HandleAsync(HttpContext context)
    {
        const string Prefix = "/2018-06-01/runtime/";
        var path = context.Request.Path.Value![Prefix.Length..];
        if (path == "invocation/next")
        {
            await GiveAsync(context);
            return;
        }

        using var reader = new StreamReader(context.Request.Body, Encoding.UTF8);
        var body = await reader.ReadToEndAsync();
        LastHeaders = context.Request.Headers;
        var isAnswer = path.EndsWith("/response", StringComparison.Ordinal);
        context.Response.StatusCode = isAnswer && Refusals.TryDequeue(out var refusal) ? refusal : 202;
        back.Writer.TryWrite(new Back(path, body, context.Request.Headers["Lambda-Runtime-Function-Error-Type"]));
    }

    private async Task GiveAsync(HttpContext context)
    {
        if (!await events.Reader.WaitToReadAsync(context.RequestAborted) || !events.Reader.TryRead(out var given))
        {
            context.Response.StatusCode = 410;
            return;
        }

        context.Response.Headers["Lambda-Runtime-Aws-Request-Id"] = given.RequestId;
        context.Response.Headers["Lambda-Runtime-Trace-Id"] = "Root=1-5bef4de7-ad49b0e87f6ef6c87fc2e700;Parent=9a9197af755a6419;Sampled=1";
        context.Response.Headers["Lambda-Runtime-Invoked-Function-Arn"] = "arn:aws:lambda:us-east-1:123456789012:function:f";
        if (given.Deadline is { } deadline)
        {
            context.Response.Headers["Lambda-Runtime-Deadline-Ms"] = deadline.ToUnixTimeMilliseconds()
                .ToString(CultureInfo.InvariantCulture);
        }

        await context.Response.WriteAsync(given.Json);
    }
}
