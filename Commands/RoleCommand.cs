using System.CommandLine;

namespace IacCi.Commands;

/// <summary>A command that the functions and builds of a deployment run, and people seldom: help lists it apart.</summary>
internal sealed class RoleCommand(string name, string description) : Command(name, description);
