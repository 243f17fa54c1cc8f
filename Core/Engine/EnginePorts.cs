using IacCi.Core.Model;

namespace IacCi.Core.Engine;

/// <summary>All that the engine needs of its host.</summary>
/// <param name="Store">The records.</param>
/// <param name="Objects">Plans, bundles, claims and results.</param>
/// <param name="Done">Where the end of a run is written for its caller.</param>
/// <param name="Workers">Starts workers.</param>
/// <param name="Watchdogs">Starts watchdogs.</param>
/// <param name="Keys">The runs' keys.</param>
/// <param name="Reporter">Tells people.</param>
internal sealed record EnginePorts(
    IRunStore Store, IObjectStore Objects, IObjectStore Done, IWorkers Workers, IWatchdogs Watchdogs, IRunKeys Keys, IRunReporter Reporter);
