namespace IacCi.Emulated.Front;

/// <summary>One call to the emulated AWS.</summary>
/// <param name="At">When it was answered.</param>
/// <param name="Caller">The function's name, <c>build:PROJECT</c>, <c>states</c>, <c>tester</c>, <c>presigned</c> or
/// <c>unknown</c>.</param>
/// <param name="Service">As in the signature: <c>dynamodb</c>, <c>s3</c>, <c>states</c>, ...</param>
/// <param name="Operation">As AWS names it: <c>UpdateItem</c>, <c>PutObject</c>, ...</param>
/// <param name="Resource">What it is about, where the request line or a short body tells: bucket/key, function, table, project.</param>
/// <param name="Status">The HTTP status of the answer; 0: the connection was cut.</param>
/// <param name="Fault">The fault that was put upon it, if any.</param>
/// <param name="Signer">Who signed the URL, of a presigned call.</param>
/// <param name="Duration">From its arrival to its answer.</param>
/// <param name="Steps">What it does, as its permission is asked for: the steps of a DynamoDB transaction, the tables of a batch; else the
/// call itself.</param>
public sealed record Call(
    DateTimeOffset At, string Caller, string Service, string Operation, string Resource, int Status, string? Fault, string? Signer,
    TimeSpan Duration,
    IReadOnlyList<CallStep> Steps);

/// <summary>A part of a call that takes a permission of its own.</summary>
/// <param name="Operation">As AWS names it: <c>PutItem</c>, ...</param>
/// <param name="Resource">What it is about.</param>
public readonly record struct CallStep(string Operation, string Resource);
