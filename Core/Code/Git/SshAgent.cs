using System.ComponentModel;
using System.Diagnostics;
using System.Text;
using IacCi.Core.Text;

namespace IacCi.Core.Code.Git;

/// <summary>
/// An ssh-agent of our own that holds one key for as long as a fetch takes. The key goes to it through a pipe and stays in its memory, so
/// that it is never in a file, an argument or a variable.
/// </summary>
internal sealed class SshAgent : IDisposable
{
    private const int KeyLifetimeSeconds = 900;
    private const int MaxKeyChars = 32_768;
    private const int PollMilliseconds = 10;
    private static readonly TimeSpan StartTimeout = TimeSpan.FromSeconds(10);

    private readonly Process agent;

    private SshAgent(Process agent, string socket) => (this.agent, Socket) = (agent, socket);

    /// <summary>Where it listens: in a folder that only this user may enter.</summary>
    public string Socket { get; }

    /// <summary>Starts an agent and gives it the key.</summary>
    /// <exception cref="UserException">OpenSSH is not installed, or does not take the key.</exception>
    public static async Task<SshAgent> StartAsync(string key, string privateFolder, TimeProvider time, CancellationToken cancellationToken)
    {
        if (key.Length > MaxKeyChars || !key.Contains("PRIVATE KEY-----", StringComparison.Ordinal))
        {
            throw new UserException("The ssh key is not a private key (-----BEGIN ... PRIVATE KEY-----). Check git_ssh_key_location.");
        }

        using var deadline = new CancellationTokenSource(StartTimeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        var socket = Path.Join(privateFolder, "agent");
        var agent = new SshAgent(Start("ssh-agent", ["-D", "-a", socket], null), socket);
        try
        {
            while (!File.Exists(socket) && !agent.agent.HasExited)
            {
                await Task.Delay(TimeSpan.FromMilliseconds(PollMilliseconds), time, either.Token);
            }

            await agent.AddAsync(key, either.Token);
            return agent;
        }
        catch (Exception e)
        {
            agent.Dispose();
            throw e is OperationCanceledException && !cancellationToken.IsCancellationRequested
                ? new UserException($"ssh-agent did not answer within {StartTimeout.TotalSeconds:N0} seconds.", inner: e)
                : e;
        }
    }

    /// <summary>Ends the agent, and the key with it.</summary>
    public void Dispose()
    {
        if (!agent.HasExited)
        {
            agent.Kill();
        }

        agent.Dispose();
    }

    private async Task AddAsync(string key, CancellationToken cancellationToken)
    {
        using var add = Start("ssh-add", ["-q", "-t", $"{KeyLifetimeSeconds}", "-"], Socket);
        var text = key.ReplaceLineEndings("\n");
        await add.StandardInput.BaseStream.WriteAsync(Encoding.UTF8.GetBytes(text.EndsWith('\n') ? text : text + "\n"), cancellationToken);
        add.StandardInput.Close();
        await add.WaitForExitAsync(cancellationToken);
        if (add.ExitCode != 0)
        {
            throw new UserException(
                "ssh-add does not take the ssh key: it is damaged, of an unknown type, or has a passphrase. Check git_ssh_key_location.");
        }
    }

    private static Process Start(string program, string[] arguments, string? socket)
    {
        var info = new ProcessStartInfo(program, arguments)
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
        };
        info.Environment.Remove("SSH_AUTH_SOCK");
        info.Environment.Remove("DISPLAY");
        info.Environment["SSH_ASKPASS_REQUIRE"] = "never";
        if (socket is not null)
        {
            info.Environment["SSH_AUTH_SOCK"] = socket;
        }

        try
        {
            return Process.Start(info)!;
        }
        catch (Win32Exception e)
        {
            throw new UserException(
                $"{program} is not installed here, and is needed for git_ssh_key_location. Install OpenSSH's client, or use https with a token.",
                inner: e);
        }
    }
}
