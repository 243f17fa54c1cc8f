using System.Collections.Concurrent;
using System.Globalization;
using System.Text.Json.Nodes;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Front;
using IacCi.Emulated.Processes;

namespace IacCi.Emulated.Builds;

/// <summary>CodeBuild: projects as they were created through its API, builds as processes.</summary>
public sealed class BuildHost : IDisposable
{
    private readonly EmulatedAwsOptions _options;
    private readonly Reaper _reaper;
    private readonly Principals _principals;
    private readonly FaultPlan _faults;
    private readonly SeededRandom _dice;
    private readonly Ticker _pulse;
    private readonly Func<AwsApi> _api;
    private readonly string _folder;
    private readonly string _bin;
    private readonly ConcurrentDictionary<string, Build> _builds = new();
    private readonly Dictionary<string, (string Request, Build Build)> _tokens = [];
    private readonly SemaphoreSlim _starting = new(1);
    private readonly SemaphoreSlim _running; // not disposed: builds that are being ended still give it back
    private int _number;

    internal BuildHost(
        EmulatedAwsOptions options, Reaper reaper, Principals principals, FaultPlan faults, SeededRandom dice, Ticker pulse,
        Func<AwsApi> api, string folder)
    {
        (
            _options, _reaper, _principals, _faults, _dice, _pulse, _api,
            _folder) = (options, reaper, principals, faults, dice, pulse, api, folder);
        _running = new SemaphoreSlim(options.MaxBuilds);
        _bin = Path.Combine(folder, "bin");
        Directory.CreateDirectory(_bin);
        if (options.Binary is not null)
        {
            File.CreateSymbolicLink(Path.Combine(_bin, "iac-ci"), Path.GetFullPath(options.Binary));
        }
    }

    /// <summary>All builds, of one project or of all, oldest first.</summary>
    public IReadOnlyList<Build> All(string? project = null) =>
        [.. _builds.Values.Where(b => Pattern.Fits(project, b.Project)).OrderBy(b => b.Number)];

    /// <summary>Ends a build as if its machine had died.</summary>
    public void Kill(string id) => End(_builds[id], "FAULT", "BUILD", "the machine of the build was lost");

    internal async Task<AwsAnswer> StartAsync(byte[] body)
    {
        var request = JsonNode.Parse(body)!.AsObject();
        var name = (string?)request["projectName"] ?? "";
        var found = await _api().CallAsync("codebuild", "BatchGetProjects", new JsonObject { ["names"] = new JsonArray(name) });
        if (found["projects"]!.AsArray().FirstOrDefault() is not JsonObject project)
        {
            return AwsAnswer.Error(
                400, "ResourceNotFoundException",
                $"Project cannot be found: arn:aws:codebuild:{_options.Region}:123456789012:project/{name}");
        }

        if ((int?)request["timeoutInMinutesOverride"] is < 5 or > 2160)
        {
            return AwsAnswer.Error(400, "InvalidInputException", "Invalid timeoutInMinutesOverride: it must be between 5 and 2160");
        }

        await _starting.WaitAsync();
        try
        {
            return Start(request, project);
        }
        finally
        {
            _starting.Release();
        }
    }

    internal AwsAnswer Stop(byte[] body)
    {
        var id = (string?)JsonNode.Parse(body)!["id"] ?? "";
        if (!_builds.TryGetValue(id, out var build))
        {
            return AwsAnswer.Error(400, "ResourceNotFoundException", $"Build {id} does not exist");
        }

        End(build, "STOPPED", null, null);
        return AwsAnswer.Json(200, new JsonObject { ["build"] = build.ToJson() });
    }

    internal AwsAnswer BatchGet(byte[] body)
    {
        const int maxIds = 100; // https://docs.aws.amazon.com/codebuild/latest/APIReference/API_BatchGetBuilds.html
        var ids = JsonNode.Parse(body)!["ids"]!.AsArray().Select(i => (string)i!).ToList();
        if (ids.Count is 0 or > maxIds || ids.Any(i => !i.Contains(':', StringComparison.Ordinal)))
        {
            return AwsAnswer.Error(400, "InvalidInputException", "Invalid build ID provided");
        }

        return AwsAnswer.Json(200, new JsonObject
        {
            ["builds"] = new JsonArray([.. ids.Where(_builds.ContainsKey).Select(i => _builds[i].ToJson())]),
            ["buildsNotFound"] = new JsonArray([.. ids.Where(i => !_builds.ContainsKey(i)).Select(i => JsonValue.Create(i))]),
        });
    }

    internal AwsAnswer List(byte[] body)
    {
        var project = body.Length == 0 ? null : (string?)JsonNode.Parse(body)!["projectName"];
        return AwsAnswer.Json(
            200, new JsonObject { ["ids"] = new JsonArray([.. All(project).Reverse().Select(b => JsonValue.Create(b.Id))]) });
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var build in _builds.Values)
        {
            End(build, "STOPPED", null, null);
        }

        _starting.Dispose();
    }

    private AwsAnswer Start(JsonObject request, JsonObject project)
    {
        var token = (string?)request["idempotencyToken"];
        var text = request.ToJsonString();
        if (token is not null && _tokens.TryGetValue(token, out var earlier)
            && _options.Time.GetUtcNow() - earlier.Build.StartedAt < _options.BuildTokenMemory)
        {
            return earlier.Request == text
                ? AwsAnswer.Json(200, new JsonObject { ["build"] = earlier.Build.ToJson() })
                : AwsAnswer.Error(400, "InvalidInputException", "Idempotency token was used before with other parameters");
        }

        if (_builds.Values.Count(build => build.EndedAt is null) >= _options.MaxBuilds + _options.MaxQueuedBuilds)
        {
            return AwsAnswer.Error(400, "AccountLimitExceededException", "Cannot have more than this many builds in queue for the account");
        }

        var build = New(request, project);
        _builds[build.Id] = build;
        if (token is not null)
        {
            _tokens[token] = (text, build);
        }

        _ = RunAsync(build);
        return AwsAnswer.Json(200, new JsonObject { ["build"] = build.ToJson() });
    }

    private Build New(JsonObject request, JsonObject project)
    {
        var name = (string)project["name"]!;
        var environment = project["environment"]?.DeepClone().AsObject() ?? [];
        var variables = new Dictionary<string, string>();
        foreach (var variable in (environment["environmentVariables"]?.AsArray() ?? [])
            .Concat(request["environmentVariablesOverride"]?.AsArray() ?? []))
        {
            variables[(string)variable!["name"]!] = (string?)variable["value"] ?? "";
        }

        environment["environmentVariables"] = new JsonArray(
            [.. variables.Select(v => new JsonObject { ["name"] = v.Key, ["value"] = v.Value, ["type"] = "PLAINTEXT" })]);
        var id = $"{name}:{_dice.Guid()}";
        return new Build
        {
            Id = id,
            Number = Interlocked.Increment(ref _number),
            Project = name,
            Role = Rights.NameOf((string?)project["serviceRole"] ?? ""),
            Arn = $"arn:aws:codebuild:{_options.Region}:123456789012:build/{id}",
            StartedAt = _options.Time.GetUtcNow(),
            TimeoutInMinutes = (int?)request["timeoutInMinutesOverride"] ?? ((int?)project["timeoutInMinutes"] is { } t and > 0 ? t : 60),
            Variables = variables,
            Environment = environment,
            Buildspec = (string?)request["buildspecOverride"] ?? (string?)project["source"]?["buildspec"] ?? "",
        };
    }

    private async Task RunAsync(Build build)
    {
        await Task.Delay(_options.BuildQueueDelay, _options.Time);
        await _running.WaitAsync();
        var folder = Path.Combine(_folder, $"build-{build.Number}");
        try
        {
            await RunAsync(build, folder);
        }
        catch (Exception failure) when (failure is FormatException or InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            End(build, "FAILED", "DOWNLOAD_SOURCE", failure.Message);
        }
        finally
        {
            _running.Release();
            Folders.Delete(folder);
        }
    }

    private async Task RunAsync(Build build, string folder)
    {
        var source = Path.Combine(folder, "src");
        Directory.CreateDirectory(source);
        var spec = Buildspec.Parse(build.Buildspec);
        var status = Path.Combine(folder, "status");
        var script = Path.Combine(folder, "build.sh");
        await File.WriteAllTextAsync(script, spec.Script(status));
        var owner = new ProcessOwner();
        var variables = Variables(build, spec, owner, folder, source);
        if (!build.Run(() => new ProcessGroup(_reaper, "bash", [script], variables, source, line => Note(build, line))))
        {
            return;
        }

        owner.ProcessId = () => build.EndedAt is null ? build.ProcessId : 0;
        owner.Kill = () => End(build, "FAULT", "BUILD", "the machine of the build was lost");
        foreach (var fault in _faults.Strike("", Fault.BuildRun, "", build.Project).Where(f => f.Kind == FaultKind.Kill))
        {
            _ = EndLaterAsync(build, _faults.Wait(fault), owner.Kill);
        }

        _ = EndLaterAsync(
            build, build.TimeoutInMinutes * _options.BuildMinute,
            () => End(build, "TIMED_OUT", "BUILD", "BUILD_TIMED_OUT: Build has timed out."));
        var code = await build.Process!.Exited;
        var failed = File.Exists(status) ? (await File.ReadAllTextAsync(status)).Trim().Split(' ') : ["BUILD", $"{code}"];
        End(
            build, code == 0 ? "SUCCEEDED" : "FAILED", code == 0 ? null : failed[0],
            code == 0 ? null : $"Error while executing command. Reason: exit status {failed[^1]}");
    }

    private async Task EndLaterAsync(Build build, TimeSpan after, Action end)
    {
        using var stop = new CancellationTokenSource();
        if (await Task.WhenAny(build.Ended.Task, Task.Delay(after, _options.Time, stop.Token)) != build.Ended.Task)
        {
            end();
        }

        await stop.CancelAsync();
    }

    private void End(Build build, string status, string? phase, string? message)
    {
        if (build.End(status, _options.Time.GetUtcNow(), phase, message))
        {
            _options.Log?.Invoke($"build {build.Id}: {status}{(message is null ? "" : $", {phase}: {message}")}");
            _pulse.Beat();
        }
    }

    private void Note(Build build, string line)
    {
        build.Note(line);
        _options.Log?.Invoke($"build {build.Id} | {line}");
    }

    /// <summary>https://docs.aws.amazon.com/codebuild/latest/userguide/build-env-ref-env-vars.html</summary>
    private Dictionary<string, string> Variables(Build build, Buildspec spec, ProcessOwner owner, string folder, string source)
    {
        var variables = new Dictionary<string, string>
        {
            ["PATH"] = $"{_bin}:{Environment.GetEnvironmentVariable("PATH") ?? "/usr/local/bin:/usr/bin:/bin"}",
            ["HOME"] = folder,
            ["TMPDIR"] = folder,
            ["LANG"] = "C.UTF-8",
            ["CI"] = "true",
            ["CODEBUILD_CI"] = "true",
            ["CODEBUILD_BUILD_ID"] = build.Id,
            ["CODEBUILD_BUILD_ARN"] = build.Arn,
            ["CODEBUILD_BUILD_NUMBER"] = build.Number.ToString(CultureInfo.InvariantCulture),
            ["CODEBUILD_SRC_DIR"] = source,
            ["CODEBUILD_INITIATOR"] = "emulated",
            ["CODEBUILD_LOG_PATH"] = build.Id.Split(':')[1],
            ["CODEBUILD_START_TIME"] = build.StartedAt.ToUnixTimeMilliseconds().ToString(CultureInfo.InvariantCulture),
            ["AWS_REGION"] = _options.Region,
            ["AWS_DEFAULT_REGION"] = _options.Region,
            ["AWS_ENDPOINT_URL"] = _api().Url,
        };
        var credentials = _principals.Issue($"build:{build.Project}", owner, build.Role);
        foreach (var (name, value) in credentials.Concat(spec.Variables).Concat(build.Variables))
        {
            variables[name] = value;
        }

        return variables;
    }
}
