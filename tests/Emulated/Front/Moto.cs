using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json.Nodes;
using IacCi.Emulated.Processes;

namespace IacCi.Emulated.Front;

/// <summary>moto's server: a child of ours, and the only one who speaks to it is us.</summary>
internal sealed class Moto : IAsyncDisposable
{
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(120);
    private static readonly UriCreationOptions Raw = new() { DangerousDisablePathAndQueryCanonicalization = true };

    private readonly Process _process;
    private readonly Reaper _reaper;
    private readonly HttpClient _http;
    private readonly string _url;

    private Moto(Process process, Reaper reaper, string url)
    {
        (_process, _reaper, _url) = (process, reaper, url);
        _http = new HttpClient(new SocketsHttpHandler
        {
            UseProxy = false,
            UseCookies = false,
            AllowAutoRedirect = false,
            AutomaticDecompression = DecompressionMethods.None,
            ActivityHeadersPropagator = null,
#pragma warning disable CA2262 // kilobytes are meant: invocations travel in a header
            MaxResponseHeadersLength = 500,
#pragma warning restore CA2262
        })
        {
            Timeout = TimeSpan.FromMinutes(5),
        };
    }

    /// <summary>Starts it and waits until it listens.</summary>
    /// <exception cref="InvalidOperationException">moto is missing, or did not start; the message says what to do.</exception>
    public static async Task<Moto> StartAsync(EmulatedAwsOptions options, Reaper reaper, string frontUrl)
    {
        var start = new ProcessStartInfo("setsid")
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        foreach (var argument in (string[])[options.Python, Path.Combine(AppContext.BaseDirectory, "python", "moto_server.py"), frontUrl])
        {
            start.ArgumentList.Add(argument);
        }

        start.Environment["PYTHONDONTWRITEBYTECODE"] = "1";
        start.Environment["PYTHONUNBUFFERED"] = "1";
        var process = Process.Start(start) ?? throw new InvalidOperationException($"{options.Python} did not start");
        reaper.Watch(process.Id);
        var errors = new StringBuilder();
        process.ErrorDataReceived += (_, line) => Note(errors, line.Data, options);
        process.BeginErrorReadLine();
        var port = await process.StandardOutput.ReadLineAsync().WaitAsync(StartTimeout, options.Time);
        if (port is null)
        {
            await process.WaitForExitAsync();
            throw new InvalidOperationException($"moto's server did not start: {errors}");
        }

        var moto = new Moto(process, reaper, $"http://127.0.0.1:{port}");
        await moto.SettingsAsync(options.WaitFactor);
        return moto;
    }

    /// <summary>Changes what the waits of state machines are multiplied with, from the next wait on.</summary>
    public Task SettingsAsync(double waitFactor) => TellAsync("settings", new JsonObject { ["wait_factor"] = waitFactor });

    /// <summary>Makes an object older than it is.</summary>
    public Task AgeAsync(string bucket, string key, TimeSpan by) =>
        TellAsync("age", new JsonObject { ["bucket"] = bucket, ["key"] = key, ["seconds"] = by.TotalSeconds });

    private async Task TellAsync(string what, JsonObject about)
    {
        using var content = new StringContent(about.ToJsonString());
        using var response = await _http.PostAsync(new Uri($"{_url}/_emulated/{what}"), content);
        response.EnsureSuccessStatusCode();
    }

    public async Task<AwsAnswer> SendAsync(AwsRequest request)
    {
        using var message = new HttpRequestMessage(new HttpMethod(request.Method), new Uri(_url + request.Target, Raw))
        {
            Content = new ByteArrayContent(request.Body),
        };
        foreach (var (name, values) in request.Headers)
        {
            if (!IsHopByHop(name) && !message.Headers.TryAddWithoutValidation(name, values.AsEnumerable()))
            {
                message.Content.Headers.TryAddWithoutValidation(name, values.AsEnumerable());
            }
        }

        using var response = await _http.SendAsync(message, HttpCompletionOption.ResponseContentRead);
        var body = await response.Content.ReadAsByteArrayAsync();
        var headers = response.Headers.NonValidated.Concat(response.Content.Headers.NonValidated)
            .SelectMany(h => h.Value.Select(v => KeyValuePair.Create(h.Key, v)))
            .Where(h => !IsHopByHop(h.Key) || h.Key == "Content-Length");
        return new AwsAnswer((int)response.StatusCode, [.. headers], body);
    }

    public async ValueTask DisposeAsync()
    {
        _process.StandardInput.Close(); // moto ends when nobody is there
        await _process.WaitForExitAsync();
        _reaper.Forget(_process.Id);
        _process.Dispose();
        _http.Dispose();
    }

    private static bool IsHopByHop(string name) =>
        name is "Connection" or "Keep-Alive" or "Transfer-Encoding" or "Expect" or "Content-Length" or "TE" or "Upgrade";

    private static void Note(StringBuilder errors, string? line, EmulatedAwsOptions options)
    {
        if (line is null)
        {
            return;
        }

        lock (errors)
        {
            if (errors.Length < 10_000)
            {
                errors.Append(CultureInfo.InvariantCulture, $"{line}\n");
            }
        }

        options.Log?.Invoke($"moto: {line}");
    }
}
