using IacCi.Core.Jobs.Parsing;

namespace IacCi.Core.Jobs.Rules;

/// <summary>By which names the orders of a job can be called.</summary>
internal sealed class OrderNames
{
    private readonly Dictionary<string, (int Index, string Field)> _owners = new(StringComparer.Ordinal);

    private OrderNames()
    {
    }

    public IEnumerable<string> All => _owners.Keys;

    /// <summary>The index of the order with that queue_id or order_name, or null.</summary>
    public int? Find(string name) => _owners.TryGetValue(name, out var owner) ? owner.Index : null;

    /// <summary>The names of orders that keep the rules.</summary>
    public static OrderNames Of(IReadOnlyList<Order> orders)
    {
        var names = new OrderNames();
        for (var i = 0; i < orders.Count; i++)
        {
            names.Add(orders[i].OrderName, i, "order_name");
            names.Add(orders[i].QueueId, i, "queue_id");
        }

        return names;
    }

    /// <summary>Collects the names, and reports those that two orders have: whoever called that name could mean either.</summary>
    public static OrderNames Check(IReadOnlyList<Order> orders, NodeRef node, Diagnostics diagnostics)
    {
        var names = new OrderNames();
        for (var i = 0; i < orders.Count; i++)
        {
            Take(names, orders[i].OrderName, i, "order_name", node, diagnostics);
            Take(names, orders[i].QueueId, i, "queue_id", node, diagnostics);
        }

        for (var i = 0; i < orders.Count; i++)
        {
            if (orders[i] is { OrderName: null, QueueId: null } && names._owners.TryGetValue(orders[i].NameAt(i), out var owner))
            {
                diagnostics.Add(
                    node.Item(owner.Index).Field(owner.Field),
                    $"{orders[i].NameAt(i)} is how orders[{i}] is called, which has no name; rename this order, or name that one");
            }
        }

        return names;
    }

    private static void Take(OrderNames names, string? name, int index, string field, NodeRef node, Diagnostics diagnostics)
    {
        if (name is not null && names.Add(name, index, field) is { } other)
        {
            var kind = field == other.Field ? $"the {field}" : $"the {field} of this order and the {other.Field}";
            diagnostics.Add(
                node.Item(index).Field(field),
                $"{Diagnostics.Quote(name)} is {kind} of orders[{other.Index}] too; give each order names of its own");
        }
    }

    /// <summary>Null when the name is free or this order's own; whose it is otherwise.</summary>
    private (int Index, string Field)? Add(string? name, int index, string field) =>
        name is null || _owners.TryAdd(name, (index, field)) || _owners[name].Index == index ? null : _owners[name];
}
