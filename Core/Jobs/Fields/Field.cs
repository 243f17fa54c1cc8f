using System.Text.Json;
using System.Text.Json.Nodes;
using IacCi.Core.Jobs.Parsing;

namespace IacCi.Core.Jobs.Fields;

/// <summary>The form of a field's values: how they are read, described in the schema, and written.</summary>
internal abstract class FieldType
{
    /// <summary>Reads a value, and says what is wrong with it.</summary>
    /// <returns>
    /// Null when it is not of this form at all. A value that is of this form but breaks a rule of its own is returned, so that other
    /// rules can go on with it.
    /// </returns>
    public abstract object? Read(NodeRef node, JobContext context, Diagnostics diagnostics);

    /// <summary>The form as JSON Schema.</summary>
    public abstract JsonObject Schema();

    /// <summary>Writes a value as canonical JSON.</summary>
    public abstract void Write(Utf8JsonWriter writer, object value);
}

/// <summary>
/// A field: the one place where its name, meaning, form and default stand. Reading, writing and the schema all go by it.
/// </summary>
/// <typeparam name="T">The record it is a field of.</typeparam>
/// <param name="Name">Its name in a file.</param>
/// <param name="FieldType">The form of its values.</param>
/// <param name="Get">Gives a record's value.</param>
/// <param name="Set">Gives a copy of a record that has another value.</param>
/// <param name="Description">What it means, for the schema.</param>
internal sealed record Field<T>(string Name, FieldType FieldType, Func<T, object?> Get, Func<T, object, T> Set, string Description)
    where T : class
{
    /// <summary>Whether it has to be given.</summary>
    public bool Required { get; init; }

    /// <summary>The value it has when it is not given; null for none.</summary>
    public object? Default { get; init; }

    /// <summary>A field whose values are of a type that the compiler knows.</summary>
    public static Field<T> Of<TValue>(
        string name, FieldType type, Func<T, TValue> get, Func<T, TValue, T> set, string description) =>
        new(name, type, record => get(record), (record, value) => set(record, (TValue)value), description);
}
