namespace IacCi.Core.Hosts.Local;

/// <summary>Tells which of the processes that share a state folder are alive.</summary>
internal interface IProcessLiveness
{
    /// <summary>This process's name.</summary>
    string HostId { get; }

    /// <summary>Whether the process with this name is alive.</summary>
    bool IsAlive(string hostId);

    /// <summary>Whether a process ran before the machine was started the last time: what it wrote last may be lost.</summary>
    bool IsOfEarlierBoot(string hostId);
}
