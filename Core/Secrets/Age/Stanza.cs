namespace IacCi.Core.Secrets.Age;

/// <summary>One recipient's part of the header: the file key, wrapped for it.</summary>
/// <param name="Type">The recipient's kind, e.g. <c>X25519</c>.</param>
/// <param name="Arguments">What follows the kind on its line.</param>
/// <param name="Body">The wrapped key.</param>
internal sealed record Stanza(string Type, IReadOnlyList<string> Arguments, byte[] Body);
