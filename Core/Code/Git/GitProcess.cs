using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>One call of git.</summary>
/// <param name="Arguments">Its arguments, each one word: no shell ever sees them.</param>
/// <param name="Timeout">When it is ended.</param>
internal sealed record GitCall(IReadOnlyList<string> Arguments, TimeSpan Timeout)
{
    /// <summary>
    /// Configuration for this call, on top of what every call gets. It goes through the environment, so secrets may be in it.
    /// </summary>
    public IReadOnlyList<(string Key, string Value)> Config { get; init; } = [];

    /// <summary>Variables for this call, on top of what every call gets.</summary>
    public IReadOnlyDictionary<string, string> Variables { get; init; } = new Dictionary<string, string>();

    /// <summary>What is written to its standard input.</summary>
    public ReadOnlyMemory<byte> Input { get; init; }

    /// <summary>The most bytes of output that are taken.</summary>
    public int MaxOutputBytes { get; init; } = 64 << 10;

    /// <summary>Reads its standard output instead of keeping it.</summary>
    public Func<Stream, CancellationToken, Task>? Reader { get; init; }

    /// <summary>What must not be seen in its messages.</summary>
    public IReadOnlyList<string> Secrets { get; init; } = [];
}

/// <summary>What git answered.</summary>
/// <param name="ExitCode">Its exit code.</param>
/// <param name="Output">Its standard output.</param>
/// <param name="Error">What it said on standard error, in one line, without secrets.</param>
internal sealed record GitAnswer(int ExitCode, ReadOnlyMemory<byte> Output, string Error);

/// <summary>Starts git: no shell, an environment of its own, a deadline, and a bound on what is read.</summary>
internal sealed class GitProcess(TimeProvider time, string program = "git")
{
    private const int MaxErrorBytes = 64 << 10;

    /// <summary>Runs git.</summary>
    /// <exception cref="UserException">It is not installed, took too long, or said too much.</exception>
    public async Task<GitAnswer> RunAsync(GitCall call, CancellationToken cancellationToken) =>
        await TryRunAsync(call, cancellationToken) ??
        throw new UserException(
            "git is not installed here, and is needed to fetch the code. Install it, or give the code with --source or s3_location.");

    /// <summary>Runs git; null when it is not installed.</summary>
    /// <exception cref="UserException">It took too long, or said too much.</exception>
    public async Task<GitAnswer?> TryRunAsync(GitCall call, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = StartInfo(call) };
        try
        {
            process.Start();
        }
        catch (Win32Exception)
        {
            return null;
        }

        using var deadline = new CancellationTokenSource(call.Timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await TalkAsync(process, call, either.Token);
        }
        catch (OperationCanceledException e) when (!cancellationToken.IsCancellationRequested)
        {
            throw new UserException(
                $"git {Verb(call)} took longer than {call.Timeout.TotalSeconds:N0} seconds and was ended. Try again, or look at the network.",
                inner: e);
        }
        finally
        {
            End(process);
        }
    }

    private static async Task<GitAnswer> TalkAsync(Process process, GitCall call, CancellationToken cancellationToken)
    {
        var kept = new MemoryStream();
        var writing = WriteAsync(process.StandardInput.BaseStream, call.Input, cancellationToken);
        var errors = KeepAsync(process.StandardError.BaseStream, MaxErrorBytes, null, cancellationToken);
        var output = process.StandardOutput.BaseStream;
        await (call.Reader?.Invoke(output, cancellationToken) ?? CopyAsync(output, kept, call, cancellationToken))
            .WaitAsync(cancellationToken);
        await writing.WaitAsync(cancellationToken);
        var said = await errors.WaitAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        return new GitAnswer(process.ExitCode, kept.GetBuffer().AsMemory(0, (int)kept.Length), GitMessage.Clean(said, call.Secrets));
    }

    private static async Task CopyAsync(Stream from, MemoryStream to, GitCall call, CancellationToken cancellationToken)
    {
        var text = await KeepAsync(from, call.MaxOutputBytes, to, cancellationToken);
        if (text.Length > 0)
        {
            throw new UserException(
                $"git {Verb(call)} answered with more than {call.MaxOutputBytes:N0} bytes: the repository has too many files or too " +
                    $"many refs.");
        }
    }

    /// <summary>
    /// Reads to the end. Up to the bound bytes go to <paramref name="to"/>; those beyond it (or, without it, those within it) are given
    /// back as text.
    /// </summary>
    private static async Task<string> KeepAsync(Stream from, int maxBytes, MemoryStream? to, CancellationToken cancellationToken)
    {
        var block = new byte[64 << 10];
        var within = to ?? new MemoryStream();
        var over = 0L;
        for (int read; (read = await from.ReadAsync(block, cancellationToken)) > 0;)
        {
            var take = (int)Math.Min(read, maxBytes - within.Length);
            within.Write(block, 0, take);
            over += read - take;
        }

        return to is null ? Encoding.UTF8.GetString(within.GetBuffer(), 0, (int)within.Length) : over > 0 ? "more" : "";
    }

    private static async Task WriteAsync(Stream to, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            await to.WriteAsync(input, cancellationToken);
            to.Close();
        }
        catch (IOException)
        {
            // It ended before it had read everything: its exit code says why.
        }
    }

    private ProcessStartInfo StartInfo(GitCall call)
    {
        var info = new ProcessStartInfo(program, call.Arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        var inherited = info.Environment.ToDictionary(variable => variable.Key, variable => variable.Value, StringComparer.Ordinal);
        info.Environment.Clear();
        foreach (var (name, value) in GitEnvironment.Of(inherited, call))
        {
            info.Environment[name] = value;
        }

        return info;
    }

    private static void End(Process process)
    {
        try
        {
            process.Kill(entireProcessTree: true);
        }
        catch (InvalidOperationException)
        {
            // It has ended by itself.
        }
    }

    private static string Verb(GitCall call) =>
        call.Arguments.FirstOrDefault(word => word is "fetch" or "ls-files" or "ls-tree" or "cat-file" or "rev-parse" or "init"
            or "update-index" or "write-tree" or "merge-base" or "merge-tree" or "commit-tree") ?? "";
}
