using Amazon.DynamoDBv2.Model;

namespace IacCi.Core.Hosts.Aws.Dynamo;

/// <summary>
/// The expression of one update. Every attribute is written as a placeholder, so that no name can meet one of DynamoDB's 573 reserved
/// words.
/// </summary>
internal sealed class ItemUpdate
{
    private readonly List<string> _sets = [];
    private readonly List<string> _removes = [];
    private readonly List<string> _adds = [];
    private readonly List<string> _deletes = [];

    public Dictionary<string, string> Names { get; } = [];

    public Dictionary<string, AttributeValue> Values { get; } = [];

    public string? Condition { get; private set; }

    public string Expression => string.Join(
        ' ',
        new[] { ("SET", _sets), ("REMOVE", _removes), ("ADD", _adds), ("DELETE", _deletes) }
            .Where(clause => clause.Item2.Count > 0)
            .Select(clause => $"{clause.Item1} {string.Join(", ", clause.Item2)}"));

    /// <summary>Sets an attribute; without a value it stays as it is.</summary>
    public ItemUpdate Set(string name, AttributeValue? value)
    {
        if (value is not null)
        {
            _sets.Add($"{Name(name)} = {Value(name, value)}");
        }

        return this;
    }

    /// <summary>Sets an attribute; without a value it is removed.</summary>
    public ItemUpdate SetOrRemove(string name, AttributeValue? value) => value is null ? Remove(name) : Set(name, value);

    /// <summary>Removes an attribute.</summary>
    public ItemUpdate Remove(string name)
    {
        _removes.Add(Name(name));
        return this;
    }

    /// <summary>Adds to a set; nothing when there is nothing to add.</summary>
    public ItemUpdate Add(string name, AttributeValue? set)
    {
        if (set is not null)
        {
            _adds.Add($"{Name(name)} {Value(name, set)}");
        }

        return this;
    }

    /// <summary>Takes out of a set; nothing when there is nothing to take out.</summary>
    public ItemUpdate Delete(string name, AttributeValue? set)
    {
        if (set is not null)
        {
            _deletes.Add($"{Name(name)} {Value(name, set)}");
        }

        return this;
    }

    /// <summary>Sets the condition, in which <c>#name</c> stands for an attribute and <c>:name</c> for a value.</summary>
    public ItemUpdate If(string condition, IEnumerable<string> names, params IEnumerable<(string Name, AttributeValue Value)> values)
    {
        Condition = condition;
        foreach (var name in names)
        {
            Name(name);
        }

        foreach (var (name, value) in values)
        {
            Value(name, value);
        }

        return this;
    }

    public Update ToTransaction(string table, Dictionary<string, AttributeValue> key) => new()
    {
        TableName = table,
        Key = key,
        UpdateExpression = Expression,
        ConditionExpression = Condition,
        ExpressionAttributeNames = Names,
        ExpressionAttributeValues = Values,
        ReturnValuesOnConditionCheckFailure = Amazon.DynamoDBv2.ReturnValuesOnConditionCheckFailure.ALL_OLD,
    };

    public UpdateItemRequest ToRequest(string table, Dictionary<string, AttributeValue> key) => new()
    {
        TableName = table,
        Key = key,
        UpdateExpression = Expression,
        ConditionExpression = Condition,
        ExpressionAttributeNames = Names,
        ExpressionAttributeValues = Values.Count > 0 ? Values : null,
        ReturnValues = Amazon.DynamoDBv2.ReturnValue.ALL_NEW,
        ReturnValuesOnConditionCheckFailure = Amazon.DynamoDBv2.ReturnValuesOnConditionCheckFailure.ALL_OLD,
    };

    private string Name(string name)
    {
        Names["#" + name] = name;
        return "#" + name;
    }

    private string Value(string name, AttributeValue value)
    {
        Values[":" + name] = value;
        return ":" + name;
    }
}
