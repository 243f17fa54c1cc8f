using System.Collections.Concurrent;

namespace IacCi.Emulated.Processes;

/// <summary>Who makes a call.</summary>
/// <param name="Name">A name for the log.</param>
/// <param name="Owner">The process to kill when a fault says so.</param>
/// <param name="Role">The role whose rights count; null for who may do everything.</param>
internal sealed record Principal(string Name, ProcessOwner? Owner, string? Role = null);

/// <summary>Knows the process that got a set of credentials.</summary>
internal sealed class ProcessOwner
{
    /// <summary>The process; 0 before it started and after it ended.</summary>
    public Func<int> ProcessId { get; set; } = () => 0;

    /// <summary>Ends the process at once, without a word to it.</summary>
    public Action Kill { get; set; } = () => { };
}

/// <summary>Gives every process credentials of its own, so that a call tells who made it.</summary>
internal sealed class Principals(SeededRandom dice)
{
    /// <summary>What a person or a test uses.</summary>
    public const string TesterKey = "AKIAEMULATEDTESTER00";

    /// <summary>What the state machines use (see moto_server.py).</summary>
    public const string StatesKey = "AKIAEMULATEDSTATES00";

    /// <summary>What the emulator itself uses to look things up: neither logged nor hit by faults.</summary>
    public const string OwnKey = "AKIAEMULATEDITSELF00";

    private readonly ConcurrentDictionary<string, Principal> _byKey = new()
    {
        [TesterKey] = new Principal("tester", null),
        [StatesKey] = new Principal("states", null),
    };

    public Principal Find(string accessKey) => _byKey.GetValueOrDefault(accessKey) ?? new Principal("unknown", null);

    /// <summary>Who is at the other end of a connection, told by its port: a presigned URL does not tell.</summary>
    public Principal? FindByPort(int port) =>
        _byKey.Values.FirstOrDefault(p => p.Owner?.ProcessId() is { } id and > 0 && ProcessTree.Holds(id, port));

    /// <summary>Takes back what was issued to a process that ended, except that its signatures still count.</summary>
    public void Retire(ProcessOwner owner) => owner.ProcessId = () => 0;

    public bool Knows(string accessKey) => _byKey.ContainsKey(accessKey);

    /// <summary>Variables with new credentials for a process of this name.</summary>
    /// <param name="name">The process.</param>
    /// <param name="owner">Kills it.</param>
    /// <param name="role">The role that it has.</param>
    public Dictionary<string, string> Issue(string name, ProcessOwner owner, string role)
    {
        var key = "ASIA" + dice.Hex(16).ToUpperInvariant();
        _byKey[key] = new Principal(name, owner, role);
        return new Dictionary<string, string>
        {
            ["AWS_ACCESS_KEY_ID"] = key,
            ["AWS_SECRET_ACCESS_KEY"] = SecretOf(key),
            ["AWS_SESSION_TOKEN"] = $"session-of-{key}",
        };
    }

    /// <summary>Credentials that a process got by taking on a role.</summary>
    public void Assume(string key, string role, ProcessOwner? owner) => _byKey[key] = new Principal(role, owner, role);

    /// <summary>The secret that belongs to a key that was issued here.</summary>
    public static string SecretOf(string key) => $"emulated/secret/of/{key}";
}
