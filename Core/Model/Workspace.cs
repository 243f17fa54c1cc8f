namespace IacCi.Core.Model;

/// <summary>Where the commands of an order run.</summary>
internal enum Workspace
{
    /// <summary>In a copy of the code that the order has for itself, and that is removed when the order is over.</summary>
    Copy,

    /// <summary>
    /// In the folder of the code itself, on one machine: one order of a folder at a time; nothing is copied and nothing is removed.
    /// </summary>
    InPlace,
}

/// <summary>What becomes of the files that an order makes or changes in its copy of the code. The copy is removed either way.</summary>
internal enum KeepChanges
{
    /// <summary>Terraform state is kept, and the order fails; of other files the order is told that they are lost.</summary>
    State,

    /// <summary>All of it may go.</summary>
    Discard,
}
