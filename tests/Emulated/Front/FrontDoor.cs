using System.Text;
using System.Text.Json.Nodes;
using IacCi.Emulated.Builds;
using IacCi.Emulated.Faults;
using IacCi.Emulated.Lambdas;
using IacCi.Emulated.Processes;
using Microsoft.AspNetCore.Http;

namespace IacCi.Emulated.Front;

/// <summary>Where every call arrives: named, counted, hit by faults, answered by us or by moto.</summary>
internal sealed class FrontDoor(
    EmulatedAwsOptions options, Moto moto, Principals principals, CallLog log, FaultPlan faults, FunctionHost functions, BuildHost builds,
    HttpEntrances entrances, Events events, Rights rights, Ticker pulse)
{
    private const string Presigned = "presigned";
    private const string InvokeHeader = "X-Emulated-Invoke";

    /// <summary>The answer is complete, or the connection was cut.</summary>
    public async Task HandleAsync(HttpContext context)
    {
        if (context.Request.Path.StartsWithSegments("/_api") || context.Request.Path.StartsWithSegments("/_url"))
        {
            await entrances.HandleAsync(context);
            return;
        }

        var started = options.Time.GetTimestamp();
        var request = await AwsRequest.ReadAsync(context);
        if (request.AccessKey == Principals.OwnKey)
        {
            await (await moto.SendAsync(request)).WriteAsync(context);
            return;
        }

        var signer = principals.Find(request.AccessKey);
        var caller = request.Presigned ? new Principal(Presigned, null) : signer;
        var struck = faults.Strike(caller.Name, request.Service, request.Operation, request.Resource);
        if (request.Presigned && struck.Any(f => f.Kind is FaultKind.KillBefore or FaultKind.KillAfter))
        {
            caller = principals.FindByPort(context.Connection.RemotePort) ?? caller;
        }

        var answer = await AnswerAsync(request, caller, struck);
        var call = new Call(
            options.Time.GetUtcNow(), request.Presigned ? Presigned : caller.Name, request.Service, request.Operation, request.Resource,
            answer?.Status ?? 0,
            struck.Count == 0 ? null : string.Join(',', struck.Select(f => f.Kind)), request.Presigned ? signer.Name : null,
            options.Time.GetElapsedTime(started), request.Steps);
        log.Add(call);
        options.Log?.Invoke(
            $"{call.Caller}: {call.Service} {call.Operation} {call.Resource} " +
                $"{call.Status}{(call.Fault is null ? "" : $" ({call.Fault})")}");
        pulse.Beat();
        if (answer is null)
        {
            context.Abort();
        }
        else
        {
            await answer.WriteAsync(context);
        }
    }

    /// <summary>Null: the connection is cut.</summary>
    private async Task<AwsAnswer?> AnswerAsync(AwsRequest request, Principal caller, IReadOnlyList<Fault> struck)
    {
        foreach (var fault in struck.Where(f => f.Kind == FaultKind.Delay))
        {
            await Task.Delay(faults.Wait(fault), options.Time);
        }

        var kinds = struck.Select(f => f.Kind).ToHashSet();
        if (kinds.Contains(FaultKind.KillBefore))
        {
            caller.Owner?.Kill();
            return null;
        }

        if (kinds.Contains(FaultKind.Deny))
        {
            return AwsAnswer.Denial(request.Service, $"{caller.Name} is not authorized");
        }

        if (kinds.Contains(FaultKind.Throttle) || kinds.Contains(FaultKind.Fail))
        {
            return AwsAnswer.ErrorOf(request.Service, kinds.Contains(FaultKind.Throttle));
        }

        var answer = await ExecuteAsync(request, caller);
        if (kinds.Contains(FaultKind.KillAfter))
        {
            caller.Owner?.Kill();
            return null;
        }

        return kinds.Contains(FaultKind.HangUpAfter) ? null
            : kinds.Contains(FaultKind.FailAfter) ? AwsAnswer.ErrorOf(request.Service, throttled: false)
            : answer;
    }

    private async Task<AwsAnswer> ExecuteAsync(AwsRequest request, Principal caller)
    {
        if (await RefusalAsync(request) is { } refused)
        {
            return refused;
        }

        if (request.Presigned && request.Service == "s3"
            && PresignedUrls.Refusal(request, principals.Knows(request.AccessKey), options.Time.GetUtcNow()) is { } refusal)
        {
            return refusal;
        }

        return (request.Service, request.Operation) switch
        {
            ("lambda", "Invoke" or "InvokeAsync") => await functions.AnswerInvokeAsync(request),
            ("codebuild", "StartBuild") => await builds.StartAsync(request.Body),
            ("codebuild", "StopBuild") => builds.Stop(request.Body),
            ("codebuild", "BatchGetBuilds") => builds.BatchGet(request.Body),
            ("codebuild", "ListBuilds" or "ListBuildsForProject") => builds.List(request.Body),
            ("sts", "AssumeRole") => Issued(request, await ForwardAsync(request), caller),
            _ => await ForwardAsync(request),
        };
    }

    /// <summary>A signed URL may do what its signer may.</summary>
    private async Task<AwsAnswer?> RefusalAsync(AwsRequest request) =>
        principals.Find(request.AccessKey) is { Role: { } role } && await rights.ProblemAsync(role, request) is { } problem
            ? AwsAnswer.Denial(request.Service, problem)
            : null;

    /// <summary>Whoever calls with these credentials is called as the role is.</summary>
    private AwsAnswer Issued(AwsRequest request, AwsAnswer answer, Principal caller)
    {
        if (AwsAnswer.TextOf(answer, "AccessKeyId") is { } key)
        {
            principals.Assume(key, request.Resource, caller.Owner);
        }

        return answer;
    }

    private async Task<AwsAnswer> ForwardAsync(AwsRequest request)
    {
        var answer = await moto.SendAsync(request);
        if (request.Service == "iam")
        {
            rights.Forget();
        }
        else if (request.Service == "lambda" && request.Method != "GET")
        {
            functions.ConfigurationsChanged();
        }
        else if (request.Service == "apigateway" && request.Method != "GET")
        {
            entrances.ConfigurationsChanged();
        }

        if (answer.Headers.FirstOrDefault(h => h.Key == InvokeHeader).Value is not { } encoded)
        {
            return answer;
        }

        events.Deliver(JsonNode.Parse(Encoding.UTF8.GetString(Convert.FromBase64String(encoded)))!.AsArray());
        return answer with { Headers = [.. answer.Headers.Where(h => h.Key != InvokeHeader)] };
    }
}
